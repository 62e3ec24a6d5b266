import type { Client } from 'pg';
import type { Actor, App, Awaits } from '../platform/context';
import { Listening } from '../platform/listening';
import { ask } from '../platform/pooled';
import { column } from '../platform/read';
import { viewingOf } from '../platform/scope';
import { name, sql } from '../platform/sql';
import { decidable, ROW } from './change-request.read';
import { type Awaiting, Follower } from './follower';

/** Of migrations/…-awaits.ts. */
const CHANNEL = 'change_request_awaits';

const WAITING = `SELECT r.id, change_request_waits_for(r) AS "waitsFor" FROM change_request r WHERE r.status = 'PENDING'`;
const IN_ORDER = 'ORDER BY r.created_at, r.id';
const ALL = `${WAITING} ${IN_ORDER}`;
const NAMED = `${WAITING} AND r.id = ANY($1::uuid[]) ${IN_ORDER}`;

/** How many of those that wait already are told at most. */
export const FIRST_LIMIT = 500;

/**
 * Tells of change requests that begin to wait, whichever process they came through: PostgreSQL says their ids, and what they wait for is
 * told once. What was missed while nobody listened is found by that, too.
 */
export class AwaitsOfDatabase implements Awaits {
  private readonly followers = new Set<Follower>();
  /** What was told, of whatever may still wait. Null until it was looked once. */
  private heard: Map<string, string> | null = null;
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

  /** What `myApprovals` would list; whether they see it is decided again when it is read. */
  private waitingFor(actor: Actor): Promise<Awaiting[]> {
    const { app } = this;
    const theirs = decidable(ROW, viewingOf(actor, app.clock()));
    const waiting = sql`select ${column(ROW, 'id')}, change_request_waits_for(${name(ROW)}) as "waitsFor" from change_request ${name(ROW)}
      where ${theirs} order by ${column(ROW, 'created_at')}, ${column(ROW, 'id')} limit ${FIRST_LIMIT}::int`;
    return ask<Awaiting>(app, waiting.toQuery());
  }

  private async look(client: Client, heard: readonly string[] | 'everything'): Promise<void> {
    const all = heard === 'everything';
    const { rows } = all ? await client.query<Awaiting>(ALL) : await client.query<Awaiting>(NAMED, [heard]);
    const before = this.heard;
    const news = before ? rows.filter(({ id, waitsFor }) => before.get(id) !== waitsFor) : [];
    if (all || !before) this.heard = new Map(rows.map(({ id, waitsFor }) => [id, waitsFor]));
    else for (const { id, waitsFor } of rows) before.set(id, waitsFor);
    for (const each of news) for (const follower of this.followers) follower.tell(each);
  }
}
