import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, expectRefused, NOBODYS_ID, rowOf, tally, told } from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf, givenLob } from '../support/scene';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'draftInvoice', operation: 'invoice.draft' };
const line = (more: object = {}) => ({ description: 'Calls', quantity: '2', unitPrice: '1.50', ...more });
const MONEY = '{ amount currency }';
const SELECTION = `outcome changeRequest { id } invoice { id number status paymentStatus version dueOn issuedAt
  subtotal ${MONEY} tax ${MONEY} total ${MONEY} disputedAmount ${MONEY} openAmount ${MONEY}
  lines { lineNumber description quantity unitPrice taxRate lob { id } amount ${MONEY} tax ${MONEY} total ${MONEY} disputedAmount ${MONEY} openAmount ${MONEY} } }`;

describe('invoice.draft', () => {
  it('drafts: payload, rows, event and actor', async () => {
    const accountId = await givenAccount(t, { currency: 'INR' });
    const lobId = await givenLob(t, accountId);
    const { answer, events } = await eventsOf(t, () =>
      t.as('billing').mutate(
        'draftInvoice',
        {
          accountId,
          dueInDays: 45,
          lines: [{ lobId, description: ' Calls ', quantity: '10.50', unitPrice: '12.345', taxRate: '18.000' }, line()],
        },
        SELECTION,
      ),
    );
    const inr = (amount: string) => ({ amount, currency: 'INR' });
    const { id } = answer.payload.invoice;
    // 10.5 × 12.345 = 129.6225; 18 % of 129.62 = 23.3316.
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      changeRequest: null,
      invoice: {
        id,
        number: null,
        status: 'DRAFT',
        paymentStatus: 'UNPAID',
        version: 1,
        dueOn: null,
        issuedAt: null,
        subtotal: inr('132.62'),
        tax: inr('23.33'),
        total: inr('155.95'),
        disputedAmount: inr('0.00'),
        openAmount: inr('155.95'),
        lines: [
          {
            lineNumber: 1,
            description: 'Calls',
            quantity: '10.5',
            unitPrice: '12.345',
            taxRate: '18',
            lob: { id: lobId },
            amount: inr('129.62'),
            tax: inr('23.33'),
            total: inr('152.95'),
            disputedAmount: inr('0.00'),
            openAmount: inr('152.95'),
          },
          {
            lineNumber: 2,
            description: 'Calls',
            quantity: '2',
            unitPrice: '1.5',
            taxRate: '0',
            lob: null,
            amount: inr('3.00'),
            tax: inr('0.00'),
            total: inr('3.00'),
            disputedAmount: inr('0.00'),
            openAmount: inr('3.00'),
          },
        ],
      },
    });
    expect(await rowOf(t, 'invoice', id)).toMatchObject({
      account_id: accountId,
      total_minor: '15595',
      due_in_days: 45,
      drafted_by_id: t.as('billing').userId,
      number: null,
      series: null,
    });
    expect(told(events)).toEqual([
      {
        action: 'invoice.drafted',
        outcome: 'DONE',
        actor: t.as('billing').userId,
        onBehalfOf: null,
        subject: { type: 'Invoice', id, version: 1 },
        reason: null,
      },
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'status', before: null, after: 'DRAFT' },
      { path: 'account', before: null, after: accountId },
      { path: 'total', before: null, after: inr('155.95') },
      {
        path: 'lines.1',
        before: null,
        after: { description: 'Calls', quantity: '10.50', unitPrice: '12.345', amount: inr('129.62') },
      },
      {
        path: 'lines.2',
        before: null,
        after: { description: 'Calls', quantity: '2', unitPrice: '1.50', amount: inr('3.00') },
      },
    ]);
  });

  it('is due in 30 days unless told', async () => {
    const { payload } = await t
      .as('billing')
      .mutate('draftInvoice', { accountId: await givenAccount(t), lines: [line()] }, 'invoice { id }');
    expect((await rowOf(t, 'invoice', payload.invoice.id)).due_in_days).toBe(30);
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['no line', 'billing', { lines: [] }, 'BAD_USER_INPUT'],
    ['501 lines', 'billing', { lines: Array.from({ length: 501 }, () => line()) }, 'BAD_USER_INPUT'],
    ['a line without a description', 'billing', { lines: [line(), line({ description: ' ' })] }, 'BAD_USER_INPUT'],
    ['due before it is issued', 'billing', { dueInDays: -1 }, 'BAD_USER_INPUT'],
    ['due after more than a year', 'billing', { dueInDays: 366 }, 'BAD_USER_INPUT'],
    ['an unknown account', 'billing', { accountId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'billing', { accountId: '1' }, 'NOT_FOUND'],
    [
      'an unknown LOB, before what is wrong with the line',
      'billing',
      { lines: [line({ lobId: NOBODYS_ID, quantity: '0' })] },
      'NOT_FOUND',
    ],
    ['a LOB id that is none', 'billing', { lines: [line({ lobId: 'x' })] }, 'NOT_FOUND'],
    ['a quantity of zero', 'billing', { lines: [line({ quantity: '0.000' })] }, 'INVOICE_LINE_INVALID'],
    ['a negative quantity', 'billing', { lines: [line({ quantity: '-1' })] }, 'INVOICE_LINE_INVALID'],
    ['a negative price', 'billing', { lines: [line({ unitPrice: '-0.01' })] }, 'INVOICE_LINE_INVALID'],
    ['a tax of more than all', 'billing', { lines: [line({ taxRate: '100.0001' })] }, 'INVOICE_LINE_INVALID'],
    ['a tax of five decimals', 'billing', { lines: [line({ taxRate: '1.00001' })] }, 'INVOICE_LINE_INVALID'],
    [
      'eleven digits before the point',
      'billing',
      { lines: [line({ quantity: '12345678901' })] },
      'INVOICE_LINE_INVALID',
    ],
    [
      'a line above all that can be billed',
      'billing',
      { lines: [line({ quantity: '9999999999', unitPrice: '9999999999' })] },
      'AMOUNT_OUT_OF_RANGE',
    ],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: { accountId: await givenAccount(t), lines: [line()], ...more }, code });
  });

  it('says which line is wrong', async () => {
    const input = { accountId: await givenAccount(t), lines: [line(), line(), line({ quantity: '0' })] };
    await expectRefused(t, { as: 'billing', ...op, input, code: 'INVOICE_LINE_INVALID', details: { lineNumber: 3 } });
  });

  it('refuses a LOB of another account like an unknown one, and a closed account before it', async () => {
    const [accountId, other] = [await givenAccount(t), await givenAccount(t)];
    const lines = [line({ lobId: await givenLob(t, other) })];
    const { errors } = await expectRefused(t, { as: 'billing', ...op, input: { accountId, lines }, code: 'NOT_FOUND' });
    const unknown = await expectRefused(t, {
      as: 'billing',
      ...op,
      input: { accountId, lines: [line({ lobId: NOBODYS_ID })] },
      code: 'NOT_FOUND',
    });
    expect(errors[0]!.message).toBe(unknown.errors[0]!.message);
    await t.sql(`UPDATE account SET status = 'CLOSED', closed_at = now() WHERE id = $1`, [accountId]);
    await expectRefused(t, { as: 'billing', ...op, input: { accountId, lines }, code: 'ACCOUNT_CLOSED' });
  });

  it('refuses a client', async () => {
    const accountId = await givenAccount(t);
    await givenClientOf(t, accountId);
    await expectRefused(t, { as: 'client', ...op, input: { accountId, lines: [line()] }, code: 'FORBIDDEN' });
  });

  it('is drafted once for one key, raced, and the key is refused for other lines', async () => {
    const accountId = await givenAccount(t);
    const input = { accountId, lines: [line()], idempotencyKey: freshCode('KEY') };
    const same = await Promise.all(
      Array.from({ length: 6 }, () => t.as('billing').mutate('draftInvoice', input, 'outcome invoice { id }')),
    );
    expect(tally(same)).toEqual({ DONE: 6 });
    expect(await t.sql('SELECT count(*)::int AS n FROM invoice WHERE account_id = $1', [accountId])).toEqual([
      { n: 1 },
    ]);
    await expectRefused(t, {
      as: 'billing',
      ...op,
      input: { ...input, lines: [line({ quantity: '3' })] },
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    const other = await t.as('billing2').mutate('draftInvoice', input, 'invoice { id }');
    expect(other.payload.invoice.id).not.toBe(same[0]!.payload.invoice.id);
  });
});

// An independent computation: fractions of BigInt, half-even, and a table of decimals that the source does not read.
const DECIMALS: Record<string, number> = { JPY: 0, USD: 2, INR: 2, KWD: 3, CLF: 4 };

interface Fraction {
  num: bigint;
  den: bigint;
}
const fraction = (text: string): Fraction => {
  const [whole, part = ''] = text.split('.');
  return { num: BigInt(whole + part), den: 10n ** BigInt(part.length) };
};
const times = (a: Fraction, b: Fraction): Fraction => ({ num: a.num * b.num, den: a.den * b.den });
const halfEven = ({ num, den }: Fraction): bigint => {
  const [floor, rest] = [num / den, num % den];
  if (rest * 2n < den) return floor;
  return rest * 2n > den ? floor + 1n : floor + (floor % 2n);
};
const shown = (minor: bigint, currency: string): string => {
  const places = DECIMALS[currency]!;
  const digits = minor.toString().padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
};

const decimal = (maxWhole: number, maxPlaces: number, above: boolean) =>
  fc
    .tuple(fc.integer({ min: 0, max: maxWhole }), fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: maxPlaces }))
    .map(([whole, places]) => (places.length ? `${whole}.${places.join('')}` : `${whole}`))
    .filter((text) => !above || /[1-9]/.test(text));
const ties = fc.constantFrom('0.5', '1.5', '0.005', '0.015', '0.0005', '0.0015', '0.00005', '2.5', '0.25', '0.125');
const lineOf = fc.record({
  quantity: fc.oneof(decimal(99_999, 10, true), fc.constantFrom('1', '3', '0.1')),
  unitPrice: fc.oneof(decimal(9_999, 10, false), ties),
  taxRate: fc.option(fc.oneof(decimal(99, 4, false), fc.constantFrom('100', '0', '18', '12.5', '8.875')), {
    nil: undefined,
  }),
});

describe('the amounts of any invoice', () => {
  it(`are those of fractions, rounded once a line, taxes once a rate, half-even (seed ${seed})`, async () => {
    const accounts = new Map<string, string>();
    for (const currency of Object.keys(DECIMALS)) accounts.set(currency, await givenAccount(t, { currency }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...accounts.keys()),
        fc.array(lineOf, { minLength: 1, maxLength: 30 }),
        async (currency, lines) => {
          const scale: Fraction = { num: 10n ** BigInt(DECIMALS[currency]!), den: 1n };
          // The tax of all lines of a rate is rounded once; each line has what the running sum of it grows by.
          const running = new Map<string, bigint>();
          const expected = lines.map(({ quantity, unitPrice, taxRate }) => {
            const amount = halfEven(times(times(fraction(quantity), fraction(unitPrice)), scale));
            const key = String(Number(taxRate ?? '0'));
            const [before, upTo] = [running.get(key) ?? 0n, (running.get(key) ?? 0n) + amount];
            running.set(key, upTo);
            const taxOf = (sum: bigint) => halfEven(times({ num: sum, den: 100n }, fraction(taxRate ?? '0')));
            const tax = taxOf(upTo) - taxOf(before);
            return { amount, tax, total: amount + tax };
          });
          const sum = (of: 'amount' | 'tax' | 'total') =>
            shown(
              expected.reduce((all, each) => all + each[of], 0n),
              currency,
            );
          const { payload, errors } = await t
            .as('billing')
            .mutate(
              'draftInvoice',
              { accountId: accounts.get(currency), lines: lines.map((each) => ({ description: 'x', ...each })) },
              'invoice { id subtotal { amount currency } tax { amount } total { amount } openAmount { amount } lines { amount { amount } tax { amount } total { amount } } }',
            );
          expect(errors).toEqual([]);
          expect(payload.invoice).toMatchObject({
            subtotal: { amount: sum('amount'), currency },
            tax: { amount: sum('tax') },
            total: { amount: sum('total') },
            openAmount: { amount: sum('total') },
            lines: expected.map(({ amount, tax, total }) => ({
              amount: { amount: shown(amount, currency) },
              tax: { amount: shown(tax, currency) },
              total: { amount: shown(total, currency) },
            })),
          });
          const [sums] = await t.sql(
            `SELECT i.subtotal_minor = sum(l.amount_minor) AND i.tax_minor = sum(l.tax_minor) AND i.total_minor = sum(l.total_minor) AS equal
           FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id WHERE i.id = $1 GROUP BY i.id`,
            [payload.invoice.id],
          );
          expect(sums).toEqual({ equal: true });
        },
      ),
      { seed, numRuns: 120 },
    );
  });

  it('fit at their largest: 500 lines of the largest amount', async () => {
    const accountId = await givenAccount(t);
    const lines = Array.from({ length: 500 }, () => ({ description: 'x', quantity: '1000000000', unitPrice: '10000' }));
    const { payload } = await t
      .as('billing')
      .mutate('draftInvoice', { accountId, lines }, 'invoice { total { amount } }');
    expect(payload.invoice.total.amount).toBe('5000000000000000.00');
  });
});
