import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import { MOVE_POSITIONS } from '../src/platform/positions';
import { type ApiClient, startAppOver, type TestApp } from './support/app';
import type { CastName } from './support/cast';
import { random } from './support/random';
import { type Primary, ready, Replica, sent, startPrimary } from './support/replica';
import { freshCode, givenAccount, givenDraft } from './support/scene';

let primary: Primary;
let replica: Replica;
/** Two processes of the API over the two servers. */
let a: TestApp;
let b: TestApp;
let accountId: string;

beforeAll(async () => {
  primary = await startPrimary();
  replica = await Replica.of(primary);
  a = await startAppOver(primary.url, { DATABASE_REPLICA_URLS: replica.url });
  b = await startAppOver(primary.url, { DATABASE_REPLICA_URLS: replica.url });
  accountId = await givenAccount(a);
  await replica.catchUp();
}, 60_000);
beforeEach(() => replica.catchUp());
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await replica.resume();
});
afterAll(async () => {
  await a?.close();
  await b?.close();
  await replica?.stop();
  await primary?.stop();
});

/** What a test started besides. */
const closing: (() => unknown)[] = [];

async function another(settings: Record<string, string>): Promise<TestApp> {
  const t = await startAppOver(primary.url, settings);
  closing.push(() => t.close());
  return t;
}

const COUNT = 'query ($accountId: ID!) { invoices(filter: { accountId: $accountId }) { totalCount } }';
const DRAFT = 'mutation ($input: DraftInvoiceInput!) { draftInvoice(input: $input) { invoice { id } } }';
const LINES = [{ description: 'Calls', quantity: '1', unitPrice: '1.00' }];

const count = async (client: ApiClient): Promise<number> => {
  const { errors, data } = await client.gql(COUNT, { accountId });
  expect(errors).toEqual([]);
  return data!.invoices.totalCount as number;
};

const draft = async (client: ApiClient): Promise<string> => {
  const { errors, data } = await client.gql(DRAFT, { input: { accountId, dueInDays: 30, lines: LINES } });
  expect(errors).toEqual([]);
  return data!.draftInvoice.invoice.id as string;
};

describe('reads go to a replica', () => {
  it('says so itself, and so does the replica', async () => {
    expect((await sent(a, () => count(a.as('auditor')))).to).toEqual({ replica: 1 });
    const seen = await replica.sql(
      `SELECT query FROM pg_stat_activity WHERE application_name = 'countersign' AND query LIKE '%pg_last_wal_replay_lsn()%"invoice"%'`,
    );
    expect(seen.length).toBeGreaterThan(0);
  });

  it('is prepared there as at the primary, and answers alike', async () => {
    const ask = (client: ApiClient) => client.gql(COUNT, { accountId });
    const direct = await another({});
    const answers = [];
    for (let round = 0; round < 3; round += 1)
      answers.push(await ask(a.as('auditor')), await ask(direct.as('auditor')));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('cannot write there', async () => {
    const { pool } = (a.served.app.database.replicas as unknown as { all: { pool: Pool }[] }).all[0]!;
    await expect(pool.query("INSERT INTO caller_position VALUES (gen_random_uuid(), '0/1')")).rejects.toMatchObject({
      code: '25006',
    });
  });
});

describe('whoever wrote reads what they wrote', () => {
  it('from the primary, while others are answered by the replica as it was', async () => {
    const before = await count(a.as('auditor'));
    await replica.pause();
    await draft(a.as('billing'));
    expect(await sent(a, () => count(a.as('billing')))).toEqual({ answer: before + 1, to: { behind: 1 } });
    expect(await sent(a, () => count(a.as('auditor')))).toEqual({ answer: before, to: { replica: 1 } });
    await replica.resume();
    await replica.catchUp();
    expect(await sent(a, () => count(a.as('billing')))).toEqual({ answer: before + 1, to: { replica: 1 } });
    expect(await sent(a, () => count(a.as('auditor')))).toEqual({ answer: before + 1, to: { replica: 1 } });
  });

  it('not from a replica that has come past their position in the log, and not yet past the commit', async () => {
    const writing = new Client(primary.url);
    closing.push(() => writing.end());
    await writing.connect();
    await writing.query('BEGIN');
    await writing.query('UPDATE account SET legal_name = $2 WHERE id = $1', [accountId, 'A Name of Now']);
    await writing.query(MOVE_POSITIONS, [[a.as('billing').userId]]);
    await replica.catchUp();
    await replica.pause();
    await writing.query('COMMIT');
    const name = () => a.as('billing').gql('query ($id: ID!) { account(id: $id) { legalName } }', { id: accountId });
    const { answer, to } = await sent(a, name);
    expect({ ...answer.data!.account, to }).toEqual({ legalName: 'A Name of Now', to: { behind: 1 } });
  });

  it('also when another process wrote it, under another session of theirs', async () => {
    const before = await count(b.as('billing'));
    await replica.pause();
    await draft(a.as('billing'));
    expect(await sent(b, () => count(b.as('billing')))).toEqual({ answer: before + 1, to: { behind: 1 } });
    expect(await sent(b, () => count(b.as('billing2')))).toEqual({ answer: before, to: { replica: 1 } });
  });

  it('their refusals, too, which the trail keeps', async () => {
    const refusals = `query ($actorId: ID!) { auditEvents(filter: { actorId: $actorId, outcome: REFUSED }) { totalCount } }`;
    const ask = () => a.as('auditor').gql(refusals, { actorId: a.as('auditor').userId });
    const { data } = await ask();
    await replica.pause();
    expect((await a.as('auditor').mutate('draftInvoice', { accountId, lines: LINES, dueInDays: 30 })).code).toBe(
      'FORBIDDEN',
    );
    const after = await sent(a, ask);
    expect(after.to).toEqual({ behind: 1 });
    expect(after.answer.data!.auditEvents.totalCount).toBe(data!.auditEvents.totalCount + 1);
  });

  it('and what they approved for another', async () => {
    const invoiceId = await givenDraft(a, accountId);
    const { changeRequestId } = await a.person('billing').submit('invoice.issue', { invoiceId }, freshCode('K'));
    const [request] = await primary.sql('SELECT id, revision, digest FROM change_request WHERE id = $1', [
      changeRequestId,
    ]);
    await replica.catchUp();
    await replica.pause();
    expect(
      (await a.as('supervisor').mutate('approveChangeRequest', request!, 'changeRequest { status }')).errors,
    ).toEqual([]);
    const status = 'query ($id: ID!) { invoice(id: $id) { status } }';
    expect((await b.as('supervisor').gql(status, { id: invoiceId })).data).toEqual({ invoice: { status: 'ISSUED' } });
    expect((await b.as('auditor').gql(status, { id: invoiceId })).data).toEqual({ invoice: { status: 'DRAFT' } });
  });
});

describe('who somebody is the primary says', () => {
  it('signing out at one process ends the session at the other, though the replica has not heard of it', async () => {
    const here = a.as('stranger');
    const there = here.at(b);
    const VIEWER = '{ viewer { id } }';
    expect((await there.gql(VIEWER)).data!.viewer).toEqual({ id: here.userId });
    await replica.pause();
    expect((await here.gql('mutation { signOut { signedOut } }')).errors).toEqual([]);
    expect((await there.gql(VIEWER)).data!.viewer).toBeNull();
    expect((await here.gql(VIEWER)).data!.viewer).toBeNull();
  });

  it('so does somebody else who ends it, though its bearer has written nothing', async () => {
    const there = b.as('client');
    const { data } = await there.gql('{ viewer { sessionId } }');
    await replica.pause();
    const input = { sessionId: data!.viewer.sessionId };
    expect((await a.as('admin').mutate('endSession', input, 'outcome')).errors).toEqual([]);
    expect((await there.gql('{ viewer { sessionId } }')).data!.viewer).toBeNull();
  });

  it('a role that was revoked is gone at once', async () => {
    const there = a.as('supervisor2').at(b);
    await count(there);
    await replica.pause();
    const [grant] = await primary.sql<{ id: string }>(
      'SELECT id FROM role_grant WHERE user_id = $1 AND revoked_at IS NULL',
      [there.userId],
    );
    const { errors } = await a
      .as('admin')
      .mutate('revokeRole', { roleGrantId: grant!.id, reason: 'moved on' }, 'outcome');
    expect(errors).toEqual([]);
    expect((await there.gql(COUNT, { accountId })).code).toBe('UNAUTHENTICATED');
  });
});

describe('a replica that is not well costs nobody an answer', () => {
  it('is left out when it dies, and used again once it is back', async () => {
    expect((await sent(a, () => count(a.as('auditor')))).to).toEqual({ replica: 1 });
    const expected = await count(a.as('auditor'));
    await replica.kill();
    for (let round = 0; round < 20; round += 1) expect(await count(a.as('auditor'))).toBe(expected);
    expect(await ready(a)).toEqual({ ready: true, replicas: { known: 1, up: 0 } });
    await replica.start();
    await replica.catchUp();
    const back = Date.now();
    while ((await sent(a, () => count(a.as('auditor')))).to.replica !== 1) {
      expect(Date.now() - back).toBeLessThan(15_000);
      await delay(100);
    }
    expect(await ready(a)).toEqual({ ready: true, replicas: { known: 1, up: 1 } });
  }, 60_000);

  it('is of no use when it has lost the primary long ago: nobody reads the past for ever', async () => {
    const strict = await another({ DATABASE_REPLICA_URLS: replica.url, REPLICA_LAG_SECONDS: '1' });
    await replica.catchUp();
    expect((await sent(strict, () => count(strict.as('auditor')))).to).toEqual({ replica: 1 });
    await replica.pause();
    await draft(strict.as('billing'));
    const expected = await count(strict.as('billing'));
    const began = Date.now();
    while ((await count(strict.as('auditor'))) !== expected) {
      expect(Date.now() - began).toBeLessThan(5_000);
      await delay(50);
    }
    expect(await ready(strict)).toEqual({ ready: true, replicas: { known: 1, up: 0 } });
  });

  it('is left out when it says nothing, and reads go on to another one', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    closing.push(() => silent.close());
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const urls = `${replica.url}, postgres://127.0.0.1:${port}`;
    const some = await another({ DATABASE_REPLICA_URLS: urls });
    await replica.catchUp();
    const { to } = await sent(some, async () => {
      for (let round = 0; round < 10; round += 1) await count(some.as('auditor'));
    });
    expect(to).toEqual({ replica: 9, failed: 1 });
    expect(await ready(some)).toEqual({ ready: true, replicas: { known: 2, up: 1 } });
  });

  it('takes no server for a replica that is none', async () => {
    const { host } = new URL(primary.url);
    const own = await another({ DATABASE_REPLICA_URLS: `postgres://${host}` });
    expect((await sent(own, () => count(own.as('auditor')))).to).toEqual({ behind: 1 });
    expect(await ready(own)).toEqual({ ready: true, replicas: { known: 1, up: 0 } });
  });
});

const seed = Date.now() % 1_000_000;

it(`writers and readers at both processes, a replica that stops and goes: nobody misses their own (seed ${seed})`, async () => {
  const roll = random(seed);
  const writers: CastName[] = ['billing', 'billing2', 'operations', 'operations'];
  const either = () => (roll(2) === 0 ? a : b);
  const over = new AbortController();
  const hire = 'mutation ($input: HireAgentInput!) { hireAgent(input: $input) { agent { id } } }';
  const write = async (client: ApiClient, name: CastName): Promise<[field: string, id: string]> => {
    if (name !== 'operations') return ['invoice', await draft(client)];
    const input = { code: freshCode('AG'), name: 'Agent', hiredOn: '2020-01-01' };
    const { errors, data } = await client.gql(hire, { input });
    expect(errors).toEqual([]);
    return ['agent', data!.hireAgent.agent.id as string];
  };
  const tally = { writes: 0, reads: 0 };
  const work = async (name: CastName) => {
    for (let round = 0; round < 25; round += 1) {
      const [field, id] = await write(either().as(name), name);
      tally.writes += 1;
      for (let reads = roll(4); reads >= 0; reads -= 1) {
        const reader = either().as(name);
        const { errors, data } = await reader.gql(`query ($id: ID!) { ${field}(id: $id) { id } }`, { id });
        expect({ seed, round, errors, found: data![field] }).toEqual({ seed, round, errors: [], found: { id } });
        tally.reads += 1;
        if (roll(3) === 0) await delay(roll(80));
      }
    }
  };
  const meddle = async () => {
    while (!over.signal.aborted) {
      await replica.pause();
      await delay(roll(80));
      await replica.resume();
      await delay(roll(120));
    }
  };
  const { to } = await sent(a, async () => {
    const meddling = meddle();
    const done = await Promise.allSettled(writers.map(work));
    over.abort();
    await meddling;
    for (const each of done) if (each.status === 'rejected') throw each.reason;
  });
  expect(tally.writes).toBe(100);
  // Both ways were taken.
  expect(to.replica).toBeGreaterThan(0);
  expect(to.behind).toBeGreaterThan(0);
  expect(to.failed).toBeUndefined();
}, 60_000);
