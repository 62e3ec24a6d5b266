import { LIVES } from '../access/identify';
import type { App } from '../platform/context';
import { DomainError } from '../platform/errors';
import { ask } from '../platform/pooled';
import type { Telling } from './telling';

/** In ms: how often it is looked whether those who are told something are still signed in. */
const ROUND = 20_000;

const LIVING = `SELECT encode(s.token_hash, 'hex') AS hash FROM session s JOIN app_user u ON u.id = s.user_id
  WHERE s.token_hash = ANY ($1) AND ${LIVES('$2')} AND u.deactivated_at IS NULL`;

/**
 * Ends the streams of sessions that are over, and of tokens that were exchanged for others, also where there is nothing to tell. A stream is no use of its
 * session: one that nobody uses otherwise ends with it.
 */
export class LiveSessions {
  /** By the hash of the token that they were opened with, in hex. */
  private readonly tellings = new Map<string, Set<Telling>>();
  private readonly round = setInterval(() => void this.look(), ROUND).unref();

  constructor(private readonly app: Pick<App, 'database' | 'clock' | 'log'>) {}

  /** Watches over a stream until it ends. */
  watch(tokenHash: Buffer, telling: Telling): void {
    const hash = tokenHash.toString('hex');
    const beside = this.tellings.get(hash) ?? new Set();
    this.tellings.set(hash, beside.add(telling));
    telling.onEnd(() => {
      beside.delete(telling);
      if (beside.size === 0 && this.tellings.get(hash) === beside) this.tellings.delete(hash);
    });
  }

  /** Looks now. Without an answer of the database nothing ends: the next event asks for it anyway. */
  async look(): Promise<void> {
    const hashes = [...this.tellings.keys()];
    if (hashes.length === 0) return;
    try {
      const values = [hashes.map((hash) => Buffer.from(hash, 'hex')), this.app.clock()];
      const found = await ask<{ hash: string }>(this.app, { text: LIVING, values });
      const living = new Set(found.map(({ hash }) => hash));
      for (const hash of hashes) if (!living.has(hash)) this.end(hash);
    } catch (error) {
      this.app.log.warn({ err: error }, 'nobody could say which sessions live');
    }
  }

  stop(): void {
    clearInterval(this.round);
  }

  private end(hash: string): void {
    for (const telling of this.tellings.get(hash) ?? [])
      void telling.endWith(new DomainError('UNAUTHENTICATED', 'Your session has ended: sign in again.'));
  }
}
