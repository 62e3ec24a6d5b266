import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import request from 'supertest';
import { notesIn } from '../../src/audit/checkpoint-files';
import { openCheckpoint } from '../../src/audit/checkpoint';
import { BATCH, LEVELS_APART, sealBatch } from '../../src/audit/seal-batch';
import { Sealer, signerOf } from '../../src/audit/sealer';
import { ensureRoles } from '../../src/platform/database-roles';
import { startTestApp, type TestApp } from '../support/app';
import { freshCode, givenAccount } from '../support/scene';
import { naiveRoot } from './naive-tree';
import { asOwner, storedEvents } from './support';

let t: TestApp;
let folder: string;
let sealerUrl: string;
let clients: Client[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-seal-'));
  t = await startTestApp({ AUDIT_CHECKPOINTS: folder });
  sealerUrl = (await ensureRoles(t.ownerUrl, t.served.app.keys)).sealer;
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  clients = [];
  await t.close();
  rmSync(folder, { recursive: true });
});

async function connected(url = sealerUrl): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  clients.push(client);
  return client;
}

const signer = () => signerOf(t.served.app);
const sealOnce = (client: Client) => sealBatch(client, signer(), new Date());

async function sealAll(client: Client): Promise<void> {
  while ((await sealOnce(client)).more);
}

/** Events of nobody, by hand, in whatever transaction a client is in. */
const INSERT = `WITH made AS MATERIALIZED (SELECT gen_random_uuid() AS id, convert_to($2 || i, 'UTF8') AS c FROM generate_series(1, $1::int) i),
    content AS (INSERT INTO audit.content (event_id, bytes, mac, key_id) SELECT id, c, sha256(c), 'k' FROM made)
  INSERT INTO audit.event (id, at, action, outcome, request_id, hash)
    SELECT id, now(), 'a.b', 'DONE', 'r', sha256('\\x00'::bytea || c) FROM made`;
const insert = (client: Client, count = 1) => client.query(INSERT, [count, randomBytes(4).toString('hex')]);

/** Every committed event has one place, places have no gap, and the signed heads are those of the tree of these leaves. */
async function expectSealed(): Promise<number> {
  const events = await storedEvents(t);
  const leaves = await t.sql<{ place: string; event_id: string; hash: Buffer; content: Buffer }>(
    'SELECT l.*, e.content FROM audit.leaf l JOIN audit.told e ON e.id = l.event_id ORDER BY place',
  );
  const contents = leaves.map(({ content }) => content);
  expect(leaves.map(({ place }) => Number(place))).toEqual(leaves.map((_, index) => index));
  expect(leaves.map(({ event_id: id }) => id).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  const hashes = new Map(events.map(({ id, hash }) => [id, hash.toString('hex')]));
  expect(leaves.filter(({ event_id: id, hash }) => hashes.get(id) !== hash.toString('hex'))).toEqual([]);
  const heads = await t.sql<{ size: string; root: Buffer; note: string }>(
    'SELECT * FROM audit.checkpoint ORDER BY size',
  );
  expect(Number(heads.at(-1)!.size)).toBe(leaves.length);
  for (const { size, root, note } of [...heads.slice(0, 3), ...heads.slice(-3)]) {
    const tree = naiveRoot(contents.slice(0, Number(size)));
    expect(root).toEqual(tree);
    expect(openCheckpoint(note, [signer().key])).toMatchObject({ size: Number(size), root: tree });
  }
  const nodes = await t.sql<{ level: number; index: string; hash: Buffer }>('SELECT * FROM audit.node');
  const kept = nodes.filter(({ level, index, hash }) => {
    const [from, to] = [Number(index) * 2 ** level, (Number(index) + 1) * 2 ** level];
    return naiveRoot(contents.slice(from, to)).equals(hash);
  });
  expect(kept).toHaveLength(nodes.length);
  const wanted = [1, 2, 3]
    .map((level) => Math.floor(leaves.length / 2 ** (level * LEVELS_APART)))
    .reduce((sum, each) => sum + each, 0);
  expect(nodes).toHaveLength(wanted);
  return leaves.length;
}

describe('the sealer', () => {
  it('gives every event its place, in batches, and signs the heads', async () => {
    await givenAccount(t);
    const owner = await connected(t.ownerUrl);
    await insert(owner, BATCH + 20);
    const sealer = await connected();
    expect(await sealOnce(sealer)).toMatchObject({ busy: false, more: true, head: { size: BATCH } });
    await sealAll(sealer);
    const size = await expectSealed();
    expect(await sealOnce(sealer)).toEqual({ busy: false, more: false, head: null });
    expect(await expectSealed()).toBe(size);
    const { data } = await t.as('auditor').gql('{ auditEvents(first: 1, orderBy: AT_ASC) { nodes { sequence } } }');
    expect(data!.auditEvents.nodes[0].sequence).toEqual(expect.any(Number));
  });

  it('takes what was committed late, whatever came before it, and nothing that was not', async () => {
    const sealer = await connected();
    const [slow, quick, undone, saved] = [
      await connected(t.ownerUrl),
      await connected(t.ownerUrl),
      await connected(t.ownerUrl),
      await connected(t.ownerUrl),
    ];
    for (const each of [slow, quick, undone, saved]) await each.query('BEGIN');
    await insert(slow);
    await insert(undone, 3);
    await insert(quick);
    await insert(saved);
    await saved.query('SAVEPOINT one');
    await insert(saved, 5);
    await saved.query('ROLLBACK TO one');
    await saved.query('SAVEPOINT two');
    await insert(saved, 2);
    await saved.query('RELEASE two');
    await quick.query('COMMIT');
    await sealAll(sealer);
    const first = await expectSealed();
    await saved.query('COMMIT');
    await sealAll(sealer);
    expect(await expectSealed()).toBe(first + 3);
    await undone.query('ROLLBACK');
    await insert(quick, 2 * BATCH);
    expect((await sealOnce(sealer)).more).toBe(true);
    // In the middle of a round somebody who began before all of it comes to an end.
    await slow.query('COMMIT');
    await sealAll(sealer);
    await sealAll(sealer);
    expect(await expectSealed()).toBe(first + 3 + 2 * BATCH + 1);
  });

  it('one at a time, and what one does not finish another does', async () => {
    await insert(await connected(t.ownerUrl), 3 * BATCH);
    const [one, other] = [await connected(), await connected()];
    await one.query('BEGIN');
    await one.query('SELECT FROM audit.head FOR UPDATE');
    expect(await sealOnce(other)).toEqual({ busy: true, more: false, head: null });
    await one.query('ROLLBACK');
    await Promise.all([sealAll(one), sealAll(other)]);
    await sealAll(one);
    await expectSealed();
  });

  it('begins anew where transactions are counted anew, and seals nothing twice', async () => {
    const owner = await connected(t.ownerUrl);
    await insert(owner, 30);
    const sealer = await connected();
    await sealAll(sealer);
    const size = await expectSealed();
    // A restored dump: numbers of the cluster that it comes from, far beyond those of this one.
    await insert(owner, 5);
    await t.rewind('ALTER TABLE audit.event DISABLE TRIGGER ALL');
    await t.sql(`UPDATE audit.event SET xid = '900000000'`);
    await t.sql(`ALTER TABLE audit.event ENABLE ALWAYS TRIGGER event_is_final`);
    await t.sql(`ALTER TABLE audit.event ENABLE ALWAYS TRIGGER event_is_final_too`);
    await t.sql(`UPDATE audit.head SET sealed = '900000010:900000010:'`);
    await sealAll(sealer);
    expect(await expectSealed()).toBe(size + 5);
    await insert(owner, 2);
    await sealAll(sealer);
    expect(await expectSealed()).toBe(size + 7);
  });

  it('cannot change or take back what it did, nor read what events say', async () => {
    await insert(await connected(t.ownerUrl), 40);
    const sealer = await connected();
    await sealAll(sealer);
    for (const statement of [
      'UPDATE audit.leaf SET place = place + 100',
      'DELETE FROM audit.leaf',
      'TRUNCATE audit.checkpoint',
      'DELETE FROM audit.node',
      'DELETE FROM audit.head',
      'UPDATE audit.head SET size = 0',
      'INSERT INTO audit.head DEFAULT VALUES',
      'SELECT bytes FROM audit.content',
      'SELECT action FROM audit.event',
      `INSERT INTO audit.event (id) VALUES (gen_random_uuid())`,
      'SELECT * FROM app_user',
      'SET ROLE countersign_audit',
    ])
      expect([statement, await sealer.query(statement).catch(({ code }) => code)]).toEqual([statement, '42501']);
    await asOwner(t, async (owner) => {
      for (const table of ['leaf', 'node', 'checkpoint'])
        for (const statement of [`DELETE FROM audit.${table}`, `TRUNCATE audit.${table}`])
          expect(await owner.query(statement).catch(({ code }) => code)).toBe('42501');
    });
    await expectSealed();
  });
});

describe('the loop', () => {
  it('seals what comes, tells of it outside of the database, and stops in order', async () => {
    const told: string[] = [];
    const sealer = new Sealer(t.served.app, sealerUrl, [
      { name: 'here', publish: async ({ note }) => void told.push(note) },
    ]);
    sealer.start();
    await givenAccount(t);
    const deadline = Date.now() + 15_000;
    const unsealed =
      'SELECT count(*)::int AS n FROM audit.event e WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.event_id = e.id)';
    while ((await t.sql<{ n: number }>(unsealed))[0]!.n > 0 && Date.now() < deadline)
      await new Promise((r) => setTimeout(r, 50));
    await sealer.stop();
    const size = await expectSealed();
    expect(openCheckpoint(told.at(-1)!, [signer().key]).size).toBe(size);
  });

  it('drops what is said by months whose time is over, once they are sealed, and tells of it', async () => {
    const month = async (name: string, from: string, to: string, at: string) => {
      await t.sql(`CREATE TABLE audit.${name} PARTITION OF audit.content FOR VALUES FROM ('${from}') TO ('${to}')`);
      await t.sql(`ALTER TABLE audit.${name} OWNER TO countersign_audit`);
      const [{ id }] = (await t.sql<{ id: string }>(
        `INSERT INTO audit.event (id, at, action, outcome, request_id, hash, written_at) VALUES (gen_random_uuid(), now(), 'a.b', 'DONE', 'old', sha256('\\x0078'), $1) RETURNING id`,
        [at],
      )) as [{ id: string }];
      await t.sql(`INSERT INTO audit.content VALUES ($1, $2, 'x', 'x', 'k')`, [id, at]);
      return id;
    };
    const old = await month('content_2010_05', '2010-05-01Z', '2010-06-01Z', '2010-05-31T23:00:00Z');
    const year = new Date().getUTCFullYear() - 7;
    const kept = await month(`content_${year}_12`, `${year}-12-01Z`, `${year + 1}-01-01Z`, `${year}-12-24Z`);
    const client = await connected();
    expect((await client.query('SELECT * FROM audit.drop_expired()')).rows).toEqual([]);
    await sealAll(client);
    const sealer = new Sealer(t.served.app, sealerUrl, []);
    sealer.start();
    const told = `SELECT convert_from(content, 'UTF8')::jsonb -> 'changes' AS changes FROM audit.told WHERE action = 'audit.contentDropped'`;
    const deadline = Date.now() + 10_000;
    while ((await t.sql(told)).length === 0 && Date.now() < deadline) await new Promise((r) => setTimeout(r, 50));
    await sealer.stop();
    expect(await t.sql(told)).toEqual([{ changes: [{ path: '2010-05', before: 1, after: null }] }]);
    const told2 = await t.sql('SELECT id, content IS NULL AS dropped FROM audit.told WHERE id = ANY($1)', [
      [old, kept],
    ]);
    expect(told2.toSorted((a, b) => Number(b.dropped) - Number(a.dropped))).toEqual([
      { id: old, dropped: true },
      { id: kept, dropped: false },
    ]);
    const proof = await t
      .as('auditor')
      .gql(
        `{ auditInclusionProof(eventId: "${old}") { rootHash checkpoint { rootHash } } auditEvent(id: "${old}") { content roles changes { path } reason } }`,
      );
    expect(proof.errors).toEqual([]);
    expect(proof.data!.auditEvent).toEqual({ content: null, roles: [], changes: [], reason: null });
    // Nobody but whoever administers the database says how long that is.
    for (const statement of [
      'UPDATE audit.retention SET years = 1',
      'DROP TABLE audit.content_other',
      'SELECT * FROM audit.retention',
    ])
      expect(await client.query(statement).catch(({ code }) => code)).toBe('42501');
    expect(await t.apiSql('SELECT audit.drop_expired()').catch(({ code }) => code)).toBe('42501');
  });

  it('a mutation that asks for its seal is answered when it has it', async () => {
    const ask = (seconds: string, query: string) =>
      request(t.served.server)
        .post('/graphql')
        .set('authorization', `Bearer ${t.as('operations').token}`)
        .set('x-await-seal', seconds)
        .send({ query, variables: { input: { code: freshCode('AG'), name: 'Agent', hiredOn: '2020-01-01' } } });
    const hire = 'mutation ($input: HireAgentInput!) { hireAgent(input: $input) { outcome } }';
    expect((await ask('0.2', hire)).headers['x-sealed']).toBe('pending');
    const sealer = new Sealer(t.served.app, sealerUrl, []);
    sealer.start();
    const { body, headers } = await ask('20', hire);
    expect(body.data.hireAgent.outcome).toBe('DONE');
    const [head] = await t.sql(
      `SELECT c.size::text FROM audit.event e JOIN audit.leaf l ON l.event_id = e.id JOIN audit.checkpoint c ON c.size > l.place
       WHERE e.request_id = $1 ORDER BY c.size LIMIT 1`,
      [headers['x-request-id']],
    );
    expect(headers['x-sealed']).toBe(head!.size);
    expect((await ask('5', 'query { viewer { id } }')).headers['x-sealed']).toBeUndefined();
    expect((await ask('nonsense', hire)).headers['x-sealed']).toBe('pending');
    await sealer.stop();
  });

  it('writes heads to files, and does not sign over a trail that is behind them', async () => {
    const sealed = async () => {
      const sealer = new Sealer(t.served.app, sealerUrl);
      sealer.start();
      await new Promise((resolve) => setTimeout(resolve, 600));
      await sealer.stop();
    };
    await sealed();
    await expectSealed();
    const [file] = [`${new Date().toISOString().slice(0, 7)}.txt`].map((name) => path.join(folder, name));
    const text = readFileSync(file!, 'utf8');
    expect(notesIn(text).map((note) => openCheckpoint(note.trimStart(), [signer().key]).size)).toEqual(
      (await t.sql('SELECT size::int FROM audit.checkpoint ORDER BY 1')).map(({ size }) => size),
    );
    // Put back to an earlier state: the tail of the tree is gone, and what follows would take its places.
    await t.rewind('ALTER TABLE audit.leaf DISABLE TRIGGER ALL');
    for (const table of ['leaf', 'node', 'checkpoint', 'head'])
      await t.sql(`ALTER TABLE audit.${table} DISABLE TRIGGER ALL`);
    for (const table of ['leaf', 'node', 'checkpoint']) await t.sql(`DELETE FROM audit.${table}`);
    await t.sql(`UPDATE audit.head SET size = 0, frontier = '', sealed = '1:1:'`);
    await sealed();
    expect(await t.sql('SELECT * FROM audit.leaf')).toEqual([]);
    const fault = (await storedEvents(t)).find(({ action }) => action === 'audit.sealing');
    expect(JSON.parse(fault!.content.toString())).toMatchObject({ outcome: 'FAILED', code: 'AUDIT_TREE_BEHIND' });
  });
});
