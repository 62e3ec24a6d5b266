import { startTestApp, type TestApp } from '../support/app';
import {
  approve,
  countersigned,
  eventsOf,
  expectRefused,
  proposed,
  rowOf,
  stateOf,
  tally,
  told,
  withoutPolicy,
} from '../support/outcomes';
import { freshCode } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const asked = (more: object = {}) => ({
  code: freshCode('ACC'),
  legalName: '  Northwind Bank plc ',
  currency: 'GBP',
  timeZone: 'Europe/London',
  taxId: 'GB 123-4567-89',
  bankAccountNumber: 'GB29 NWBK 6016 1331 9268 19',
  ...more,
});

describe('account.open', () => {
  it('waits, then opens the account: row, events and actors', async () => {
    const input = asked();
    const before = await stateOf(t);
    const request = await proposed(t, 'operations', 'openAccount', input);
    expect((await stateOf(t)).account).toEqual(before.account);
    const { answer, events } = await eventsOf(t, () => approve(t, request));
    expect(answer.payload.changeRequest.status).toBe('EXECUTED');
    const [row] = await t.sql('SELECT * FROM account WHERE code = $1', [input.code]);
    expect(row).toMatchObject({
      legal_name: 'Northwind Bank plc',
      status: 'OPEN',
      currency: 'GBP',
      time_zone: 'Europe/London',
      version: 1,
      closed_at: null,
      bank_account_number_masked: '••••••••6819',
    });
    const subject = { type: 'Account', id: row!.id, version: 1 };
    expect(told(events)).toEqual([
      {
        action: 'account.opened',
        outcome: 'DONE',
        actor: t.as('supervisor').userId,
        onBehalfOf: t.as('operations').userId,
        subject,
        reason: null,
      },
      {
        action: 'changeRequest.approved',
        outcome: 'DONE',
        actor: t.as('supervisor').userId,
        onBehalfOf: null,
        subject: { type: 'ChangeRequest', id: request.id, version: 2 },
        reason: null,
      },
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'code', before: null, after: input.code },
      { path: 'legalName', before: null, after: 'Northwind Bank plc' },
      { path: 'currency', before: null, after: 'GBP' },
      { path: 'timeZone', before: null, after: 'Europe/London' },
      { path: 'status', before: null, after: 'OPEN' },
      { path: 'taxId', before: null, after: row!.tax_id_masked },
      { path: 'bankAccountNumber', before: null, after: '••••••••6819' },
    ]);
    const seen = await t
      .as('auditor')
      .gql(`query ($id: ID!) { account(id: $id) { code legalName taxId bankAccountNumber status version } }`, {
        id: row!.id,
      });
    expect(seen.data).toEqual({
      account: {
        code: input.code,
        legalName: 'Northwind Bank plc',
        taxId: row!.tax_id_masked,
        bankAccountNumber: '••••••••6819',
        status: 'OPEN',
        version: 1,
      },
    });
  });

  it('keeps no sensitive value in the clear anywhere', async () => {
    const { request, result } = await countersigned(t, 'operations', 'openAccount', asked());
    const row = await rowOf(t, 'account', result.account);
    const [waiting] = await t.sql('SELECT * FROM change_request WHERE id = $1', [request.id]);
    const events = await t.sql<{ content: Buffer }>('SELECT content FROM audit.told');
    const kept = [row, waiting].map((each) =>
      JSON.stringify(each, (_key, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
      ),
    );
    for (const text of [...kept, ...events.map(({ content }) => content.toString('utf8'))]) {
      expect(text).not.toMatch(/60161331926819|6016 1331 9268/);
      expect(text).not.toContain('123-4567');
    }
  });

  it('is open without tax id and bank account, and says so', async () => {
    const { result } = await countersigned(
      t,
      'operations',
      'openAccount',
      asked({ taxId: null, bankAccountNumber: undefined }),
    );
    expect(await rowOf(t, 'account', result.account)).toMatchObject({
      tax_id_sealed: null,
      tax_id_masked: null,
      bank_account_number_sealed: null,
      bank_account_number_masked: null,
    });
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'billing', {}, 'FORBIDDEN'],
    ['a user without a role', 'stranger', {}, 'FORBIDDEN'],
    ['a permission before the input', 'auditor', { code: 'not a code' }, 'FORBIDDEN'],
    ['a code that begins with a hyphen', 'operations', { code: '-ACC' }, 'BAD_USER_INPUT'],
    ['a code of 41 characters', 'operations', { code: 'A'.repeat(41) }, 'BAD_USER_INPUT'],
    ['a code with a line end behind it', 'operations', { code: 'ACC-1\n' }, 'BAD_USER_INPUT'],
    ['a blank name', 'operations', { legalName: '\u00a0 ' }, 'BAD_USER_INPUT'],
    ['a name of 201 characters', 'operations', { legalName: 'x'.repeat(201) }, 'BAD_USER_INPUT'],
    ['the input before the currency', 'operations', { currency: 'GB', code: 'x' }, 'BAD_USER_INPUT'],
    [
      'a currency that does not exist, before the zone',
      'operations',
      { currency: 'ABC', timeZone: 'Mars/Base' },
      'CURRENCY_UNKNOWN',
    ],
    ['a currency in small letters', 'operations', { currency: 'gbp' }, 'CURRENCY_UNKNOWN'],
    ['a metal', 'operations', { currency: 'XAU' }, 'CURRENCY_UNKNOWN'],
    ['a name of Object', 'operations', { currency: '__p' }, 'CURRENCY_UNKNOWN'],
    [
      'a zone that does not exist, before the tax id',
      'operations',
      { timeZone: 'Mars/Base', taxId: '1' },
      'ZONE_UNKNOWN',
    ],
    ['an offset as zone', 'operations', { timeZone: '+05:30' }, 'ZONE_UNKNOWN'],
    ['an ambiguous zone', 'operations', { timeZone: 'IST' }, 'ZONE_UNKNOWN'],
    ['a tax id that is none', 'operations', { taxId: '1' }, 'SENSITIVE_VALUE_INVALID'],
    [
      'an IBAN with a wrong check digit',
      'operations',
      { bankAccountNumber: 'GB29NWBK60161331926818' },
      'SENSITIVE_VALUE_INVALID',
    ],
    ['a masked value sent back', 'operations', { bankAccountNumber: '••••••••6819' }, 'SENSITIVE_VALUE_MASKED'],
    ['an empty bank account number', 'operations', { bankAccountNumber: '' }, 'BAD_USER_INPUT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, { as, mutation: 'openAccount', operation: 'account.open', input: asked(more), code });
  });

  it('refuses a code that is taken, at once or when it is carried out', async () => {
    const input = asked();
    const [first, second] = [
      await proposed(t, 'operations', 'openAccount', input),
      await proposed(t, 'operations', 'openAccount', input),
    ];
    expect((await approve(t, first)).payload.changeRequest.status).toBe('EXECUTED');
    const late = await approve(t, second);
    expect(late.code).toBe('CHANGE_REQUEST_FAILED');
    expect(late.errors[0]!.extensions.details).toMatchObject({ code: 'ACCOUNT_CODE_TAKEN' });
    expect(await rowOf(t, 'change_request', second.id)).toMatchObject({
      status: 'FAILED',
      failure_code: 'ACCOUNT_CODE_TAKEN',
      approved_by_id: null,
    });
    await withoutPolicy(t, 'account.open', () =>
      expectRefused(t, {
        as: 'operations',
        mutation: 'openAccount',
        operation: 'account.open',
        input,
        code: 'ACCOUNT_CODE_TAKEN',
      }),
    );
  });

  it('is proposed once for one idempotency key, and refuses the key for another input', async () => {
    const input = asked({ idempotencyKey: freshCode('KEY') });
    const first = await t.as('operations').mutate('openAccount', input);
    const { answer: again, events } = await eventsOf(t, () => t.as('operations').mutate('openAccount', input));
    expect(first.payload.outcome).toBe('AWAITING_APPROVAL');
    expect(again.payload).toEqual(first.payload);
    expect(events).toEqual([]);
    await expectRefused(t, {
      as: 'operations',
      mutation: 'openAccount',
      operation: 'account.open',
      input: { ...input, legalName: 'Other' },
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('is opened once however many race for the code', async () => {
    const input = asked();
    const answers = await withoutPolicy(t, 'account.open', () =>
      Promise.all(Array.from({ length: 8 }, () => t.as('operations').mutate('openAccount', input))),
    );
    expect(tally(answers)).toEqual({ DONE: 1, ACCOUNT_CODE_TAKEN: 7 });
    expect(await t.sql('SELECT count(*)::int AS n FROM account WHERE code = $1', [input.code])).toEqual([{ n: 1 }]);
  });

  it('is opened once however many race with one key', async () => {
    const input = asked({ idempotencyKey: freshCode('KEY') });
    const answers = await withoutPolicy(t, 'account.open', () =>
      Promise.all(
        Array.from({ length: 8 }, () => t.as('operations').mutate('openAccount', input, 'outcome account { id code }')),
      ),
    );
    expect(tally(answers)).toEqual({ DONE: 8 });
    expect(new Set(answers.map(({ payload }) => payload.account.id)).size).toBe(1);
    expect(await t.sql('SELECT count(*)::int AS n FROM account WHERE code = $1', [input.code])).toEqual([{ n: 1 }]);
  });
});
