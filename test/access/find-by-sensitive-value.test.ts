import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from '../support/app';
import { CANARIES } from '../support/canaries';
import type { CastName } from '../support/cast';
import { eventsOf, expectRefused, rowOf, tally } from '../support/outcomes';
import { givenAccount, givenLob, trail } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ REVEALS_PER_DAY: '8' });
});
afterAll(() => t.close());
let day = 0;
/** Each test has a day of its own: what was seen on another does not count. */
beforeEach(() => {
  day += 1;
  t.clock.at = new Date(Date.UTC(2030, 0, 3 * day, 10));
});

const op = { mutation: 'findBySensitiveValue', operation: 'sensitiveValue.find' };
const asked = (more: object = {}) => ({
  type: 'Account',
  field: 'taxId',
  value: CANARIES.taxId,
  reason: 'the bank named it',
  ...more,
});
const find = (more: object = {}, as: CastName = 'compliance') =>
  t.as(as).mutate('findBySensitiveValue', asked(more), 'outcome ids');

let made = 0;
/** An account number that is nobody else's. */
const fresh = () => `77${Date.now()}${(made += 1)}`;

async function givenComplaint(customer: object): Promise<string> {
  const accountId = await givenAccount(t);
  const input = { accountId, lobId: await givenLob(t, accountId), channel: 'WEB', category: 'x', customer };
  const { payload } = await t
    .as('operations')
    .mutate('fileComplaint', { ...input, receivedAt: t.clock.at!.toISOString() }, 'complaint { id }');
  return payload.complaint.id as string;
}

describe('sensitiveValue.find', () => {
  it('finds what has exactly the value, however it is written, and the trail has who looked, why, and a digest', async () => {
    const number = fresh();
    const [one, other] = [
      await givenAccount(t, { bankAccountNumber: number }),
      await givenAccount(t, { bankAccountNumber: `${number.slice(0, 6)} ${number.slice(6)}` }),
    ];
    await givenAccount(t, { bankAccountNumber: `${number}1` });
    const written = `${number.slice(0, 4)}-${number.slice(4)}`;
    const { answer, events } = await eventsOf(t, () =>
      find({ field: 'bankAccountNumber', value: written, purpose: 'fraud' }),
    );
    expect(answer.payload).toEqual({ outcome: 'DONE', ids: [one, other].toSorted() });
    const { bank_account_number_digest: digest } = await rowOf(t, 'account', one);
    expect(events).toMatchObject([
      {
        action: 'sensitiveValue.sought',
        outcome: 'DONE',
        actor: t.as('compliance').userId,
        subject: { type: 'Account', id: null },
        reason: 'the bank named it',
        changes: [
          { path: 'bankAccountNumber', before: null, after: digest.toString('hex') },
          { path: 'found', before: null, after: [one, other].toSorted() },
          { path: 'purpose', before: null, after: 'fraud' },
        ],
      },
    ]);
    expect(JSON.stringify(events)).not.toContain(number);
    expect((await rowOf(t, 'account', one)).version).toBe(1);
  });

  it('finds nothing of a value that nobody has, and tells of it all the same', async () => {
    const { answer, events } = await eventsOf(t, () => find({ field: 'bankAccountNumber', value: fresh() }));
    expect(answer.payload).toEqual({ outcome: 'DONE', ids: [] });
    expect(events).toHaveLength(1);
  });

  it('finds a complaint by its customer, whatever the capitals and blanks, and another field’s value is another', async () => {
    const [email, phone] = [`Jo.${fresh()}@Mail.Example`, `+1 202 ${String(1_000_000 + (made += 1))}`];
    const id = await givenComplaint({ email, phone, cardNumber: '4111 1111 1111 1111' });
    const complaint = { type: 'Complaint' };
    for (const [field, value] of [
      ['customer.email', email.toUpperCase()],
      ['customer.phone', phone.replaceAll(' ', '')],
      ['customer.cardNumber', '4111-1111-1111-1111'],
    ])
      expect((await find({ ...complaint, field, value })).payload).toEqual({ outcome: 'DONE', ids: [id] });
    const number = fresh();
    await givenAccount(t, { taxId: number, bankAccountNumber: `${number}9` });
    expect((await find({ field: 'taxId', value: `${number}9` })).payload.ids).toEqual([]);
    const row = await rowOf(t, 'complaint', id);
    expect(row.customer_email_digest.equals(row.customer_phone_digest)).toBe(false);
  });

  it('has no more in the row than a keyed digest: the same value of two fields is not the same there', async () => {
    const number = fresh();
    const { tax_id_digest: tax, bank_account_number_digest: bank } = await rowOf(
      t,
      'account',
      await givenAccount(t, { taxId: number, bankAccountNumber: number }),
    );
    expect([tax.length, bank.length, tax.equals(bank)]).toEqual([32, 32, false]);
  });

  it('repeated under one key is a new look and a new event; with another value the key is refused', async () => {
    const idempotencyKey = randomUUID();
    const value = fresh();
    const { events } = await eventsOf(t, async () => {
      for (const _ of [1, 2]) expect((await find({ value, idempotencyKey })).payload.ids).toEqual([]);
    });
    expect(events).toHaveLength(2);
    expect((await find({ value: fresh(), idempotencyKey })).code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('raced, and with reveals among them: together not more than a person may see in a day', async () => {
    const id = await givenAccount(t);
    const reveal = () =>
      t
        .as('compliance')
        .mutate('revealSensitiveValue', { type: 'Account', id, field: 'taxId', reason: 'x' }, 'outcome');
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => (n % 3 === 0 ? reveal() : find())));
    expect(tally(answers)).toEqual({ DONE: 8, REVEAL_LIMIT_REACHED: 4 });
    const events = await trail(t, `action = ANY ('{sensitiveValue.sought,sensitiveValue.revealed}') AND at = $1`, [
      t.clock.at,
    ]);
    expect(events).toHaveLength(8);
  });
});

describe('sensitiveValue.find is refused', () => {
  it.each<[string, CastName | 'nobody', object, string]>([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['somebody who may see such values, one by one', 'billing', {}, 'FORBIDDEN'],
    ['a supervisor', 'supervisor', {}, 'FORBIDDEN'],
    [
      'operations, of a complaint',
      'operations',
      { type: 'Complaint', field: 'customer.email', value: 'a@b.example' },
      'FORBIDDEN',
    ],
    ['an auditor', 'auditor', {}, 'FORBIDDEN'],
    ['an administrator', 'admin', {}, 'FORBIDDEN'],
    [
      'a type that has no such values',
      'compliance',
      { type: 'User', field: 'email', value: 'a@b.example' },
      'NOT_FOUND',
    ],
    ['a field that is none', 'compliance', { field: 'legalName' }, 'NOT_FOUND'],
    ['a column', 'compliance', { field: 'taxId.sealed' }, 'NOT_FOUND'],
    [
      'a value that is none of its kind',
      'compliance',
      { field: 'bankAccountNumber', value: 'GB82WEST12345698765433' },
      'SENSITIVE_VALUE_INVALID',
    ],
    ['a part of a value', 'compliance', { value: '12' }, 'SENSITIVE_VALUE_INVALID'],
    ['a masked value', 'compliance', { value: '••••••••9000' }, 'SENSITIVE_VALUE_MASKED'],
    ['no reason', 'compliance', { reason: ' ' }, 'BAD_USER_INPUT'],
  ])('%s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: asked(more), code });
  });
});
