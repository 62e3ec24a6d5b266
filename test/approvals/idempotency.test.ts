import { randomUUID } from 'node:crypto';
import { type ApiClient, startTestApp, type TestApp } from '../support/app';
import { approve, stateOf } from '../support/outcomes';
import { freshCode, givenAccount, givenDraft, givenInvoice, trail } from '../support/scene';
import { givenProposedVoid } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ DATABASE_POOL: '30' });
});
afterAll(() => t.close());

const hiring = (more: object = {}) => ({ code: freshCode('AG'), name: 'Agent', hiredOn: '2020-01-01', ...more });
const hire = (client: ApiClient, input: object) => client.mutate('hireAgent', input, 'outcome agent { id code }');
const twenty = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: 20 }, work));

const keysOf = (userId: string, key: string) =>
  t.sql<{ answer: unknown; input_digest: string }>(
    'SELECT answer, input_digest FROM idempotency_key WHERE actor_id = $1 AND key = $2',
    [userId, key],
  );

describe('the idempotency key', () => {
  it('twenty equal mutations at once do it once and answer alike: an operation that is done at once', async () => {
    const input = hiring({ idempotencyKey: randomUUID() });
    const answers = await twenty(() => hire(t.as('operations'), input));
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]!.payload).toEqual({ outcome: 'DONE', agent: { id: expect.any(String), code: input.code } });
    expect(await t.sql('SELECT id FROM agent WHERE code = $1', [input.code])).toHaveLength(1);
    expect(await trail(t, `subject_id = $1`, [answers[0]!.payload.agent.id])).toHaveLength(1);
  });

  it('twenty equal mutations at once do it once and answer alike: an operation that waits', async () => {
    const invoiceId = await givenInvoice(t, await givenAccount(t));
    const input = { invoiceId, reason: 'twice', idempotencyKey: randomUUID() };
    const answers = await twenty(() =>
      t.as('billing').mutate('voidInvoice', input, 'outcome invoice { id } changeRequest { id digest }'),
    );
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]!.payload.outcome).toBe('AWAITING_APPROVAL');
    expect(
      await t.sql('SELECT id FROM change_request WHERE subject_id = $1 AND operation = $2', [
        invoiceId,
        'invoice.void',
      ]),
    ).toEqual([{ id: answers[0]!.payload.changeRequest.id }]);
  });

  it('twenty equal approvals with one key at once are one approval, and all are told that it was done', async () => {
    const { invoiceId, id, revision, digest } = await givenProposedVoid(t);
    const input = { id, revision, digest, idempotencyKey: randomUUID() };
    const answers = await twenty(() =>
      t.as('supervisor').mutate('approveChangeRequest', input, 'outcome changeRequest { status }'),
    );
    expect(answers.map(({ payload }) => payload)).toEqual(
      answers.map(() => ({ outcome: 'DONE', changeRequest: { status: 'EXECUTED' } })),
    );
    expect(await trail(t, `action = 'invoice.voided' AND subject_id = $1`, [invoiceId])).toHaveLength(1);
  });

  it('without a key each is its own', async () => {
    const accountId = await givenAccount(t);
    const lines = [{ description: 'Calls', quantity: '1', unitPrice: '1' }];
    const draft = () => t.as('billing').mutate('draftInvoice', { accountId, lines }, 'invoice { id }');
    const [one, two] = [await draft(), await draft()];
    expect(one.payload.invoice.id).not.toBe(two.payload.invoice.id);
  });

  it('a repeat answers what became of it, also once it was approved, and does nothing', async () => {
    const invoiceId = await givenDraft(t, await givenAccount(t));
    const input = { invoiceId, idempotencyKey: randomUUID() };
    const issue = () =>
      t.as('billing').mutate('issueInvoice', input, 'outcome changeRequest { id revision digest status }');
    const first = (await issue()).payload;
    await approve(t, first.changeRequest);
    const before = await stateOf(t);
    const second = (await issue()).payload;
    expect(second).toEqual({
      outcome: 'AWAITING_APPROVAL',
      changeRequest: { ...first.changeRequest, status: 'EXECUTED' },
    });
    expect(await stateOf(t)).toEqual(before);
  });

  it('IDEMPOTENCY_KEY_REUSED: the same key with another input, and nothing happens', async () => {
    const input = hiring({ idempotencyKey: randomUUID() });
    await hire(t.as('operations'), input);
    const before = await stateOf(t);
    for (const other of [{ name: 'Somebody else' }, { code: freshCode('AG') }, { hiredOn: '2020-01-02' }]) {
      const { code, data } = await hire(t.as('operations'), { ...input, ...other });
      expect({ code, data }).toEqual({ code: 'IDEMPOTENCY_KEY_REUSED', data: null });
    }
    expect(await stateOf(t)).toEqual(before);
  });

  it('IDEMPOTENCY_KEY_REUSED: twenty different mutations with one key at once: one is done, the others are refused', async () => {
    const idempotencyKey = randomUUID();
    const answers = await twenty(() => hire(t.as('operations'), hiring({ idempotencyKey })));
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'IDEMPOTENCY_KEY_REUSED')).toHaveLength(19);
  });

  it('IDEMPOTENCY_KEY_REUSED: the same key and input of another operation', async () => {
    const id = (await givenProposedVoid(t)).id;
    const input = { id, reason: 'no', idempotencyKey: randomUUID() };
    await t.as('supervisor').mutate('rejectChangeRequest', input);
    expect((await t.as('supervisor').mutate('withdrawChangeRequest', input)).code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('of another user is another key, with its own answer', async () => {
    const idempotencyKey = randomUUID();
    const accountId = await givenAccount(t);
    const lines = [{ description: 'Calls', quantity: '1', unitPrice: '1' }];
    const draft = (who: 'billing' | 'billing2', more: object = {}) =>
      t.as(who).mutate('draftInvoice', { accountId, lines, idempotencyKey, ...more }, 'invoice { id }');
    const one = await draft('billing');
    const two = await draft('billing2');
    const three = await draft('billing2', { dueInDays: 9 });
    expect([one.code, two.code, three.code]).toEqual([undefined, undefined, 'IDEMPOTENCY_KEY_REUSED']);
    expect(two.payload.invoice.id).not.toBe(one.payload.invoice.id);
    expect((await draft('billing')).payload).toEqual(one.payload);
  });

  it('is given back by a try that was refused', async () => {
    const idempotencyKey = randomUUID();
    const accountId = await givenAccount(t);
    const change = (more: object) =>
      t.as('operations').mutate('changeAccount', { accountId, idempotencyKey, ...more }, 'outcome');
    expect((await change({})).code).toBe('NOTHING_TO_CHANGE');
    expect(await keysOf(t.as('operations').userId, idempotencyKey)).toEqual([]);
    expect((await change({ timeZone: 'Mars/Olympus' })).code).toBe('ZONE_UNKNOWN');
    expect((await change({ timeZone: 'Asia/Tokyo' })).payload).toEqual({ outcome: 'DONE' });
    expect(await keysOf(t.as('operations').userId, idempotencyKey)).toHaveLength(1);
  });

  it('does not keep the input: only a keyed digest of it, and ids', async () => {
    const idempotencyKey = randomUUID();
    const bankAccountNumber = '000555123456';
    const accountId = await givenAccount(t);
    await t.as('operations').mutate('changeAccount', { accountId, bankAccountNumber, idempotencyKey });
    const [kept] = await keysOf(t.as('operations').userId, idempotencyKey);
    expect(kept!.input_digest).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(kept)).not.toContain(bankAccountNumber.slice(0, 8));
  });

  it('of a reveal: each time a new look and a new event, and the value is not stored', async () => {
    const bankAccountNumber = '000555987654';
    const accountId = await givenAccount(t, { bankAccountNumber });
    const idempotencyKey = randomUUID();
    const input = { type: 'Account', id: accountId, field: 'bankAccountNumber', reason: 'a payment', idempotencyKey };
    const reveal = (more: object = {}) =>
      t.as('billing').mutate('revealSensitiveValue', { ...input, ...more }, 'outcome value');
    const looks = [await reveal(), await reveal(), await reveal()];
    expect(looks.map(({ payload }) => payload)).toEqual(
      looks.map(() => ({ outcome: 'DONE', value: bankAccountNumber })),
    );
    expect(await trail(t, `action = 'sensitiveValue.revealed' AND subject_id = $1`, [accountId])).toHaveLength(3);
    const kept = await keysOf(t.as('billing').userId, idempotencyKey);
    expect(kept).toEqual([{ answer: null, input_digest: expect.any(String) }]);
    expect((await reveal({ field: 'taxId' })).code).toBe('IDEMPOTENCY_KEY_REUSED');
    const everything = await t.sql<{ text: string }>(
      `SELECT string_agg(c::text, '') AS text FROM change_request c UNION ALL SELECT string_agg(k::text, '') FROM idempotency_key k
       UNION ALL SELECT string_agg(convert_from(content, 'UTF8'), '') FROM audit.told UNION ALL SELECT string_agg(a::text, '') FROM account a`,
    );
    expect(everything.map(({ text }) => text.length > 0)).toEqual([true, true, true, true]);
    expect(everything.some(({ text }) => text.includes(bankAccountNumber))).toBe(false);
  });

  it('a repeat by somebody who may not any more is refused like a first try', async () => {
    const input = hiring({ idempotencyKey: randomUUID() });
    await hire(t.as('operations'), input);
    const values = [t.as('operations').userId];
    await t.sql('UPDATE role_grant SET revoked_at = now() WHERE user_id = $1', values);
    try {
      const { code, data } = await hire(t.as('operations'), input);
      expect({ code, data }).toEqual({ code: 'FORBIDDEN', data: null });
    } finally {
      await t.rewind('UPDATE role_grant SET revoked_at = NULL WHERE user_id = $1', values);
    }
  });

  it.each(['', 'x'.repeat(201), 'a\u0000b', 'a\u0007b', '\ud800'])(
    'a key that cannot be one is refused: %j',
    async (idempotencyKey) => {
      const before = await stateOf(t);
      const { code } = await hire(t.as('operations'), hiring({ idempotencyKey }));
      expect(['BAD_USER_INPUT', 'TEXT_INVALID']).toContain(code);
      expect(await stateOf(t)).toEqual(before);
    },
  );

  it.each(['x', 'x'.repeat(200), `'; DROP TABLE agent; --`, 'ключ 🔑', '__proto__'])(
    'a key may be %j',
    async (idempotencyKey) => {
      const input = hiring({ idempotencyKey });
      const [one, two] = [await hire(t.as('operations'), input), await hire(t.as('operations'), input)];
      expect(one.payload.agent.id).toEqual(two.payload.agent.id);
    },
  );
});
