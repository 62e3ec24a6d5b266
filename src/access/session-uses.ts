import { AsyncResource } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import type { Config } from '../config';
import type { App, Uses } from '../platform/context';
import { MINUTE } from '../platform/durations';
import { ask } from '../platform/pooled';

/** In ms: how often it is looked for uses that are not noted yet. */
const ROUND = 5_000;

/** How many sessions are remembered. */
const SESSIONS = 20_000;

/** When a session that is opened now was last seen, and how long it may rest. */
export const openedTerms = ({ sessionIdleMinutes }: Pick<Config, 'sessionIdleMinutes'>, now: Date) => ({
  lastSeenAt: now,
  idleUntil: new Date(now.getTime() + sessionIdleMinutes * MINUTE),
});

/**
 * Moves sessions on, never back, and none that was over when it was used. Those that somebody else changes at this moment are left for the next
 * round. Their version stays: who their bearer is has not changed.
 */
const MOVE = `WITH used AS (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, at)),
    free AS (SELECT s.id FROM session s WHERE s.id = ANY ($1) ORDER BY s.id FOR NO KEY UPDATE SKIP LOCKED),
    moved AS (UPDATE session s SET last_seen_at = u.at,
        idle_until = CASE WHEN s.idle_until IS NOT NULL THEN greatest(s.idle_until, u.at + make_interval(mins => $3)) END
      FROM used u JOIN free USING (id) WHERE s.id = u.id AND s.ended_at IS NULL
        AND (s.last_seen_at IS NULL OR s.last_seen_at < u.at) AND (s.idle_until IS NULL OR s.idle_until > u.at))
  SELECT id FROM free`;

/**
 * Notes that sessions are used: in memory with each request, and in the database behind the requests, for many sessions at once and for each once a
 * minute. One that rested for long is written at once, so that its end does not overtake it. A process that is killed loses a minute at most.
 */
export class SessionUses implements Uses {
  /** When each was used that is not written yet, in ms. */
  private readonly unwritten = new Map<string, number>();
  /** When each was used as this process last wrote it. */
  private readonly written = new LRUCache<string, number>({ max: SESSIONS });
  private readonly round = setInterval(() => this.write(), ROUND).unref();
  private writing: Promise<void> | null = null;
  /** What is written here belongs to no request, so that no trace of one tells of it. */
  private readonly outside = new AsyncResource('SessionUses');

  constructor(private readonly app: Pick<App, 'database' | 'config' | 'log' | 'clock'>) {}

  note(sessionId: string): void {
    const now = this.app.clock().getTime();
    this.unwritten.set(sessionId, now);
    const rested = now - (this.written.get(sessionId) ?? 0);
    if (rested > (this.app.config.sessionIdleMinutes * MINUTE) / 2) this.outside.runInAsyncScope(() => this.write());
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    clearInterval(this.round);
    await this.writing;
    await this.move([...this.unwritten]);
  }

  /** Writes what is due, unless that is being done: then what is left is found by the next round. */
  private write(): void {
    this.writing ??= Promise.resolve()
      .then(() => this.move(this.due()))
      .finally(() => (this.writing = null));
  }

  private due(): [id: string, at: number][] {
    const before = this.app.clock().getTime() - MINUTE;
    return [...this.unwritten].filter(([id]) => (this.written.get(id) ?? 0) <= before);
  }

  private async move(used: [id: string, at: number][]): Promise<void> {
    if (used.length === 0) return;
    const { sessionIdleMinutes } = this.app.config;
    const values = [used.map(([id]) => id), used.map(([, at]) => new Date(at)), sessionIdleMinutes];
    try {
      const found = new Set((await ask<{ id: string }>(this.app, { text: MOVE, values })).map(({ id }) => id));
      for (const [id, at] of used) if (found.has(id)) this.noteWritten(id, at);
      this.forget(used);
    } catch (error) {
      this.app.log.warn({ err: error, sessions: used.length }, 'the use of sessions could not be noted');
    }
  }

  private noteWritten(id: string, at: number): void {
    this.written.set(id, at);
    if (this.unwritten.get(id) === at) this.unwritten.delete(id);
  }

  /** Whatever could not be written for so long is over. */
  private forget(used: readonly [id: string, at: number][]): void {
    const over = this.app.clock().getTime() - this.app.config.sessionIdleMinutes * MINUTE;
    for (const [id, at] of used) if (at < over && this.unwritten.get(id) === at) this.unwritten.delete(id);
  }
}
