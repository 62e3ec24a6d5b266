import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseCheckpoint } from '../../src/audit/checkpoint';
import { appendNote } from '../../src/audit/checkpoint-files';
import { assertKeysKnown, tellOfRotation } from '../../src/audit/key-rotation';
import { parseNote } from '../../src/audit/note';
import { type NoteKey, noteSigner } from '../../src/audit/note-keys';
import { NO_PROGRESS } from '../../src/audit/progress';
import type { DatabaseVerification } from '../../src/audit/verify-database';
import { verifyExport } from '../../src/audit/verify-export';
import type { Verdict } from '../../src/audit/verdict';
import { prepareDatabase } from '../../src/open-database';
import { keyedDigest } from '../../src/platform/canonical';
import { ensureRoles } from '../../src/platform/database-roles';
import { deriveKeys, ringOf } from '../../src/platform/keys';
import type { TestApp } from '../support/app';
import { CANARIES } from '../support/canaries';
import { testConfig } from '../support/config';
import { approve, proposed, stateOf, type Waiting } from '../support/outcomes';
import { freshCode, givenAccount, givenInvoice, trail } from '../support/scene';
import { exported, manifestOf } from './export-support';
import { createDatabase, idOf, Installation, settingsOf } from './rotation-support';
import { verifiedDatabase } from './verification';
import { asOwner, countEverything } from './support';
import { tellAllRows } from './told-rows';

const A = randomBytes(32);
const TAX_ID = CANARIES.taxId;

/** What was made under A. */
interface Given {
  accountId: string;
  waiting: Waiting;
  /** Mutations that were done, and what they answered. */
  done: [input: object, answer: string][];
  /** Of the last head. */
  size: number;
}

const hire = (t: TestApp, input: object) => t.as('operations').mutate('hireAgent', input, 'outcome agent { id code }');
const hiring = (idempotencyKey: string) => ({
  code: freshCode('AG'),
  name: 'Agent',
  hiredOn: '2020-01-01',
  idempotencyKey,
});

let model: Installation;
let given: Given;
/** Each test has a copy, and another key to rotate to. */
let installation: Installation;
let B: Buffer;

beforeAll(async () => {
  model = await Installation.of(A);
  given = await model.within(settingsOf(A), async (t) => {
    const accountId = await givenAccount(t, { taxId: TAX_ID });
    const invoiceId = await givenInvoice(t, accountId);
    const waiting = await proposed(t, 'billing', 'voidInvoice', { invoiceId, reason: 'billed twice' });
    const done: Given['done'] = [];
    for (const input of [hiring(randomUUID()), hiring('for jane.doe@example.com')]) {
      const answer = await hire(t, input);
      expect(answer.errors).toEqual([]);
      done.push([input, answer.text]);
    }
    return { accountId, waiting, done, size: await model.sealed(t) };
  });
});
afterAll(() => model.close());
beforeEach(async () => {
  B = randomBytes(32);
  installation = await Installation.of(model);
});
afterEach(() => installation.close());

const before = () => settingsOf(A);
const after = () => settingsOf(B, A);

const rotations = (t: TestApp) => trail(t, `action = 'keys.rotated'`);

describe('a key that the trail does not know', () => {
  it('MASTER_KEY_UNKNOWN: is refused before anything is written, with the ids that it takes', async () => {
    const state = async (t: TestApp) => [
      await countEverything(t),
      await installation.sql('SELECT rolname FROM pg_roles ORDER BY 1'),
      await installation.sql('SELECT roleid, member, grantor FROM pg_auth_members ORDER BY 1, 2, 3'),
    ];
    await installation.within(before(), async (t) => {
      const untouched = await state(t);
      const alone = await installation.refusedAt(settingsOf(B));
      expect(alone).toMatch(/^ended with 1: MASTER_KEY_UNKNOWN: [^\n]*\n$/);
      for (const each of [idOf(A), idOf(B), 'MASTER_KEYS_RETIRED empty']) expect(alone).toContain(each);
      const C = randomBytes(32);
      expect(await installation.refusedAt(settingsOf(B, C))).toContain(`MASTER_KEYS_RETIRED ${idOf(C)}`);
      expect(await state(t)).toEqual(untouched);
    });
    expect(await installation.loginsOf(B)).toEqual([]);
  });

  it('MASTER_KEY_UNKNOWN: the earlier key alone, once it was rotated', async () => {
    await installation.within(after(), async (t) => {
      await tellOfRotation(t.served.app);
    });
    // Processes that were started before go on for a while: the last event is theirs.
    await installation.within(before(), givenAccount);
    expect(await installation.refusedAt(before())).toMatch(new RegExp(`MASTER_KEY_UNKNOWN: .*${idOf(B)}`));
  });

  it('is found out by an owner who may not read the trail, and who is no auditor afterwards', async () => {
    const name = `rotation_owner_${randomBytes(4).toString('hex')}`;
    await installation.sql(`CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD 'x'`);
    await installation.sql(`GRANT countersign_auditor TO ${name} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
    const url = Object.assign(new URL(installation.url), { username: name, password: 'x' }).href;
    const members = `SELECT grantor::regrole::text, admin_option, inherit_option FROM pg_auth_members WHERE member::regrole::text = $1`;
    const granted = await installation.sql(members, [name]);
    const refusal = { code: 'MASTER_KEY_UNKNOWN', details: { missing: [idOf(A)] } };
    await expect(assertKeysKnown(url, ringOfAll(B))).rejects.toMatchObject(refusal);
    await assertKeysKnown(url, ringOfAll(A));
    await assertKeysKnown(url, ringOfAll(B, A));
    expect(await installation.sql(members, [name])).toEqual(granted);
    // One who may not even that learns it from the API, before it serves anybody.
    await installation.sql(`REVOKE countersign_auditor FROM ${name}`);
    await assertKeysKnown(url, ringOfAll(B));
    await installation.sql(`DROP ROLE ${name}`);
    await expect(installation.within(settingsOf(B), () => Promise.resolve())).rejects.toMatchObject(refusal);
  });

  it('is none where there is no trail yet, and one whose id is no key’s is passed over', async () => {
    await assertKeysKnown(await createDatabase(), ringOfAll(B));
    await installation.within(before(), async (t) => {
      await t.apiSql(
        `WITH made AS (SELECT gen_random_uuid() AS id), content AS (INSERT INTO audit.content (event_id, bytes, mac, key_id) SELECT id, 'x', sha256('x'), 'nobody' FROM made)
          INSERT INTO audit.event (id, at, action, outcome, request_id, hash) SELECT id, now(), 'keys.rotated', 'DONE', 'r', sha256('x') FROM made`,
      );
      await assertKeysKnown(installation.url, t.served.app.keys);
    });
  });
});

const ringOfAll = (masterKey: Buffer, ...retiredMasterKeys: Buffer[]) => ringOf({ masterKey, retiredMasterKeys });

describe('a rotation', () => {
  it('is told once, by two processes that start at the same time, before anything else; no key stands in a log', async () => {
    const processes = await Promise.all([installation.start(after()), installation.start(after())]);
    await Promise.all(processes.map(({ stop }) => stop()));
    const again = await installation.start(after());
    await again.stop();
    await installation.within(after(), async (t) => {
      const change = { path: 'masterKey', before: idOf(A), after: idOf(B) };
      expect(await rotations(t)).toMatchObject([
        { outcome: 'DONE', actor: null, request: 'lifecycle', changes: [change] },
      ]);
      const [first] = await t.sql('SELECT action FROM audit.told WHERE key_id = $1 ORDER BY xid, id LIMIT 1', [
        idOf(B),
      ]);
      expect(first).toEqual({ action: 'keys.rotated' });
      expect((await trail(t, `action = 'server.started'`)).length).toBe(3);
    });
    const log = [...processes, again].map((each) => each.log()).join('');
    expect(log).toContain('"level":30');
    for (const key of [A, B].flatMap((each) => [each, deriveKeys(each).audit, deriveKeys(each).sensitive]))
      for (const form of ['base64', 'base64url', 'hex'] as const)
        expect(log.includes(key.toString(form).slice(0, 20))).toBe(false);
  });

  it('back to the earlier key is another one; the new key alone is enough to go on with', async () => {
    await installation.within(after(), (t) => tellOfRotation(t.served.app));
    await installation.within(settingsOf(B), (t) => tellOfRotation(t.served.app));
    await installation.within(settingsOf(A, B), (t) => tellOfRotation(t.served.app));
    await installation.within(settingsOf(A, B), async (t) => {
      await tellOfRotation(t.served.app);
      const changes = (await rotations(t)).map((each) => each.changes[0] as object);
      expect(changes).toEqual([
        { path: 'masterKey', before: idOf(A), after: idOf(B) },
        { path: 'masterKey', before: idOf(B), after: idOf(A) },
      ]);
    });
  });

  it('leaves open what was sealed, approvable what waited, and answered what was asked before', async () => {
    await installation.within(after(), async (t) => {
      const reveal = { type: 'Account', id: given.accountId, field: 'taxId', reason: 'a form' };
      const { payload } = await t.as('compliance').mutate('revealSensitiveValue', reveal, 'value');
      expect(payload.value.replace(/\W/g, '')).toBe(TAX_ID.replace(/\W/g, ''));
      const untouched = await stateOf(t);
      for (const [input, answer] of given.done) {
        expect((await hire(t, input)).text).toBe(answer);
        expect((await hire(t, { ...input, name: 'Somebody else' })).code).toBe('IDEMPOTENCY_KEY_REUSED');
      }
      expect(await stateOf(t)).toEqual(untouched);
      await approve(t, given.waiting);
      const [row] = await t.sql('SELECT status FROM change_request WHERE id = $1', [given.waiting.id]);
      expect(row).toEqual({ status: 'EXECUTED' });
      expect(await trail(t, `action = 'invoice.voided'`)).toHaveLength(1);
    });
  });

  it('MASTER_KEY_UNKNOWN, CHANGE_REQUEST_ALTERED: what no key of the ring made is refused as ever', async () => {
    // Without the key that sealed what there is nobody gets as far as a request.
    await expect(installation.within(settingsOf(B), () => Promise.resolve())).rejects.toMatchObject({
      code: 'MASTER_KEY_UNKNOWN',
      details: { missing: [idOf(A)] },
    });
    await installation.within(after(), async (t) => {
      const digest = randomBytes(32).toString('hex');
      await t.rewind('UPDATE change_request SET digest = $2 WHERE id = $1', [given.waiting.id, digest]);
      const { code } = await t.as('supervisor').mutate('approveChangeRequest', { ...given.waiting, digest });
      expect(code).toBe('CHANGE_REQUEST_ALTERED');
    });
  });

  it('the statement of docs/AUDIT.md says what is still sealed under which key', async () => {
    const page = readFileSync(path.resolve(__dirname, '../../docs/AUDIT.md'), 'utf8');
    const [, statement] = /```sql\n([^`]*)\\gexec\n```/.exec(page)!;
    await installation.within(after(), async (t) => {
      await givenAccount(t);
      const counts: Record<string, number> = {};
      for (const { format } of await t.sql<{ format: string }>(statement!))
        for (const { column, key, count } of await t.sql<{ column: string; key: string; count: string }>(format))
          counts[`${column} ${key}`] = Number(count);
      const keys = await t.sql<{ id: string; of: string }>(`SELECT id, of FROM class_key WHERE purpose = 'seal'`);
      const keyOf = (type: string) => keys.find(({ of }) => of === type)!.id;
      for (const column of ['account.tax_id_sealed', 'account.bank_account_number_sealed'])
        expect([column, counts[`${column} ${keyOf('Account')}`]]).toEqual([column, 2]);
      expect(counts[`change_request.input_sealed ${keyOf('ChangeRequest')}`]).toBe(4);
      expect(counts[`class_key.wrapped ${idOf(A)}`]).toBeGreaterThan(keys.length);
      expect(counts[`subject_key.wrapped ${idOf(B)}`] ?? 0).toBe(0);
    });
  });

  it('an idempotency key that is kept as a digest is one, whichever keys a process has, also once one is let go', async () => {
    const input = hiring('again for john.doe@example.com');
    await installation.within(before(), (earlier) =>
      installation.within(after(), async (t) => {
        const answers = await Promise.all([t, earlier, t, earlier, t, earlier].map((each) => hire(each, input)));
        const codes = new Set(answers.map(({ code }) => code));
        // Those with the earlier key alone do not know what a later one digested; one that came between may try again.
        for (const code of codes) expect([undefined, 'BUSY', 'IDEMPOTENCY_KEY_REUSED']).toContain(code);
        expect(codes).toContain(undefined);
        expect((await hire(t, input)).errors).toEqual([]);
        expect(await t.sql('SELECT id FROM agent WHERE code = $1', [input.code])).toHaveLength(1);
      }),
    );
    const later = hiring('once for jim.doe@example.com');
    const first = await installation.within(after(), (t) => hire(t, later));
    const second = await installation.within(settingsOf(B), (t) => hire(t, later));
    expect([first.code, second.text]).toEqual([undefined, first.text]);
  });

  it('BUSY: somebody with other retired keys came first with one of the forms that a key is kept in', async () => {
    const input = hiring('meanwhile for joe.doe@example.com');
    const kept = keyedDigest(deriveKeys(B).digest, { idempotencyKey: input.idempotencyKey });
    await installation.within(after(), async (t) => {
      const state = await stateOf(t);
      const answer = await asOwner(t, async (other) => {
        await other.query('BEGIN');
        await other.query('INSERT INTO idempotency_key (actor_id, key, input_digest) VALUES ($1, $2, $3)', [
          t.as('operations').userId,
          kept,
          'another',
        ]);
        const asked = hire(t, input);
        const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        while ((await t.sql(waiting)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        await other.query('COMMIT');
        return asked;
      });
      expect([answer.code, answer.data]).toEqual(['BUSY', null]);
      expect((await hire(t, input)).code).toBe('IDEMPOTENCY_KEY_REUSED');
      const { idempotency_key: _, ...others } = await stateOf(t);
      expect(state).toMatchObject(others);
      expect(await t.sql('SELECT key FROM idempotency_key WHERE input_digest = $1', ['another'])).toEqual([
        { key: kept },
      ]);
    });
  });
});

const signersOf = (note: string) => parseNote(note).signatures.map(({ id }) => id);
const extensionsOf = (note: string) => parseCheckpoint(parseNote(note).text).extensions;

describe('heads', () => {
  let a: NoteKey;
  let b: NoteKey;
  let handOver: number;
  let end: number;

  beforeEach(async () => {
    const { origin } = testConfig().audit;
    [a, b] = [A, B].map((key) => noteSigner(origin, deriveKeys(key).checkpoint).key) as [NoteKey, NoteKey];
    await installation.within(after(), async (t) => {
      await tellOfRotation(t.served.app);
      handOver = await installation.sealed(t);
      await givenAccount(t);
      end = await installation.sealed(t);
    });
  });

  it('the first under the new key is signed by the earlier one, too, and names the new; those after it by the new one alone', async () => {
    expect([given.size < handOver, handOver < end]).toEqual([true, true]);
    const [last, handed] = [await installation.noteOf(given.size), await installation.noteOf(handOver)];
    const next = await installation.noteOf(end);
    expect(signersOf(last)).toEqual([a.id]);
    expect(signersOf(handed)).toEqual([b.id, a.id]);
    expect(extensionsOf(handed)).toEqual([expect.stringMatching(/^time /), `key ${b.text}`]);
    expect(signersOf(next)).toEqual([b.id]);
    expect(extensionsOf(next)).toHaveLength(1);
  });

  it('a process that still has the earlier key seals on, and the head after it hands over once more', async () => {
    const seal = (keys: Record<string, string>) =>
      installation.within(keys, async (t) => {
        await givenAccount(t);
        return signersOf(await installation.noteOf(await installation.sealed(t)));
      });
    expect(await seal(before())).toEqual([a.id]);
    expect(await seal(after())).toEqual([b.id, a.id]);
    expect(await seal(after())).toEqual([b.id]);
    const C = randomBytes(32);
    const c = noteSigner(a.name, deriveKeys(C).checkpoint).key;
    expect(await seal(settingsOf(C, B, A))).toEqual([c.id, b.id]);
    expect(await found({ keys: [a, b, c], macKeys: [A, B, C].map(macKeyOf) })).toEqual({});
  });

  it('nothing is co-signed where the last head was altered: the earlier key vouches for no more than it did', async () => {
    const forged = (await installation.noteOf(given.size)).replace(/^time .*$/m, 'time 2020-01-01T00:00:00.000Z');
    await withCopy(async (copy) => {
      await copy.sql('ALTER TABLE audit.checkpoint DISABLE TRIGGER checkpoint_is_final');
      await copy.sql('UPDATE audit.checkpoint SET note = $2 WHERE size = $1', [given.size, forged]);
      await copy.within(after(), async (t) => {
        await givenAccount(t);
        expect(signersOf(await copy.noteOf(await copy.sealed(t)))).toEqual([b.id]);
      });
    });
  });

  it('AUDIT_TREE_BEHIND: a head that was told under another key of the ring is known, too', async () => {
    // Told by a database that went on; this one was put back to what it was before.
    const told = await installation.noteOf(end);
    await withCopy(async (copy) => {
      await appendNote(copy.heads, told, new Date());
      await copy.within(settingsOf(A, B), async (t) => {
        await givenAccount(t);
        await expect(copy.sealed(t, 20)).rejects.toThrow('It does not seal');
        expect(await trail(t, `action = 'audit.sealing'`)).toMatchObject([{ code: 'AUDIT_TREE_BEHIND' }]);
      });
    });
  });

  async function withCopy(work: (copy: Installation) => Promise<void>): Promise<void> {
    const copy = await Installation.of(model);
    await work(copy).finally(() => copy.close());
  }

  const macKeyOf = (key: Buffer) => ({ id: idOf(key), key: deriveKeys(key).audit });

  const verified = (over: Partial<DatabaseVerification>): Promise<Verdict> =>
    installation.within(after(), async (t) =>
      verifiedDatabase(t, {
        keys: [b, a],
        macKeys: [B, A].map(macKeyOf),
        checkpoints: installation.heads,
        // Told under either key.
        types: ['Account', 'Lob', 'Invoice', 'InvoiceLine', 'ChangeRequest', 'Decision'],
        ...over,
      }),
    );
  const placesOf = ({ findings }: Verdict) =>
    Object.fromEntries(findings.toReversed().map(({ kind, places }) => [kind, places?.[0] ?? null]));
  const found = async (over: Partial<DatabaseVerification>) => placesOf(await verified(over));

  it('a database is whole with both keys; with one alone the other’s heads are nobody’s', async () => {
    const whole = await verified({});
    expect([whole.total, whole.findings]).toEqual([0, []]);
    expect(whole.checked.outsideHeads).toBeGreaterThan(2);
    // Up to the hand-over, that included, the earlier key is enough: the first head that it did not sign is the one after.
    expect(await found({ keys: [a], checkpoints: null })).toMatchObject({ CHECKPOINT_UNSIGNED: end - 1 });
    expect((await found({ keys: [b], checkpoints: null })).CHECKPOINT_UNSIGNED).toBeLessThan(given.size);
    expect(await found({ keys: [b] })).toHaveProperty('OUTSIDE_HEAD_UNSIGNED');
    expect(await found({ macKeys: [macKeyOf(B)] })).toEqual({ MAC_KEY_UNKNOWN: 0 });
  });

  it('an export up to the hand-over is whole with the earlier key, one beyond it with both, whose lines it names', async () => {
    const [until, since, all] = ['until', 'since', 'all'].map((name) => path.join(installation.folder, name)) as [
      string,
      string,
      string,
    ];
    const asked = { macKeys: [A, B].map(macKeyOf), checkpoints: null, workers: 0, progress: NO_PROGRESS };
    await installation.within(after(), async (t) => {
      const last = 'SELECT max(at) AS at FROM audit.event JOIN audit.leaf ON event_id = event.id WHERE place < $1';
      const [handed] = await t.sql<{ at: Date }>(last, [handOver]);
      const at = new Date(handed!.at.getTime() + 1);
      await exported(t, until, { to: at });
      await exported(t, since, { from: at });
      await exported(t, all);
    });
    expect(manifestOf(until)).toMatchObject({ end: handOver, key: b.text, keys: [a.text, b.text] });
    expect((await verifyExport({ ...asked, folder: until, keys: [a] })).findings).toEqual([]);
    expect(manifestOf(all)).toMatchObject({ end, key: b.text, keys: [a.text, b.text] });
    expect((await verifyExport({ ...asked, folder: all, keys: [a, b] })).findings).toEqual([]);
    expect(placesOf(await verifyExport({ ...asked, folder: all, keys: [a] }))).toHaveProperty('CHECKPOINT_MISSING');
    // What came after it needs the new keys alone.
    const alone = { ...asked, folder: since, keys: [b], macKeys: [macKeyOf(B)] };
    expect(manifestOf(since)).toMatchObject({ first: handOver, end, key: b.text });
    expect(manifestOf(since)).not.toHaveProperty('keys');
    expect((await verifyExport(alone)).findings).toEqual([]);
  });

  it('on the command line: an installation has all of its keys, and prints them, the present one first', async () => {
    const { folder, heads, url } = installation;
    const env = { NODE_ENV: 'test', DATABASE_URL: url, DEMO_DATA: 'false', AUDIT_CHECKPOINTS: heads, ...after() };
    const audit = (args: string[], more: Record<string, string> = {}) => run(folder, args, more);
    expect(await audit(['key'], env)).toMatchObject({ code: 0, out: `${b.text}\n${a.text}\n` });
    const macs = await audit(['key', '--mac'], env);
    expect(macs.out).toBe([B, A].map((key) => `${idOf(key)}:${deriveKeys(key).audit.toString('base64')}\n`).join(''));
    await installation.within(after(), async (t) => {
      await tellAllRows(t);
      await installation.sealed(t);
    });
    expect(await audit(['verify', '--workers', '1'], env)).toMatchObject({ code: 0, err: '' });
    const args = ['export', '--from', '2020-01-01', '--to', new Date().toISOString(), '--out', 'all'];
    expect(await audit(args, env)).toMatchObject({ code: 0, err: '' });
    writeFileSync(path.join(folder, 'keys.txt'), `${b.text}\n${a.text}\n`);
    writeFileSync(path.join(folder, 'macs.txt'), macs.out);
    const all = ['verify', '--export', 'all', '--workers', '1'];
    expect(await audit([...all, '--key', a.text, '--key', b.text])).toMatchObject({ code: 0 });
    expect(await audit([...all, '--key', 'keys.txt', '--mac-key', 'macs.txt'])).toMatchObject({ code: 0 });
    expect(await audit([...all, '--key', b.text])).toMatchObject({ code: 1 });
    const proof = await audit(['consistency', '--from', String(given.size), '--to', String(end)], env);
    writeFileSync(path.join(folder, 'proof.json'), proof.out);
    expect(await audit(['verify', '--proof', 'proof.json', '--key', 'keys.txt'])).toMatchObject({ code: 0 });
    expect(await audit(['verify', '--proof', 'proof.json', '--key', a.text])).toMatchObject({ code: 1 });
  });
});

/** The command line, with nothing of the environment but what is given. */
function run(
  cwd: string,
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number | null; out: string; err: string }> {
  mkdirSync(cwd, { recursive: true });
  const command = path.resolve(__dirname, '../../dist/src/audit-command.js');
  const child = spawn(process.execPath, [command, ...args], { cwd, env: { PATH: process.env.PATH, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

describe('logins of a retired key', () => {
  const prepared = async (): Promise<readonly string[]> => {
    const { database, retiredLogins } = await prepareDatabase(testConfig(after()), installation.url);
    await database.close();
    return retiredLogins;
  };
  const roles = async () =>
    (await installation.sql('SELECT rolname FROM pg_roles ORDER BY 1')).map((each) => each.rolname as string);

  it('stay while a process is connected, however idle, and are taken away at a later start; others’ never', async () => {
    await installation.within(before(), async (t) => {
      await t.apiSql('SELECT 1');
      // Longer than the pool lets a connection be idle: one is kept.
      await new Promise((resolve) => setTimeout(resolve, 11_000));
      expect((await prepared()).toSorted()).toEqual(await installation.loginsOf(A));
      expect(await installation.loginsOf(A)).toHaveLength(3);
    });
    const [had, ours] = [await roles(), await installation.loginsOf(A)];
    expect(await prepared()).toEqual([]);
    expect(await roles()).toEqual(had.filter((name) => !ours.includes(name)));
    expect(await installation.loginsOf(B)).toHaveLength(3);
    // Whoever comes back with the key, or has another database under it, makes them anew.
    await ensureRoles(installation.url, deriveKeys(A));
    expect(await installation.loginsOf(A)).toEqual(ours);
  });

  it('are kept from logging in where something was granted to one, in whatever database', async () => {
    await ensureRoles(installation.url, deriveKeys(A));
    const [name, ...more] = await installation.loginsOf(A);
    await installation.sql(`GRANT SELECT ON app_user TO ${name}`);
    expect(await prepared()).toEqual([]);
    expect(
      await installation.sql('SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = ANY($1)', [[name, ...more]]),
    ).toEqual([{ rolname: name, rolcanlogin: false }]);
    await installation.sql(`REVOKE SELECT ON app_user FROM ${name}`);
    await installation.sql(`DROP ROLE ${name}`);
  });
});
