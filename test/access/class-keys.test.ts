import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { learnKeys, renewClassKey, rewrapClassKeys } from '../../src/audit/class-keys';
import { tellOfRotation } from '../../src/audit/key-rotation';
import { classKeyNamed } from '../../src/platform/class-keys';
import { leftToReseal, resealClass, resealValues } from '../../src/privacy/reseal-values';
import { deriveKeys } from '../../src/platform/keys';
import { sealBytes } from '../../src/platform/sealed-bytes';
import { Installation, idOf, settingsOf } from '../audit/rotation-support';
import { sealAll } from '../audit/seal-support';
import { tellAllRows } from '../audit/told-rows';
import { verifiedDatabase } from '../audit/verification';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { CANARIES } from '../support/canaries';
import { TEST_MASTER_KEY, testConfig } from '../support/config';
import { approve, proposed, rowOf, tally } from '../support/outcomes';
import { givenAccount, givenLob, trail } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ REVEALS_PER_DAY: '1000' });
  await tellAllRows(t);
});
afterAll(() => t.close());

const reveal = (of: TestApp, id: string, field: string, type = 'Account') =>
  of.as('compliance').mutate('revealSensitiveValue', { type, id, field, reason: 'a test' }, 'value');

const keyIn = (sealed: Buffer) => sealed.subarray(0, 4).toString('hex');
const newest = async (of: string) =>
  (
    await t.sql<{ id: string }>(`SELECT id FROM class_key WHERE of = $1 AND purpose = 'seal' ORDER BY number DESC`, [
      of,
    ])
  )[0]!.id;

const signal = new AbortController().signal;
/** Long after anybody looked last. */
function reseal(type = 'Account'): Promise<number> {
  t.clock.at = new Date((t.clock.at?.getTime() ?? Date.now()) + 7_200_000);
  return resealClass(t.served.app, type, signal);
}

/** As it was sealed before classes had keys, and before there were digests. */
async function asOfOld(id: string, field: string, column: string, value: string, type = 'Account'): Promise<void> {
  const { id: master, sensitive } = deriveKeys(testConfig().masterKey);
  const sealed = Buffer.concat([
    Buffer.from(master, 'hex'),
    sealBytes({ scheme: 'AES-256-GCM', key: sensitive }, Buffer.from(value), `${type}/${id}/${field}`),
  ]);
  await t.rewind(`UPDATE ${type.toLowerCase()} SET ${column}_sealed = $2, ${column}_digest = NULL WHERE id = $1`, [
    id,
    sealed,
  ]);
}

describe('each class of records', () => {
  it('has a key of its own, which the database has wrapped alone, and the trail says that it was made', async () => {
    const id = await givenAccount(t);
    const { tax_id_sealed: sealed } = await rowOf(t, 'account', id);
    expect(keyIn(sealed)).toBe(await newest('Account'));
    expect(await newest('Account')).not.toBe(await newest('Complaint'));
    const keys = await t.sql<{ id: string; purpose: string; of: string; number: number; wrapped: Buffer }>(
      'SELECT * FROM class_key',
    );
    expect(
      keys
        .filter(({ purpose }) => purpose === 'digest')
        .map(({ of }) => of)
        .toSorted(),
    ).toEqual([
      'Account.bankAccountNumber',
      'Account.email',
      'Account.taxId',
      'Complaint.customer.cardNumber',
      'Complaint.customer.email',
      'Complaint.customer.phone',
    ]);
    const { keys: ring } = t.served.app;
    for (const { id: key, wrapped } of keys) {
      expect(keyIn(wrapped)).toBe(ring.id);
      expect(wrapped.includes(classKeyNamed(ring, key)!.key)).toBe(false);
    }
    const [made] = await trail(t, `action = 'classKeys.made'`);
    expect(made).toMatchObject({ outcome: 'DONE', actor: null, changes: [{ path: 'keys', before: null }] });
    expect(made!.changes[0].after).toHaveLength(keys.filter(({ number }) => number === 1).length);
  });

  it('a key stays, is only wrapped anew, and no other class’s key can stand in its place', async () => {
    for (const statement of [
      `DELETE FROM class_key WHERE of = 'Account'`,
      `UPDATE class_key SET of = 'Complaint', number = 9 WHERE of = 'Account' AND purpose = 'seal'`,
      `TRUNCATE class_key`,
    ]) {
      await expect(t.apiSql(statement)).rejects.toMatchObject({ code: '42501' });
      await expect(t.sql(statement)).rejects.toMatchObject({ code: '42501' });
    }
    const id = await givenAccount(t);
    const [account] = await t.sql(
      `SELECT id, wrapped FROM class_key WHERE of = 'Account' AND purpose = 'seal' ORDER BY number DESC`,
    );
    await t.sql(
      `UPDATE class_key SET wrapped = (SELECT wrapped FROM class_key WHERE of = 'Complaint' AND purpose = 'seal' LIMIT 1) WHERE id = $1`,
      [account!.id],
    );
    const other = await startAppOver(t.ownerUrl);
    try {
      expect((await reveal(other, id, 'taxId')).code).toBe('SEAL_BROKEN');
    } finally {
      await other.close();
      await t.sql('UPDATE class_key SET wrapped = $2 WHERE id = $1', [account!.id, account!.wrapped]);
    }
  });
});

describe('another key for a class', () => {
  it('is used at once where it was made, heard of elsewhere when it is met, and nothing is closed meanwhile', async () => {
    const other = await startAppOver(t.ownerUrl, { REVEALS_PER_DAY: '1000' });
    try {
      const before = await givenAccount(t);
      const last = await newest('Account');
      const number = await renewClassKey(t.served.app, 'Account');
      const [made, elsewhere] = [await givenAccount(t), await givenAccount(other)];
      expect(keyIn((await rowOf(t, 'account', made)).tax_id_sealed)).toBe(await newest('Account'));
      expect(keyIn((await rowOf(t, 'account', elsewhere)).tax_id_sealed)).toBe(last);
      for (const id of [before, made, elsewhere])
        for (const where of [t, other])
          expect((await reveal(where, id, 'taxId')).payload).toEqual({ value: CANARIES.taxId });
      // What it had not heard of, it has now.
      expect(await learnKeys(other.served.app)).toBe(false);
      const [event] = (await trail(t, `action = 'classKey.renewed' AND subject_type = 'Account'`)).slice(-1);
      expect(event).toMatchObject({
        subject: { type: 'Account' },
        changes: [{ path: 'key', before: number - 1, after: number }],
      });
      await expect(renewClassKey(t.served.app, 'Planet')).rejects.toMatchObject({ code: 'CLASS_KEY_UNKNOWN' });
    } finally {
      await other.close();
    }
  });

  it('raced: two keys that are made at once are two, in their order', async () => {
    const numbers = await Promise.all([1, 2, 3].map(() => renewClassKey(t.served.app, 'Complaint')));
    expect(numbers.toSorted((one, other) => one - other)).toEqual([2, 3, 4]);
  });
});

describe('the job that seals values anew', () => {
  it('takes what was sealed before there were keys of classes and digests, which stays readable until then', async () => {
    const id = await givenAccount(t, { taxId: 'TX-OLD-7788' });
    const given = await rowOf(t, 'account', id);
    await asOfOld(id, 'taxId', 'tax_id', 'TX-OLD-7788');
    expect((await reveal(t, id, 'taxId')).payload).toEqual({ value: 'TX-OLD-7788' });
    t.clock.at = new Date(Date.now() + 30 * 86_400_000);
    await resealValues.run(t.served.app, null, signal);
    const row = await rowOf(t, 'account', id);
    expect(keyIn(row.tax_id_sealed)).toBe(await newest('Account'));
    expect(row.tax_id_digest.equals(given.tax_id_digest)).toBe(true);
    expect(row).toMatchObject({ tax_id_masked: given.tax_id_masked, version: given.version + 1 });
    expect((await reveal(t, id, 'taxId')).payload).toEqual({ value: 'TX-OLD-7788' });
    const [event] = (await trail(t, `action = 'sensitiveValues.resealed'`)).slice(-1);
    expect(event).toMatchObject({ actor: null, outcome: 'DONE', subject: { type: 'Account' } });
    expect(event!.rows).toContainEqual(expect.objectContaining({ type: 'Account', id, version: row.version }));
    expect((await leftToReseal(t.served.app)).every(({ left }) => left === 0)).toBe(true);
    await sealAll(t);
    const { findings } = await verifiedDatabase(t, { types: ['Account', 'Complaint'] });
    expect(findings.map(({ message }) => message)).toEqual([]);
  });

  it('leaves what a change request waits for, and takes it when that is over', async () => {
    const accountId = await givenAccount(t);
    const waiting = await proposed(t, 'billing', 'changeAccount', { accountId, taxId: 'TX-NEW-1234', reason: 'new' });
    await renewClassKey(t.served.app, 'Account');
    await reseal();
    expect((await leftToReseal(t.served.app)).find(({ type }) => type === 'Account')).toEqual({
      type: 'Account',
      left: 1,
    });
    expect((await approve(t, waiting)).payload.changeRequest).toMatchObject({ status: 'EXECUTED' });
    expect(await reseal()).toBe(1);
    expect((await reveal(t, accountId, 'bankAccountNumber')).payload).toEqual({ value: CANARIES.bankAccountNumber });
  });

  it('raced by two processes and by people, leaves each value as it was given last', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => givenAccount(t)));
    await renewClassKey(t.served.app, 'Account');
    await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'account.change'`);
    const other = await startAppOver(t.ownerUrl);
    try {
      const [changes] = await Promise.all([
        Promise.all(
          ids
            .slice(0, 6)
            .map((accountId) =>
              t.as('billing').mutate('changeAccount', { accountId, taxId: 'TX-RACE-1234', reason: 'x' }, 'outcome'),
            ),
        ),
        reseal(),
        resealClass(other.served.app, 'Account', signal),
      ]);
      expect(tally(changes)).toEqual({ DONE: 6 });
    } finally {
      await other.close();
      await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'account.change'`);
    }
    await reseal();
    for (const [index, id] of ids.entries())
      expect((await reveal(t, id, 'taxId')).payload.value).toBe(index < 6 ? 'TX-RACE-1234' : CANARIES.taxId);
    expect((await leftToReseal(t.served.app)).find(({ type }) => type === 'Account')!.left).toBe(0);
  });

  it('may not make a customer’s value another one, nor bring back what was erased', async () => {
    const accountId = await givenAccount(t);
    const customer = { email: 'ada@mail.example', phone: '+12025550143' };
    const input = { accountId, lobId: await givenLob(t, accountId), channel: 'WEB', category: 'x', customer };
    const { payload } = await t
      .as('operations')
      .mutate('fileComplaint', { ...input, receivedAt: new Date().toISOString() }, 'complaint { id }');
    const { id } = payload.complaint;
    await asOfOld(id, 'customer.email', 'customer_email', 'ada@mail.example', 'Complaint');
    await reseal('Complaint');
    expect((await reveal(t, id, 'customer.email', 'Complaint')).payload).toEqual({ value: 'ada@mail.example' });
    for (const set of [
      `customer_email_sealed = customer_phone_sealed, customer_email_masked = customer_phone_masked`,
      `customer_card_number_sealed = customer_phone_sealed`,
      `customer_card_number_digest = customer_phone_digest`,
    ])
      await expect(t.apiSql(`UPDATE complaint SET ${set} WHERE id = $1`, [id])).rejects.toMatchObject({
        code: '42501',
      });
    await t.as('compliance').mutate('resolveComplaint', { complaintId: id, resolution: 'UPHELD' });
    const request = await proposed(t, 'compliance', 'erasePersonalData', {
      subjectType: 'Complaint',
      subjectId: id,
      reason: 'They asked for it',
    });
    await approve(t, request, 'admin');
    await reseal('Complaint');
    const row = await rowOf(t, 'complaint', id);
    for (const column of Object.keys(row).filter((each) => /^customer_.*_(sealed|masked|digest)$/.test(each)))
      expect([column, row[column]]).toEqual([column, null]);
  });
});

describe('npm run keys', () => {
  const command = promisify(execFile);
  const env = () => ({
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    MASTER_KEY: TEST_MASTER_KEY,
    DATABASE_URL: t.ownerUrl,
    DEMO_DATA: 'false',
  });
  const keys = (...args: string[]) =>
    command(process.execPath, [path.resolve(__dirname, '../../dist/src/keys-command.js'), ...args], { env: env() });

  it('makes another key, seals anew what is under the last one, and says how things are', async () => {
    await givenAccount(t);
    expect((await keys('renew', 'Account')).stdout).toMatch(/^Account is sealed under key \d+ from now on\n$/);
    expect((await keys('reseal')).stdout).toMatch(/^Account: [1-9]\d* rows were sealed anew\n/);
    const { stdout } = await keys('status');
    expect(stdout).toMatch(/seal Complaint 1 [0-9a-f]{8} \(AES-256-GCM\) under [0-9a-f]{8}\n/);
    expect(stdout).toContain('Account: 0 rows to seal anew');
    await learnKeys(t.served.app);
  }, 180_000);

  it('CLASS_KEY_UNKNOWN: ends with 1 where there is no such class', async () => {
    await expect(keys('renew', 'Planet')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('CLASS_KEY_UNKNOWN'),
    });
  });
});

describe('a rotation of the master key', () => {
  it('wraps the keys of classes anew, once, while processes with either key serve; then the earlier one is not needed to see a value', async () => {
    const [A, B] = [randomBytes(32), randomBytes(32)];
    const installation = await Installation.of(A);
    const under = async () =>
      (
        await installation.sql<{ key: string }>(
          `SELECT DISTINCT encode(substr(wrapped, 1, 4), 'hex') AS key FROM class_key`,
        )
      ).map(({ key }) => key);
    try {
      await installation.within(settingsOf(A), async (earlier) => {
        const id = await givenAccount(earlier);
        expect(await under()).toEqual([idOf(A)]);
        await installation.within(settingsOf(B, A), async (later) => {
          await tellOfRotation(later.served.app);
          const counts = await Promise.all([later, later, earlier].map(({ served }) => rewrapClassKeys(served.app)));
          const [{ count }] = (await installation.sql(`SELECT count(*)::int AS count FROM class_key`)) as [
            { count: number },
          ];
          expect(counts.toSorted((one, other) => one - other)).toEqual([0, 0, count]);
          expect(await under()).toEqual([idOf(B)]);
          const [fromEarlier, fromLater] = [await givenAccount(earlier), await givenAccount(later)];
          for (const each of [id, fromEarlier, fromLater])
            for (const where of [earlier, later]) expect((await reveal(where, each, 'taxId')).code).toBeUndefined();
          const events = await trail(later, `action = 'classKeys.rewrapped'`);
          expect(events.map(({ changes }) => changes[0])).toEqual([
            { path: 'masterKey', before: null, after: idOf(B) },
          ]);
        });
        await installation.within(settingsOf(B), async (alone) =>
          expect((await reveal(alone, id, 'taxId')).payload).toEqual({ value: CANARIES.taxId }),
        );
      });
    } finally {
      await installation.close();
    }
  });
});
