import iso4217 from './data/iso4217.json';
import { refuse } from './errors';
import { type Exact, fractionOf, type Rounding, whole } from './exact';

/**
 * Exact money. Inside, an amount is a bigint in the currency's minor units (ISO 4217: JPY 0, USD 2, KWD 3, CLF 4
 * decimals); at the edge it is a plain decimal string. Nothing here is ever a float, and nothing is rounded twice.
 */

/** What PostgreSQL's bigint holds. */
const MIN_MINOR = -(2n ** 63n);
const MAX_MINOR = 2n ** 63n - 1n;
const MAX_MINOR_DIGITS = 19;

/** The most digits of a decimal at the edge; unit rates are numeric(20,10) and fit well inside. */
const MAX_INTEGER_DIGITS = 20;
const MAX_FRACTION_DIGITS = 10;

const PLAIN_DECIMAL = /^-?(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
const NEGATIVE_ZERO = /^-0(?:\.0+)?$/;

// A Map, not the object: `isCurrency('constructor')` must be false.
const EXPONENTS: ReadonlyMap<string, number> = new Map(
  Object.entries(iso4217.currencies).map(([code, { exponent }]) => [code, exponent]),
);

/** Is this an ISO 4217 code, in capitals, of a currency that has minor units? XAU, XXX and the like are not. */
export function isCurrency(code: string): boolean {
  return EXPONENTS.has(code);
}

/** All currency codes, sorted. */
export function currencies(): string[] {
  return [...EXPONENTS.keys()];
}

/** How many decimals the currency has, 0..4. Refuses CURRENCY_UNKNOWN. */
export function exponentOf(currency: string): number {
  return EXPONENTS.get(currency) ?? refuse('CURRENCY_UNKNOWN', 'This is not an ISO 4217 currency with minor units.');
}

/**
 * Is this a plain decimal: ASCII digits with an optional minus and an optional fraction, no exponent, no plus, no
 * spaces, no leading zeros, no negative zero, at most 20 integer and 10 fraction digits?
 */
export function isPlainDecimal(text: string): boolean {
  const parts = plainParts(text);
  return parts !== null && parts.integer.length <= MAX_INTEGER_DIGITS && parts.fraction.length <= MAX_FRACTION_DIGITS;
}

/**
 * The amount in minor units: "12.3" USD is 1230n. Refuses CURRENCY_UNKNOWN; AMOUNT_INVALID when it is not a plain
 * decimal or has more decimals than the currency (zeros count); AMOUNT_OUT_OF_RANGE beyond PostgreSQL's bigint.
 */
export function parseMinor(amount: string, currency: string): bigint {
  const exponent = exponentOf(currency);
  const parts = plainParts(amount);
  if (parts === null) {
    return refuse('AMOUNT_INVALID', 'The amount must be a plain decimal such as 12.30.', { currency });
  }
  if (parts.fraction.length > exponent) {
    return refuse('AMOUNT_INVALID', `The amount may have at most ${exponent} decimals.`, { currency, exponent });
  }
  // Before BigInt sees it: reading a very long number costs more than its length.
  if (parts.integer.length > MAX_MINOR_DIGITS) return refuseRange();

  const magnitude = BigInt(parts.integer + parts.fraction.padEnd(exponent, '0'));
  return inRange(parts.negative ? -magnitude : magnitude);
}

/** The amount with all of its currency's decimals: "12.30", JPY "12", "-0.05". Refuses CURRENCY_UNKNOWN. */
export function formatMinor(minor: bigint, currency: string): string {
  const exponent = exponentOf(currency);
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0');
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** A plain decimal of at most 20 integer and 10 fraction digits, as it is. Refuses AMOUNT_INVALID. */
export const exact = (decimal: string): Exact =>
  isPlainDecimal(decimal)
    ? fractionOf(decimal)
    : refuse(
        'AMOUNT_INVALID',
        `A plain decimal is needed, with at most ${MAX_INTEGER_DIGITS} integer and ${MAX_FRACTION_DIGITS} fraction digits.`,
      );

/** An exact amount in major units in the currency's minor units, rounded once. Refuses CURRENCY_UNKNOWN and AMOUNT_OUT_OF_RANGE. */
export const exactToMinor = (amount: Exact, currency: string, rounding: Rounding = 'HALF_EVEN'): bigint =>
  inRange(whole(amount.mul(minorPerMajor(currency)), rounding));

const minorPerMajor = (currency: string): bigint => 10n ** BigInt(exponentOf(currency));

/**
 * Quantity times unit price in minor units: the exact product, rounded once. Both are plain decimals of at most 20
 * integer and 10 fraction digits, the price in major units. Refuses CURRENCY_UNKNOWN, AMOUNT_INVALID and
 * AMOUNT_OUT_OF_RANGE.
 */
export function lineAmountMinor(
  quantity: string,
  unitPrice: string,
  currency: string,
  rounding: Rounding = 'HALF_EVEN',
): bigint {
  const perMajor = minorPerMajor(currency);
  return inRange(whole(exact(quantity).mul(exact(unitPrice)).mul(perMajor), rounding));
}

/**
 * So many per cent of an amount in minor units, rounded once: 5 % of 1230n is 62n (61.5, half-even). The rate is a
 * plain decimal ("18", "8.875", "-2"). Refuses AMOUNT_INVALID and AMOUNT_OUT_OF_RANGE.
 */
export function percentOfMinor(minor: bigint, ratePercent: string, rounding: Rounding = 'HALF_EVEN'): bigint {
  return inRange(whole(fractionOf(inRange(minor)).mul(exact(ratePercent)).div(100), rounding));
}

function plainParts(text: string): { negative: boolean; integer: string; fraction: string } | null {
  // Some callers hold values that TypeScript has not seen.
  if (typeof text !== 'string' || NEGATIVE_ZERO.test(text)) return null;
  const match = PLAIN_DECIMAL.exec(text);
  if (match === null) return null;
  return { negative: text.startsWith('-'), integer: match[1] ?? '', fraction: match[2] ?? '' };
}

function inRange(minor: bigint): bigint {
  return minor < MIN_MINOR || minor > MAX_MINOR ? refuseRange() : minor;
}

function refuseRange(): never {
  return refuse('AMOUNT_OUT_OF_RANGE', 'The amount is larger than can be kept.');
}

/** Whether a decimal is a rate or a quantity that fits where those are kept: not below zero, at most ten digits before and ten behind the point. */
export const isRate = (decimal: string): boolean => /^\d{1,10}(\.\d{1,10})?$/.test(decimal);

/** Whether a decimal is 0 to 100 with at most four digits behind the point. */
export const isPercent = (decimal: string): boolean => /^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$/.test(decimal);

/** The sum of amounts in minor units of one currency. */
export const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
