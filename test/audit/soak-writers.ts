import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { EntityManager } from 'typeorm';
import { record } from '../../src/audit/record';
import { type App, ownContext } from '../../src/platform/context';
import { Transaction } from '../../src/platform/transaction';

/** What became of the events that writers wrote, by their ids. */
export interface Fates {
  readonly committed: Set<string>;
  readonly undone: Set<string>;
}

type Chance = (below: number) => number;

/** A transaction on a plain connection, in which events are recorded as everywhere; it notes their ids. */
class Writing extends Transaction {
  ids: string[] = [];

  override async append(text: string, values: unknown[], actorId: string | null): Promise<void> {
    await super.append(text, values, actorId);
    this.ids.push(values[0] as string);
  }
}

/** All that an append needs of a manager is its connection. */
function writingOn(client: Client, app: App): Writing {
  const manager = { queryRunner: { connect: () => Promise.resolve(client) } } as unknown as EntityManager;
  return new Writing(manager, ownContext(app, 'soak'), new Date());
}

/** In one statement, so that there are more than a batch of them at once. */
const MANY = `WITH made AS MATERIALIZED (SELECT gen_random_uuid() AS id, convert_to('soak ' || gen_random_uuid(), 'UTF8') AS c FROM generate_series(1, $1::int)),
    content AS (INSERT INTO audit.content (event_id, bytes, mac, key_id) SELECT id, c, sha256(c), 'k' FROM made)
  INSERT INTO audit.event (id, at, action, outcome, request_id, hash)
    SELECT id, now(), 'soak.many', 'DONE', 'soak', sha256('\\x00'::bytea || c) FROM made RETURNING id`;

async function write(tx: Writing, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await record(tx, { action: 'soak.event', outcome: 'DONE', reason: `event ${n}` });
}

/** What a transaction does between BEGIN and its end. */
type Manner = (tx: Writing, client: Client, chance: Chance, fates: Fates) => Promise<void>;

const quick: Manner = (tx, _client, chance) => write(tx, 1 + chance(4));

/** In ms: how long a slow one stays open at most. */
const SLOW = 5_000;

const slow: Manner = async (tx, _client, chance) => {
  await write(tx, 1 + chance(3));
  await delay(500 + chance(SLOW - 500));
  await write(tx, chance(3));
};

const many: Manner = async (tx, client, chance) => {
  const { rows } = await client.query<{ id: string }>(MANY, [300 + chance(1_000)]);
  tx.ids.push(...rows.map(({ id }) => id));
};

/** Savepoints within savepoints; of what is rolled back to one, nothing happened. */
const nested: Manner = async (tx, client, chance, fates) => {
  await write(tx, chance(2));
  for (let depth = 0; depth < 1 + chance(4); depth += 1) {
    const before = tx.ids.length;
    await client.query(`SAVEPOINT s${depth}`);
    await write(tx, 1 + chance(3));
    const end = chance(4);
    if (end > 1) for (const id of tx.ids.splice(before)) fates.undone.add(id);
    if (end > 1) await client.query(`ROLLBACK TO SAVEPOINT s${depth}`);
    if (end === 1) await client.query(`RELEASE SAVEPOINT s${depth}`);
    if (chance(8) === 0) await delay(chance(300));
  }
};

/** How often each comes, of what all of these make together. */
const MANNERS: readonly [weight: number, manner: Manner][] = [
  [60, quick],
  [6, slow],
  [2, many],
  [20, nested],
];

function someManner(chance: Chance): Manner {
  let at = chance(MANNERS.reduce((sum, [weight]) => sum + weight, 0));
  return MANNERS.find(([weight]) => (at -= weight) < 0)![1];
}

/** One writer, logged in as the API: one transaction after the other until `over`, of which some are rolled back and some cut off. */
export async function keepWriting(
  app: App,
  url: string,
  chance: Chance,
  over: AbortSignal,
  fates: Fates,
): Promise<void> {
  let client: Client | null = null;
  while (!over.aborted) {
    client ??= await connected(url);
    const ended = await oneTransaction(client, app, chance, fates);
    if (!ended) client = null;
    await delay(chance(50));
  }
  await client?.end();
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** False: the connection is gone. */
async function oneTransaction(client: Client, app: App, chance: Chance, fates: Fates): Promise<boolean> {
  const tx = writingOn(client, app);
  await client.query('BEGIN');
  await someManner(chance)(tx, client, chance, fates);
  const end = chance(10);
  if (end > 1) await client.query('COMMIT');
  else if (end === 1) await client.query('ROLLBACK');
  else (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  for (const id of tx.ids) (end > 1 ? fates.committed : fates.undone).add(id);
  return end > 0;
}
