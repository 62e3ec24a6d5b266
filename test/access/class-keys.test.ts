import { execFile } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { learnKeys, renewClassKey, rewrapClassKeys } from '../../src/audit/class-keys';
import { rewrapSubjectKeys } from '../../src/audit/rewrap-subject-keys';
import { tellOfRotation } from '../../src/audit/key-rotation';
import { classKeyNamed } from '../../src/platform/class-keys';
import { leftToReseal, resealClass, resealValues } from '../../src/privacy/reseal-values';
import type { App } from '../../src/platform/context';
import { deriveKeys, type KeyRing } from '../../src/platform/keys';
import { newKey, wrapKey } from '../../src/platform/wrapped-key';
import { openBytes, sealBytes } from '../../src/platform/sealed-bytes';
import { givenWebhook, look, Receiver } from '../notifications/receiver';
import { Installation, idOf, settingsOf } from '../audit/rotation-support';
import { sealAll } from '../audit/seal-support';
import { tellAllRows } from '../audit/told-rows';
import { verifiedDatabase } from '../audit/verification';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { CANARIES } from '../support/canaries';
import { TEST_MASTER_KEY, testConfig } from '../support/config';
import { approve, proposed, rowOf, tally } from '../support/outcomes';
import { givenAccount, givenAgent, givenLob, trail } from '../support/scene';

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
    // Others of this file made some elsewhere.
    await learnKeys(t.served.app);
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

  it('takes inputs of change requests that wait and that are over, which are carried out as they were asked for; not those of another', async () => {
    const accountId = await givenAccount(t);
    const [one, other] = [
      await proposed(t, 'billing', 'changeAccount', { accountId, taxId: 'TX-WAITS-99', reason: 'new' }),
      await proposed(t, 'billing', 'changeAccount', { accountId, taxId: 'TX-TAKEN-99', reason: 'new' }),
    ];
    await t.as('billing').mutate('withdrawChangeRequest', { id: other.id }, 'outcome');
    const before = await rowOf(t, 'change_request', one.id);
    await renewClassKey(t.served.app, 'ChangeRequest');
    expect(await reseal('ChangeRequest')).toBeGreaterThan(1);
    expect(await reseal('ChangeRequest')).toBe(0);
    const after = await rowOf(t, 'change_request', one.id);
    const taken = await rowOf(t, 'change_request', other.id);
    for (const { input_sealed: sealed } of [after, taken]) expect(keyIn(sealed)).toBe(await newest('ChangeRequest'));
    expect(after).toEqual({ ...before, input_sealed: after.input_sealed, version: before.version + 1 });
    expect((await trail(t, `action = 'sensitiveValues.resealed'`)).at(-1)).toMatchObject({
      actor: null,
      subject: { type: 'ChangeRequest' },
    });
    for (const sealed of [
      taken.input_sealed,
      Buffer.alloc(after.input_sealed.length, 1),
      before.input_sealed.subarray(1),
    ])
      await expect(
        t.apiSql('UPDATE change_request SET input_sealed = $2 WHERE id = $1', [one.id, sealed]),
      ).rejects.toMatchObject({ code: '42501' });
    await expect(
      t.apiSql(`UPDATE change_request SET input_sealed = $2, input_shown = '{"x": 1}' WHERE id = $1`, [
        one.id,
        before.input_sealed,
      ]),
    ).rejects.toMatchObject({ code: '42501' });
    expect((await approve(t, one)).payload.changeRequest).toMatchObject({ status: 'EXECUTED' });
    expect((await reveal(t, accountId, 'taxId')).payload).toEqual({ value: 'TX-WAITS-99' });
  });

  it('takes secrets of webhooks, which sign on as they did, and of second factors', async () => {
    const receiver = await Receiver.start();
    try {
      const hook = await givenWebhook(t, receiver.url, ['changeRequest.proposed']);
      const enrolling = await (await t.signInAnew('stranger')).mutate('enrolTotp', {}, 'secret');
      expect(enrolling.errors).toEqual([]);
      const factor = async () =>
        (await t.sql('SELECT * FROM second_factor WHERE user_id = $1', [t.as('stranger').userId]))[0]!;
      const { secret_sealed: drawn, id: factorId } = await factor();
      for (const type of ['Webhook', 'SecondFactor']) {
        await renewClassKey(t.served.app, type);
        expect(await reseal(type)).toBe(1);
      }
      expect(keyIn((await rowOf(t, 'webhook', hook.id)).secret_sealed)).toBe(await newest('Webhook'));
      const { secret_sealed: anew } = await factor();
      const open = (sealed: Buffer) =>
        openBytes(
          classKeyNamed(t.served.app.keys, keyIn(sealed))!,
          sealed.subarray(4),
          `SecondFactor/${factorId}/secret`,
        ).toString();
      expect([keyIn(anew), open(anew)]).toEqual([await newest('SecondFactor'), open(drawn)]);
      const request = await proposed(t, 'admin', 'grantRole', {
        userId: t.as('stranger').userId,
        role: 'auditor',
        reason: 'x',
      });
      await look(t);
      const { headers, text } = receiver.arrived.find(({ body }) => body.data.changeRequestId === request.id)!;
      // As receivers check it, but for the time: the clock of this test is ahead of theirs.
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`;
      const secret = Buffer.from(hook.secret.replace('whsec_', ''), 'base64');
      expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
    } finally {
      await receiver.stop();
    }
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
    expect(stdout).toMatch(/keys of subjects: \d+ to wrap anew\n/);
    expect((await keys('rewrap')).stdout).toMatch(
      /^\d+ keys were wrapped anew\n\d+ keys of subjects were wrapped anew\n$/,
    );
    expect((await keys('retention')).stdout).toMatch(
      /^Complaint\.customer\.cardNumber: \d+ kept, \d+ of them over; 180 days/m,
    );
    await learnKeys(t.served.app);
  }, 180_000);

  it('CLASS_KEY_UNKNOWN: ends with 1 where there is no such class', async () => {
    await expect(keys('renew', 'Planet')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('CLASS_KEY_UNKNOWN'),
    });
  });
});

/** Keys of so many subjects whom nobody knows: their ids, and the keys as they are wrapped. */
function manyKeys(ring: KeyRing, count: number): [string[], Buffer[]] {
  const ids = Array.from({ length: count }, () => randomUUID());
  return [ids, ids.map((id) => wrapKey(ring, newKey(ring), `Agent/${id}`))];
}

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

  it('wraps the keys of subjects anew in batches that can be stopped, once, and not those that are destroyed', async () => {
    const [A, B] = [randomBytes(32), randomBytes(32)];
    const installation = await Installation.of(A);
    const wrappedUnder = async (key: Buffer) =>
      (
        await installation.sql(
          `SELECT count(*)::int AS count FROM audit.subject_key WHERE encode(substr(wrapped, 1, 4), 'hex') = $1`,
          [idOf(key)],
        )
      )[0]!.count as number;
    try {
      await installation.within(settingsOf(A), async (earlier) => {
        const kept = await givenAgent(earlier, { name: 'Ada Kept' });
        const gone = await givenAgent(earlier, { name: 'Ada Gone' });
        const [{ id: event }] = (await trail(earlier, 'subject_id = $1', [kept])) as [{ id: string }];
        const request = await proposed(earlier, 'compliance', 'erasePersonalData', {
          subjectType: 'Agent',
          subjectId: gone,
          reason: 'x',
        });
        await installation.sql(
          `INSERT INTO audit.subject_key (subject_type, subject_id, wrapped) SELECT 'Agent', * FROM unnest($1::uuid[], $2::bytea[])`,
          manyKeys(earlier.served.app.keys, 1100),
        );
        await installation.within(settingsOf(B, A), async (later) => {
          await tellOfRotation(later.served.app);
          await rewrapClassKeys(later.served.app);
          // One with the earlier key alone has nothing to wrap, and one that is stopped does nothing.
          expect(await rewrapSubjectKeys(earlier.served.app, signal)).toBe(0);
          expect(await rewrapSubjectKeys(later.served.app, AbortSignal.abort())).toBe(0);
          const due = await wrappedUnder(A);
          expect(due).toBeGreaterThan(1100);
          const stopping = new AbortController();
          const log = { info: () => stopping.abort() } as unknown as App['log'];
          expect(await rewrapSubjectKeys({ ...later.served.app, log }, stopping.signal)).toBe(500);
          expect(await wrappedUnder(A)).toBe(due - 500);
          const [erased, ...counts] = await Promise.all([
            approve(earlier, request, 'admin'),
            rewrapSubjectKeys({ ...later.served.app }, signal),
            rewrapSubjectKeys({ ...later.served.app }, signal),
          ]);
          expect(erased.errors).toEqual([]);
          const [one, two] = counts;
          // The one that was erased may have been wrapped anew before.
          expect([due, due - 1]).toContain(500 + one + two);
          expect(await wrappedUnder(A)).toBe(0);
          const events = await trail(later, `action = 'subjectKeys.rewrapped'`);
          for (const { actor, changes } of events) expect([actor, changes[0].after]).toEqual([null, idOf(B)]);
          const told = events.map(({ changes }) => changes[1].after as number);
          expect(told.reduce((sum, each) => sum + each, 0)).toBe(500 + one + two);
          expect(await rewrapSubjectKeys(later.served.app, signal)).toBe(0);
          expect(await installation.sql('SELECT wrapped FROM audit.subject_key WHERE subject_id = $1', [gone])).toEqual(
            [{ wrapped: null }],
          );
          await expect(
            later.apiSql(
              `UPDATE audit.subject_key SET wrapped = '\\x00000000', destroyed_at = NULL WHERE subject_id = $1`,
              [gone],
            ),
          ).rejects.toMatchObject({ code: '42501' });
          await expect(
            later.apiSql(`UPDATE audit.subject_key SET wrapped = '\\x00000000' WHERE subject_id = $1`, [kept]),
          ).rejects.toMatchObject({ code: '42501' });
        });
        await installation.within(settingsOf(B), async (alone) =>
          expect((await reveal(alone, event, 'name.after', 'AuditEvent')).payload).toEqual({ value: 'Ada Kept' }),
        );
      });
    } finally {
      await installation.close();
    }
  });
});
