import { type Exact, fractionOf, larger, NONE, smaller, sumExact, whole } from '../platform/exact';
import { refuse } from '../platform/errors';
import { exact, isRate } from '../platform/money';

/**
 * What a measured quantity costs. Pure and exact: decimals come as strings, nothing is rounded here. Where several systems agree on a rule
 * it is theirs (test/agreements/charge.test.ts has their cases).
 */
export type Price =
  | { readonly model: 'PER_UNIT'; readonly perUnit: string }
  /** Each unit at the price of the tier that it falls into. */
  | { readonly model: 'GRADUATED'; readonly tiers: readonly Tier[] }
  /** All units at the price of the tier that the last one falls into. */
  | { readonly model: 'VOLUME'; readonly tiers: readonly Tier[] }
  /** By packages, of which the last may be used in part. */
  | { readonly model: 'PACKAGE'; readonly size: string; readonly amount: string }
  /** The quantity is an amount of money, of which so many percent are due: 133.333 for a third more than it cost. */
  | { readonly model: 'PERCENTAGE'; readonly percent: string };

/** A tier up to and with a quantity. Any fraction above it enters the next. */
export interface Tier {
  /** Null for the last one, which has no end. */
  readonly upTo: string | null;
  readonly perUnit: string | null;
  /** Due on entry; that of the first tier also at zero units. */
  readonly flat: string | null;
}

export type UnitRounding = 'NONE' | 'CEIL' | 'FLOOR' | 'HALF_UP';

/** How what was measured becomes what is billed: seconds into minutes begun. First multiplied and divided, then rounded. */
export interface Increment {
  readonly multiplyBy?: string | null;
  readonly divideBy?: string | null;
  readonly rounding: UnitRounding;
}

export interface Charge {
  readonly price: Price;
  readonly increment?: Increment | null;
  /** Billed units, after rounding, that cost nothing in each period. */
  readonly freeUnits?: string | null;
  /** Off what the units cost, before the minimum and the cap are looked at. */
  readonly discountPercent?: string | null;
  /** What is due for a period at least: a minimum commitment, of which the rest is due with the last part of the period. */
  readonly minimum?: string | null;
  /** What is due for a period at most. */
  readonly maximum?: string | null;
}

/** What a charge is asked about: all of a period, or, where the period was split, what came after what was billed before. */
export interface Measured {
  readonly units: Exact;
  /** What was measured before in the same period, in each of its parts, and what that came to. */
  readonly before?: { readonly units: readonly Exact[]; readonly billed?: Exact } | null;
  /** Whether this is the last part of its period: the minimum is due with it. */
  readonly last?: boolean;
  /** How much of the period the charge holds for: free units, minimum and maximum are due for that. All of it unless told. */
  readonly share?: Exact;
}

export type PartKind = 'USAGE' | 'FLAT' | 'EARLIER' | 'DISCOUNT' | 'MAXIMUM' | 'MINIMUM';

/** A part of an amount, so that whoever reads the invoice can work it out again. */
export interface Part {
  readonly kind: PartKind;
  /** From 1, where there are tiers. */
  readonly tier?: number;
  readonly quantity?: Exact;
  readonly unitPrice?: Exact;
  readonly amount: Exact;
}

export interface Charged {
  readonly billedUnits: Exact;
  readonly parts: readonly Part[];
  /** The sum of the parts. */
  readonly amount: Exact;
}

/** What is due for a quantity. Quantities before it in the same period are taken into account, and not billed again. */
export function chargeFor(charge: Charge, { units, before, last = true, share = WHOLE }: Measured): Charged {
  const until = before ? billedUnits(charge, before.units, share) : NONE;
  const upTo = billedUnits(charge, [...(before?.units ?? []), units], share);
  const used = discounted(charge, partsOf(charge.price, upTo, before ? until : null));
  const billed = before ? (before.billed ?? costOf(charge, before.units, share)) : NONE;
  const parts = bounded(charge, used, { billed, last, share });
  return { billedUnits: upTo.sub(until), parts, amount: amountOf(parts) };
}

/** What quantities that were measured one after the other come to, with more of the period to come. */
function costOf(charge: Charge, measured: readonly Exact[], share: Exact): Exact {
  let billed = NONE;
  measured.forEach((units, place) => {
    const before = { units: measured.slice(0, place), billed };
    billed = billed.add(chargeFor(charge, { units, before, last: false, share }).amount);
  });
  return billed;
}

const WHOLE = fractionOf(1n);

/** The units that are billed in a period for quantities that were measured one after the other. */
export function billedUnits({ increment, freeUnits }: Charge, measured: readonly Exact[], share: Exact = WHOLE): Exact {
  const converted = sumExact(measured.map((each) => (increment ? convert(each, increment) : each)));
  return freeUnits ? larger(converted.sub(exact(freeUnits).mul(share)), NONE) : converted;
}

/** What was measured in the units of a price: 1,400 seconds by 60, rounded up, are 24. */
export function convert(measured: Exact, { multiplyBy, divideBy, rounding }: Increment): Exact {
  const multiplied = multiplyBy ? measured.mul(exact(multiplyBy)) : measured;
  return ROUND[rounding](divideBy ? multiplied.div(exact(divideBy)) : multiplied);
}

const ROUND: Record<UnitRounding, (value: Exact) => Exact> = {
  NONE: (value) => value,
  CEIL: (value) => value.ceil(),
  FLOOR: (value) => value.floor(),
  HALF_UP: (value) => fractionOf(whole(value, 'HALF_UP')),
};

/** What units cost by their price: all up to `upTo`, or what is new of them where those up to `until` were billed before. */
function partsOf(price: Price, upTo: Exact, until: Exact | null): Part[] {
  switch (price.model) {
    case 'PER_UNIT':
      return usage(upTo.sub(until ?? NONE), exact(price.perUnit));
    case 'PERCENTAGE':
      return usage(upTo.sub(until ?? NONE), exact(price.percent).div(100));
    case 'PACKAGE':
      return usage(packages(upTo, price.size).sub(packages(until ?? NONE, price.size)), exact(price.amount));
    case 'GRADUATED':
      return graduated(price.tiers, upTo, until);
    case 'VOLUME': {
      const earlier = until === null ? NONE : amountOf(volume(price.tiers, until));
      return [...volume(price.tiers, upTo), ...(earlier.equals(0) ? [] : [part('EARLIER', earlier.neg())])];
    }
  }
}

const part = (kind: PartKind, amount: Exact, more: Partial<Part> = {}): Part => ({ kind, amount, ...more });

const usage = (quantity: Exact, unitPrice: Exact, tier?: number): Part[] =>
  quantity.equals(0)
    ? []
    : [part('USAGE', quantity.mul(unitPrice), { quantity, unitPrice, ...(tier !== undefined && { tier }) })];

/** How many packages of a size are begun. */
export const packages = (units: Exact, size: string): Exact => units.div(exact(size)).ceil();

const amountOf = (parts: readonly Part[]): Exact => sumExact(parts.map(({ amount }) => amount));

function graduated(tiers: readonly Tier[], upTo: Exact, until: Exact | null): Part[] {
  let from = NONE;
  return tiers.flatMap(({ upTo: end, perUnit, flat }, index) => {
    const [bottom, tier] = [from, index + 1];
    const within = (units: Exact) => larger(end === null ? units : smaller(units, exact(end)), bottom).sub(bottom);
    const entered = (units: Exact) => index === 0 || units.gt(bottom);
    if (end !== null) from = exact(end);
    const due = entered(upTo) && !(until !== null && entered(until));
    return [
      ...(perUnit === null ? [] : usage(within(upTo).sub(within(until ?? NONE)), exact(perUnit), tier)),
      ...(flat === null || !due ? [] : [part('FLAT', exact(flat), { tier })]),
    ];
  });
}

function volume(tiers: readonly Tier[], units: Exact): Part[] {
  const index = tiers.findIndex(({ upTo }) => upTo === null || units.lte(exact(upTo)));
  const { perUnit, flat } = tiers[index]!;
  return [
    ...(perUnit === null ? [] : usage(units, exact(perUnit), index + 1)),
    ...(flat === null ? [] : [part('FLAT', exact(flat), { tier: index + 1 })]),
  ];
}

function discounted({ discountPercent }: Charge, parts: Part[]): Part[] {
  const amount = amountOf(parts);
  if (!discountPercent || amount.equals(0)) return parts;
  return [...parts, part('DISCOUNT', amount.mul(exact(discountPercent)).div(-100))];
}

/** Cut off at the maximum of the period, then filled up to its minimum with its last part. */
function bounded(
  { minimum, maximum }: Charge,
  parts: Part[],
  { billed, last, share }: { billed: Exact; last: boolean; share: Exact },
): Part[] {
  const left = maximum ? larger(exact(maximum).mul(share).sub(billed), NONE) : null;
  const over = left && larger(amountOf(parts).sub(left), NONE);
  const capped = over && !over.equals(0) ? [...parts, part('MAXIMUM', over.neg())] : parts;
  const missing = minimum && last ? exact(minimum).mul(share).sub(billed).sub(amountOf(capped)) : NONE;
  return missing.gt(0) ? [...capped, part('MINIMUM', missing)] : capped;
}

/**
 * The seconds of a call that are billed: at least `initial`, then whole increments. 60/60 bills minutes begun, 30/6 half a minute at least
 * and then by 6 seconds, 1/1 each second. A call without any is not billed. The database has the same rule (`billed_seconds`).
 */
export function billedSeconds(seconds: number, { initial, increment }: CallIncrement): number {
  if (seconds <= 0) return 0;
  return initial + Math.ceil(Math.max(seconds - initial, 0) / increment) * increment;
}

export interface CallIncrement {
  readonly initial: number;
  readonly increment: number;
}

/**
 * Refuses with RATE_INVALID and the field that is amiss: tiers that do not rise, or end, or do not end at last; a package of nothing; what
 * divides by nothing; a discount above 100; a minimum above the maximum; anything below zero. `where` goes with the refusal.
 */
export function assertCharge(charge: Charge, where: Record<string, unknown> = {}): void {
  const invalid = (field: string, message: string): never => refuse('RATE_INVALID', message, { ...where, field });
  const { price, increment, freeUnits, discountPercent, minimum, maximum } = charge;
  /** Whether it is there, and fits. */
  const fits = (field: string, value: string | null | undefined): value is string => {
    if (value === null || value === undefined) return false;
    return (
      isRate(value) || invalid(field, 'It is not below zero, with at most ten digits before and ten behind the point.')
    );
  };
  if (price.model === 'GRADUATED' || price.model === 'VOLUME') assertTiers(price.tiers, fits, invalid);
  else for (const [field, value] of Object.entries(price)) if (field !== 'model') fits(field, value);
  if (price.model === 'PACKAGE' && exact(price.size).equals(0)) invalid('size', 'A package holds something.');
  for (const field of ['multiplyBy', 'divideBy'] as const) {
    const value = increment?.[field];
    if (fits(field, value) && exact(value).equals(0)) invalid(field, 'It is above zero.');
  }
  fits('freeUnits', freeUnits);
  if (fits('discountPercent', discountPercent) && exact(discountPercent).gt(100))
    invalid('discountPercent', 'A discount is at most 100 percent.');
  const [least, most] = [fits('minimum', minimum) && exact(minimum), fits('maximum', maximum) && exact(maximum)];
  if (least && most && least.gt(most)) invalid('minimum', 'The minimum is not above the maximum.');
}

function assertTiers(
  tiers: readonly Tier[],
  fits: (field: string, value: string | null) => boolean,
  invalid: (field: string, message: string) => never,
): void {
  if (tiers.length === 0) invalid('tiers', 'There is a tier at least.');
  let from = NONE;
  for (const [index, { upTo, perUnit, flat }] of tiers.entries()) {
    const field = `tiers.${index + 1}`;
    for (const value of [upTo, perUnit, flat]) fits(field, value);
    if ((upTo === null) !== (index === tiers.length - 1)) invalid(field, 'The last tier, and it alone, has no end.');
    if (upTo === null) return;
    if (exact(upTo).lte(from)) invalid(field, 'Tiers rise.');
    from = exact(upTo);
  }
}
