import type { Client } from 'pg';
import type { Actor, App, Awaits } from '../platform/context';
import { Listening } from '../platform/listening';
import { pooled } from '../platform/pooled';
import { type Awaiting, Follower } from './follower';

/** Of migrations/…-awaits.ts. */
const CHANNEL = 'change_request_awaits';

const ALL = `SELECT id, version FROM change_request WHERE status = 'PENDING' ORDER BY created_at, id`;
const NAMED = `SELECT id, version FROM change_request WHERE status = 'PENDING' AND id = ANY($1::uuid[]) ORDER BY created_at, id`;

/** What may wait for somebody. What really does is decided when each is read. */
const FIRST = `SELECT id, version FROM change_request WHERE status = 'PENDING' AND expires_at > $1 AND maker_id <> $2
  AND approver_roles && $3::text[] ORDER BY created_at, id LIMIT $4`;

/** How many of those that wait already are told at most. */
export const FIRST_LIMIT = 500;

/**
 * Tells of change requests that begin to wait, whichever process they came through: PostgreSQL says their ids, and each version is told once. What was
 * missed while nobody listened is found by its version, too.
 */
export class AwaitsOfDatabase implements Awaits {
  private readonly followers = new Set<Follower>();
  /** The versions that were told, of whatever may still wait. Null until it was looked once. */
  private heard: Map<string, number> | null = null;
  private readonly listening: Listening;

  constructor(private readonly app: Pick<App, 'config' | 'database' | 'log' | 'metrics' | 'clock'>) {
    const connect = () => app.database.apart('countersign listener');
    this.listening = new Listening(CHANNEL, connect, (...seen) => this.look(...seen), app.log);
    app.metrics.watch('countersign_followers', 'Subscriptions that are told what awaits', () => this.followers.size);
    app.metrics.watch('countersign_listening', 'Whether this process hears what others write', () =>
      this.listening.connected ? 1 : 0,
    );
  }

  async follow(first: Actor | null): Promise<Follower> {
    await this.listening.begin();
    const follower = new Follower(this.app.config.streams.pending + FIRST_LIMIT, (ended) =>
      this.followers.delete(ended),
    );
    this.followers.add(follower);
    try {
      // Only now: what begins to wait from here on is heard.
      if (first) follower.begin(await this.waitingFor(first));
    } catch (error) {
      await follower.return();
      throw error;
    }
    return follower;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.followers].map((each) => each.return()));
    await this.listening.stop();
  }

  private waitingFor({ id, roles }: Actor): Promise<Awaiting[]> {
    const { app } = this;
    return pooled(app).query<Awaiting>(FIRST, [app.clock(), id, roles, FIRST_LIMIT]);
  }

  private async look(client: Client, heard: readonly string[] | 'everything'): Promise<void> {
    const all = heard === 'everything';
    const { rows } = all ? await client.query<Awaiting>(ALL) : await client.query<Awaiting>(NAMED, [heard]);
    const before = this.heard;
    const news = before ? rows.filter(({ id, version }) => before.get(id) !== version) : [];
    if (all || !before) this.heard = new Map(rows.map(({ id, version }) => [id, version]));
    else for (const { id, version } of rows) before.set(id, version);
    for (const each of news) for (const follower of this.followers) follower.tell(each);
  }
}
