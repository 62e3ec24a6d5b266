import { LIVES } from '../access/identify';
import type { App } from '../platform/context';
import { DomainError } from '../platform/errors';
import { ask } from '../platform/pooled';
import type { Telling } from './telling';

/** In ms: how often it is looked whether those who are told something are still signed in. */
const ROUND = 20_000;

const LIVING = `SELECT s.id FROM session s JOIN app_user u ON u.id = s.user_id
  WHERE s.id = ANY ($1) AND ${LIVES('$2')} AND u.deactivated_at IS NULL`;

/**
 * Ends the streams of sessions that are over, also where there is nothing to tell. A stream is no use of its session: one that nobody uses otherwise
 * ends with it.
 */
export class LiveSessions {
  private readonly tellings = new Map<string, Set<Telling>>();
  private readonly round = setInterval(() => void this.look(), ROUND).unref();

  constructor(private readonly app: Pick<App, 'database' | 'clock' | 'log'>) {}

  /** Watches over a stream until it ends. */
  watch(sessionId: string, telling: Telling): void {
    const beside = this.tellings.get(sessionId) ?? new Set();
    this.tellings.set(sessionId, beside.add(telling));
    telling.onEnd(() => {
      beside.delete(telling);
      if (beside.size === 0 && this.tellings.get(sessionId) === beside) this.tellings.delete(sessionId);
    });
  }

  /** Looks now. Without an answer of the database nothing ends: the next event asks for it anyway. */
  async look(): Promise<void> {
    const ids = [...this.tellings.keys()];
    if (ids.length === 0) return;
    try {
      const values = [ids, this.app.clock()];
      const living = new Set((await ask<{ id: string }>(this.app, { text: LIVING, values })).map(({ id }) => id));
      for (const id of ids) if (!living.has(id)) this.end(id);
    } catch (error) {
      this.app.log.warn({ err: error }, 'nobody could say which sessions live');
    }
  }

  stop(): void {
    clearInterval(this.round);
  }

  private end(sessionId: string): void {
    for (const telling of this.tellings.get(sessionId) ?? [])
      void telling.endWith(new DomainError('UNAUTHENTICATED', 'Your session has ended: sign in again.'));
  }
}
