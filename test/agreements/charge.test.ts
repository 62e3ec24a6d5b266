import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {
  assertCharge,
  billedSeconds,
  type Charge,
  chargeFor,
  convert,
  packages,
  type Tier,
  type UnitRounding,
} from '../../src/agreements/charge.rules';
import { decimalText, ratio, sumExact } from '../../src/platform/exact';
import { exact, exactToMinor } from '../../src/platform/money';
import { refusal } from '../support/refusal';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const shared = path.resolve(__dirname, '../../../shared/data/dev/charge_model_cases.dev.json');

interface Case {
  id: string;
  model: string;
  plan: Record<string, unknown> & {
    package_size?: number;
    tiers?: { up_to: string | null; per_unit: string | null; flat: string | null }[];
    increment?: Given;
  };
  units: string;
  expected_amount: string | null;
  expected_packages?: number;
  expected_billed_units?: string;
  previous_units?: string;
  previous_billed?: string;
  last_in_period?: boolean;
  lines?: [string, string][];
}
interface Given {
  divide_by?: string | null;
  multiply_by?: string | null;
  rounding: string;
}

const incrementOf = ({ divide_by, multiply_by, rounding }: Given) => ({
  ...(divide_by && { divideBy: divide_by }),
  ...(multiply_by && { multiplyBy: multiply_by }),
  rounding: rounding.toUpperCase() as UnitRounding,
});

/** A case's plan in our words. */
function chargeOf({ model, plan }: Case): Charge {
  const text = (name: string) => (name in plan ? (plan[name] as string | number).toString() : null);
  const tiers = (plan.tiers ?? []).map(({ up_to, per_unit, flat }): Tier => ({ upTo: up_to, perUnit: per_unit, flat }));
  const price = (() => {
    if (model === 'per_unit') return { model: 'PER_UNIT' as const, perUnit: text('per_unit')! };
    if (model === 'package')
      return { model: 'PACKAGE' as const, size: text('package_size')!, amount: text('package_amount')! };
    if (model === 'cost_plus')
      return { model: 'PERCENTAGE' as const, percent: decimalText(exact(text('multiplier')!).mul(100)) };
    return { model: model.toUpperCase() as 'GRADUATED' | 'VOLUME', tiers };
  })();
  return {
    price,
    increment: plan.increment ? incrementOf(plan.increment) : null,
    freeUnits: text('free_units_after_rounding'),
    discountPercent: text('discount_percent'),
    minimum: text('minimum'),
    maximum: text('maximum'),
  };
}

describe('what a quantity costs', () => {
  if (!existsSync(shared)) {
    it.skip('as published cases of other systems say (they are not here: ../shared/data)', () => undefined);
    return;
  }
  const { cases } = JSON.parse(readFileSync(shared, 'utf8')) as { cases: Case[] };

  it('has all of the published cases', () => expect(cases).toHaveLength(83));

  it.each(cases.map((one) => [`${one.id} ${one.model}`, one] as const))('%s', (_name, each) => {
    const units = exact(each.units);
    if (each.model === 'package_count') {
      expect(packages(units, String(each.plan.package_size!)).toFraction()).toBe(String(each.expected_packages));
      return;
    }
    if (each.model === 'increment') {
      expect(convert(units, incrementOf(each.plan as unknown as Given)).equals(each.expected_billed_units!)).toBe(true);
      return;
    }
    const charge = chargeOf(each);
    assertCharge(charge);
    const before =
      each.previous_units === undefined
        ? null
        : { units: [exact(each.previous_units)], ...(each.previous_billed && { billed: exact(each.previous_billed) }) };
    const charged = chargeFor(charge, { units, before, last: each.last_in_period ?? true });
    // One case states its amount as the currency has it; all others are exact.
    const said = each.plan.currency
      ? decimalText(ratio(Number(exactToMinor(charged.amount, each.plan.currency as string)), 100))
      : decimalText(charged.amount);
    expect(said).toBe(each.expected_amount);
    if (each.expected_billed_units) expect(decimalText(charged.billedUnits)).toBe(each.expected_billed_units);
    if (each.lines)
      expect(decimalText(sumExact(each.lines.map(([, amount]) => exact(amount))))).toBe(decimalText(charged.amount));
  });
});

const decimals = fc.integer({ min: 0, max: 9_999_999 }).map((n) => decimalText(ratio(n, 1000)));
const tiers = fc
  .uniqueArray(fc.integer({ min: 1, max: 5000 }), { minLength: 0, maxLength: 4 })
  .chain((ends) =>
    fc.tuple(
      ...[...ends.toSorted((a, b) => a - b).map(String), null].map((upTo) =>
        fc.record({ upTo: fc.constant(upTo), perUnit: fc.option(decimals), flat: fc.option(decimals) }),
      ),
    ),
  );
const prices: fc.Arbitrary<Charge['price']> = fc.oneof(
  fc.record({ model: fc.constant('PER_UNIT' as const), perUnit: decimals }),
  fc.record({ model: fc.constantFrom('GRADUATED' as const, 'VOLUME' as const), tiers }),
  fc.record({
    model: fc.constant('PACKAGE' as const),
    size: fc.integer({ min: 1, max: 500 }).map(String),
    amount: decimals,
  }),
);
const bounds = fc.tuple(fc.option(decimals), fc.option(decimals)).map(([one, other]) => {
  if (one === null || other === null) return { minimum: one, maximum: other };
  const [minimum, maximum] = exact(one).lt(exact(other)) ? [one, other] : [other, one];
  return { minimum, maximum };
});
const charges: fc.Arbitrary<Charge> = fc
  .record({
    price: prices,
    freeUnits: fc.option(decimals),
    discountPercent: fc.option(fc.integer({ min: 0, max: 100 }).map(String)),
    bounds,
  })
  .map(({ bounds: within, ...charge }) => ({ ...charge, ...within }));

describe('a period that is split', () => {
  it(`costs what it costs as a whole, however it is split (seed ${seed})`, () => {
    fc.assert(
      fc.property(charges, fc.array(decimals, { minLength: 1, maxLength: 5 }), (charge, split) => {
        assertCharge(charge);
        // Each system rounds units of a part for themselves; what is not rounded may be split anywhere.
        const units = split.map(exact);
        const whole = chargeFor(charge, { units: sumExact(units) }).amount;
        let before: { units: ReturnType<typeof exact>[]; billed: ReturnType<typeof exact> } | null = null;
        let billed = exact('0');
        for (const [index, each] of units.entries()) {
          const last = index === units.length - 1;
          const { amount, parts } = chargeFor(charge, { units: each, before, last });
          expect(sumExact(parts.map((part) => part.amount)).equals(amount)).toBe(true);
          billed = billed.add(amount);
          before = { units: units.slice(0, index + 1), billed };
        }
        // A volume price may fall as a whole while it rises: what was cut off at the maximum stays cut off then.
        if (charge.price.model === 'VOLUME') return;
        expect(billed.equals(whole)).toBe(true);
        if (charge.maximum) expect(whole.lte(exact(charge.maximum))).toBe(true);
        if (charge.minimum) expect(whole.gte(exact(charge.minimum))).toBe(true);
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('the seconds of a call that are billed', () => {
  it.each([
    ['60/60', 60, 60, [0, 60, 60, 120, 120]],
    ['30/6', 30, 6, [0, 30, 60, 66, 120]],
    ['1/1', 1, 1, [0, 1, 60, 61, 120]],
  ] as const)('%s', (_name, initial, increment, expected) => {
    expect([0, 1, 60, 61, 120].map((seconds) => billedSeconds(seconds, { initial, increment }))).toEqual(expected);
  });
});

describe('RATE_INVALID refuses', () => {
  const perUnit = (price: string): Charge => ({ price: { model: 'PER_UNIT', perUnit: price } });
  const graduated = (...ends: (string | null)[]): Charge => ({
    price: { model: 'GRADUATED', tiers: ends.map((upTo) => ({ upTo, perUnit: '1', flat: null })) },
  });
  it.each<[string, Charge, string]>([
    ['a price below zero', perUnit('-1'), 'perUnit'],
    ['more digits than are kept', perUnit('0.12345678901'), 'perUnit'],
    ['no tier', graduated(), 'tiers'],
    ['tiers that do not rise', graduated('5', '5', null), 'tiers.2'],
    ['a first tier of nothing', graduated('0', null), 'tiers.1'],
    ['a last tier with an end', graduated('5', '10'), 'tiers.2'],
    ['an endless tier in between', graduated('5', null, null), 'tiers.2'],
    ['a package of nothing', { price: { model: 'PACKAGE', size: '0.0', amount: '1' } }, 'size'],
    ['a division by nothing', { ...perUnit('1'), increment: { divideBy: '0', rounding: 'CEIL' } }, 'divideBy'],
    ['a discount of more than all', { ...perUnit('1'), discountPercent: '100.5' }, 'discountPercent'],
    ['a minimum above the maximum', { ...perUnit('1'), minimum: '2', maximum: '1' }, 'minimum'],
  ])('%s', (_name, charge, field) => {
    expect(refusal(() => assertCharge(charge))).toMatchObject({ code: 'RATE_INVALID', details: { field } });
  });
});
