import { Fraction } from 'fraction.js';

/**
 * Exact numbers for what is divided: a third of a month, 1,400 seconds by 60. Whatever is billed stays a fraction until it is
 * rounded, once, to minor units.
 */
export type Exact = InstanceType<typeof Fraction>;

/**
 * How a result that falls between two minor units is brought to one of them. HALF_EVEN takes the even neighbour on a
 * tie, HALF_UP the one away from zero; DOWN goes towards zero, UP away from it.
 */
export type Rounding = 'HALF_EVEN' | 'HALF_UP' | 'DOWN' | 'UP';

/** A decimal in plain digits ("12.30") as it is. `exact` of money.ts is for what nobody has looked at yet. */
export const fractionOf = (decimal: string | bigint): Exact => new Fraction(decimal);

export const ratio = (numerator: number, denominator: number): Exact => new Fraction(numerator, denominator);

export const NONE: Exact = new Fraction(0);

export const sumExact = (all: readonly Exact[]): Exact => all.reduce((sum, each) => sum.add(each), NONE);
export const larger = (one: Exact, other: Exact): Exact => (one.lt(other) ? other : one);
export const smaller = (one: Exact, other: Exact): Exact => (one.lt(other) ? one : other);

/** Rounds to a whole number: see Rounding. */
export function whole({ s: sign, n: numerator, d: denominator }: Exact, rounding: Rounding): bigint {
  const [down, rest] = [numerator / denominator, numerator % denominator];
  return sign * (goesUp(down, rest * 2n - denominator, rest, rounding) ? down + 1n : down);
}

/** Of a magnitude that lies between `down` and the next: `aboveHalf` is above, on or below zero as it is of the middle. */
function goesUp(down: bigint, aboveHalf: bigint, rest: bigint, rounding: Rounding): boolean {
  if (rounding === 'DOWN' || rest === 0n) return false;
  if (rounding === 'UP' || aboveHalf > 0n) return true;
  return aboveHalf === 0n && (rounding === 'HALF_UP' || down % 2n === 1n);
}

/** As a plain decimal if it is one, of at most so many digits behind the point (rounded half-even beyond them). */
export function decimalText(value: Exact, digits = 10): string {
  const scaled = whole(value.mul(10n ** BigInt(digits)), 'HALF_EVEN');
  const text = (scaled < 0n ? -scaled : scaled).toString().padStart(digits + 1, '0');
  const fraction = text.slice(text.length - digits).replace(/0+$/, '');
  return `${scaled < 0n ? '-' : ''}${text.slice(0, text.length - digits)}${fraction && `.${fraction}`}`;
}
