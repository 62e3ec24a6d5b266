import { Decimal } from 'decimal.js';
import { exponentOf } from '../../src/platform/money';
import { startTestApp, type TestApp } from '../support/app';
import { approve, countersigned, eventsOf, expectRefused, proposed, tally } from '../support/outcomes';
import { random } from '../support/random';
import { givenAccount, givenDraft } from '../support/scene';
import { rate } from './limits';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const day = (days: number, years = 0) => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear() + years, now.getUTCMonth(), now.getUTCDate() + days))
    .toISOString()
    .slice(0, 10);
};
const input = (more: object = {}) => ({ currency: 'GBP', perEuro: '0.8765', validOn: day(0), reason: 'ECB', ...more });
const refused = (
  code: string,
  more: object,
  as: 'admin' | 'compliance' | 'billing' = 'admin',
  details?: Record<string, unknown>,
) =>
  expectRefused(t, {
    as,
    mutation: 'setExchangeRate',
    operation: 'exchangeRate.set',
    input: input(more),
    code,
    ...(details && { details }),
  });

describe('exchangeRate.set', () => {
  it('adds a rate, once somebody else approved it', async () => {
    const request = await proposed(t, 'admin', 'setExchangeRate', input());
    expect(await t.sql(`SELECT FROM exchange_rate WHERE currency = 'GBP'`)).toEqual([]);
    const { events } = await eventsOf(t, () => approve(t, request, 'compliance'));
    expect(await t.sql(`SELECT currency, per_euro, valid_on::text FROM exchange_rate WHERE currency = 'GBP'`)).toEqual([
      { currency: 'GBP', per_euro: '0.8765000000', valid_on: day(0) },
    ]);
    expect(events[0]).toMatchObject({
      action: 'exchangeRate.set',
      actor: t.as('compliance').userId,
      onBehalfOf: t.as('admin').userId,
      reason: 'ECB',
      changes: [
        { path: 'currency', before: null, after: 'GBP' },
        { path: 'perEuro', before: null, after: '0.8765' },
        { path: 'validOn', before: null, after: day(0) },
      ],
    });
    const { data } = await t
      .as('billing')
      .gql(
        '{ exchangeRates(filter: { currency: "GBP" }, orderBy: VALID_ON_ASC) { nodes { currency perEuro validOn } } }',
      );
    expect(data!.exchangeRates.nodes).toEqual([{ currency: 'GBP', perEuro: '0.8765', validOn: day(0) }]);
  });

  it('is refused', async () => {
    await refused('FORBIDDEN', {}, 'compliance');
    await refused('FORBIDDEN', {}, 'billing');
    await rate(t, 'CHF', '0.9', day(0));
    await refused('EXCHANGE_RATE_TAKEN', { currency: 'CHF' });
    await refused('CURRENCY_UNKNOWN', { currency: 'XAU' });
    const invalid = (field: string, more: object) => refused('EXCHANGE_RATE_INVALID', more, 'admin', { field });
    await invalid('currency', { currency: 'EUR' });
    for (const perEuro of ['0', '0.0000000000', '-1', '12345678901']) await invalid('perEuro', { perEuro });
    await invalid('validOn', { validOn: day(2) });
    await invalid('validOn', { validOn: day(-1, -10) });
    for (const validOn of [day(1), day(0, -10)]) await proposed(t, 'admin', 'setExchangeRate', input({ validOn }));
    for (const perEuro of ['9999999999.9999999999', '0.0000000001'])
      await proposed(t, 'admin', 'setExchangeRate', input({ validOn: day(-1), perEuro }));
  });

  it('raced: one day has one rate', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const at = { validOn: day(-round), currency: 'SEK' };
      const requests = [
        await proposed(t, 'admin', 'setExchangeRate', input(at)),
        await proposed(t, 'admin', 'setExchangeRate', input(at)),
      ];
      const answers = await Promise.all([approve(t, requests[0]!, 'compliance'), approve(t, requests[1]!, 'admin2')]);
      expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_FAILED: 1 });
    }
    expect(await t.sql(`SELECT FROM exchange_rate WHERE currency = 'SEK'`)).toHaveLength(5);
  });

  it('repeated under one key it is proposed once', async () => {
    const once = input({ idempotencyKey: 'rate-1', currency: 'NOK' });
    const first = await proposed(t, 'admin', 'setExchangeRate', once);
    expect(await proposed(t, 'admin', 'setExchangeRate', once)).toEqual(first);
  });
});

describe('an amount is converted exactly', () => {
  const Exact = Decimal.clone({ precision: 60 });
  const seed = Date.now() % 1_000_000;
  const below = random(seed);

  it(`as decimal.js does, by any rates, there and back (seed ${seed})`, async () => {
    const currencies = ['JPY', 'KRW', 'USD', 'INR', 'KWD', 'BHD', 'CLF', 'UYW', 'EUR'];
    const rates = new Map([['EUR', '1']]);
    const at = '2030-01-01';
    for (const currency of currencies.filter((each) => each !== 'EUR')) {
      const perEuro = `${below(2000)}.${String(below(1_000_000)).padStart(6, '0')}${1 + below(9)}`;
      rates.set(currency, perEuro);
      await t.sql(
        'INSERT INTO exchange_rate (id, currency, per_euro, valid_on) VALUES (gen_random_uuid(), $1, $2, $3)',
        [currency, perEuro, at],
      );
    }
    const pick = () => currencies[below(currencies.length)]!;
    const cases = Array.from({ length: 500 }, () => ({
      minor: String(below(2 ** 31) * 10 ** below(5)),
      source: pick(),
      target: pick(),
    }));
    const rows = await t.sql<{ there: string; back: string }>(
      `SELECT there::text, converted_minor(round(there)::bigint, target, source, $4)::text AS back
       FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS c (minor, source, target, n),
         LATERAL (SELECT converted_minor(minor, source, target, $4) AS there) AS one ORDER BY n`,
      [cases.map((each) => each.minor), cases.map((each) => each.source), cases.map((each) => each.target), at],
    );
    const of = (minor: string, source: string, target: string) =>
      new Exact(minor)
        .times(source === target ? 1 : rates.get(target)!)
        .div(source === target ? 1 : rates.get(source)!)
        .times(new Exact(10).pow(exponentOf(target) - exponentOf(source)));
    cases.forEach(({ minor, source, target }, index) => {
      const { there, back } = rows[index]!;
      const said = `${minor} ${source} in ${target}, seed ${seed}`;
      expect([said, of(minor, source, target).minus(there).abs().lt('0.001')]).toEqual([said, true]);
      if (source === target) expect(there).toBe(minor);
      // Half a minor unit of the one, in the other, is all that rounding loses.
      const lost = of('1', target, source).div(2).plus('0.001');
      expect([said, new Exact(back).minus(minor).abs().lte(lost)]).toEqual([said, true]);
    });
  });

  it('and not at all without a rate, or before it holds', async () => {
    const [row] = await t.sql(
      `SELECT converted_minor(1, 'USD', 'DKK', '2030-01-01') AS unknown, converted_minor(1, 'USD', 'EUR', '1999-01-01') AS early`,
    );
    expect(row).toEqual({ unknown: null, early: null });
  });
});

describe('a policy above an amount in another currency', () => {
  it('asks by the rate of the day, and always without one', async () => {
    const [policy] = await t.sql(`SELECT id FROM approval_policy WHERE operation = 'invoice.issue'`);
    const above = {
      approvalPolicyId: policy!.id,
      whenAmountAbove: { amount: '10000', currency: 'CAD' },
      reason: 'large ones',
    };
    await countersigned(t, 'admin', 'changeApprovalPolicy', above, 'compliance');
    const accountId = await givenAccount(t, { currency: 'THB' });
    const issued = async (total: string) => {
      const lines = [{ description: 'Calls', quantity: '1', unitPrice: total }];
      const invoiceId = await givenDraft(t, accountId, { lines });
      const { payload } = await t.as('billing').mutate('issueInvoice', { invoiceId }, 'outcome');
      return payload.outcome as string;
    };
    expect(await issued('1')).toBe('AWAITING_APPROVAL');
    await rate(t, 'CAD', '1.5');
    expect(await issued('1')).toBe('AWAITING_APPROVAL');
    await rate(t, 'THB', '37.5');
    expect(await issued('250000')).toBe('DONE');
    expect(await issued('250000.01')).toBe('AWAITING_APPROVAL');
  });
});
