import type { Client, ClientBase } from 'pg';
import { Client as Connection } from 'pg';
import { BATCH, type Batch, sealBatch } from '../../src/audit/seal-batch';
import { signerOf } from '../../src/audit/sealer';
import { ensureRoles } from '../../src/platform/database-roles';
import { startTestApp, type TestApp } from '../support/app';
import { until } from '../support/replica';
import { insertBareEvents, sealAll } from './seal-support';
import { expectWholeTrail } from './whole-trail';

/* A batch is broken off at each of its statements in each way there is: it was there as a whole, or not at all. */

let t: TestApp;
let url: string;

beforeAll(async () => {
  t = await startTestApp();
  url = (await ensureRoles(t.ownerUrl, t.served.app.keys)).sealer;
  await insertBareEvents(t, 50);
  await sealAll(t);
});
afterAll(() => t.close());

const signer = () => signerOf(t.served.app);

/** How a batch is broken off at a statement. `done`: what was sent until then is done, be it the last statement. */
const WAYS = {
  'the connection is ended before it': { ends: true, done: false },
  'the connection is ended behind it': { ends: true, done: true },
  'it is not sent': { ends: false, done: false },
  'its answer is lost': { ends: false, done: true },
} as const;

type Way = (typeof WAYS)[keyof typeof WAYS];

/** A connection that breaks off at its n-th statement, and counts them. */
function breaking(client: Client, at: number, { ends, done }: Way): { client: ClientBase; statements: string[] } {
  const statements: string[] = [];
  const query = async (...asked: [string, unknown[]?]): Promise<unknown> => {
    const count = statements.push(asked[0].split(/\s/, 1)[0]!);
    if (count !== at) return client.query(...asked);
    if (done) await client.query(...asked);
    if (ends) await endedByServer(client);
    if (ends && !done) return client.query(...asked);
    throw new Error('broken off');
  };
  return { client: { query } as unknown as ClientBase, statements };
}

async function endedByServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const { pid } = rows[0]!;
  await t.sql('SELECT pg_terminate_backend($1)', [pid]);
  await until(`SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ${pid}) AS ok`, (text) => t.sql(text));
}

async function connected(): Promise<Client> {
  const client = new Connection({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const leaves = async (): Promise<number> =>
  (await t.sql<{ count: number }>('SELECT count(*)::int FROM audit.leaf'))[0]!.count;

/** Seals a batch that breaks off at a statement; gives what came of it. */
async function sealedUntil(at: number, way: Way): Promise<{ batch: Batch | null; statements: string[] }> {
  const client = await connected();
  try {
    const broken = breaking(client, at, way);
    const batch = await sealBatch(broken.client, signer(), new Date()).catch(() => null);
    return { batch, statements: broken.statements };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The statements of a batch, in their order. */
async function statementsOfBatch(): Promise<string[]> {
  await insertBareEvents(t, 20);
  return (await sealedUntil(Infinity, WAYS['it is not sent'])).statements;
}

describe('a batch that is broken off', () => {
  it.each(Object.entries(WAYS))('%s: it is there as a whole or not at all, and another one goes on', async (_, way) => {
    const all = await statementsOfBatch();
    expect([all[0], all.at(-1)]).toEqual(['BEGIN', 'COMMIT']);
    for (let at = 1; at <= all.length; at += 1) {
      await insertBareEvents(t, 20);
      const before = await leaves();
      const { batch, statements } = await sealedUntil(at, way);
      expect(batch).toBeNull();
      // Behind the one at which it broke off there is nothing but a rollback, if anything was begun.
      expect(statements.slice(at)).toEqual(at === 1 ? [] : ['ROLLBACK']);
      const committed = at === all.length && way.done;
      expect([all[at - 1], await leaves()]).toEqual([all[at - 1], before + (committed ? 20 : 0)]);
      await sealAll(t);
      expect([all[at - 1], await leaves()]).toEqual([all[at - 1], before + 20]);
    }
    await expectWholeTrail(t, signer().key);
  });

  it('in the middle of a round: the round goes on where it was', async () => {
    const all = await statementsOfBatch();
    for (let at = 1; at <= all.length; at += 1) {
      await insertBareEvents(t, BATCH + 1);
      const before = await leaves();
      await sealedUntil(Infinity, WAYS['it is not sent']);
      const way = Object.values(WAYS)[at % 4]!;
      await sealedUntil(at, way);
      expect(await leaves()).toBe(before + BATCH + (at === all.length && way.done ? 1 : 0));
      await sealAll(t);
      expect(await leaves()).toBe(before + BATCH + 1);
    }
    await expectWholeTrail(t, signer().key);
  });
});
