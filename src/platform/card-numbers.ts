/**
 * Card numbers: how long they are, what they begin with, and their check digit. The networks' ranges (ISO/IEC 7812; Visa, Mastercard, American
 * Express, Diners, Discover, JCB, UnionPay, RuPay, Maestro, Mir, Troy, Uzcard, Humo), each with the lengths that it issues.
 */
const RANGES: readonly [beginning: RegExp, lengths: readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|[689])/, [14, 16]],
  [/^35(?:2[89]|[3-8])/, [16]],
  [/^(?:60|6[45]|81|82|508|353|356)/, [16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
  // Maestro has shorter ones; so do the phone numbers of countries that begin like it.
  [/^(?:50|5[6-9]|6[1-9])/, [16, 17, 18, 19]],
  [/^220[0-4]/, [16, 17, 18, 19]],
  [/^(?:9792|8600|9860)/, [16]],
];

export const isCardLength = (digits: number): boolean => digits >= 12 && digits <= 19;

/** Whether some network issues numbers like it. */
export const hasIssuer = (digits: string): boolean =>
  RANGES.some(([beginning, lengths]) => lengths.includes(digits.length) && beginning.test(digits));

/** ISO/IEC 7812-1, annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = digit * 2;
    if (place % 2 === 0) sum += digit;
    else sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const DOT = '•';

/**
 * The first six and the last four, and never more: the shortest beginning that every network may show (PCI DSS 4.0.1, 3.4.1). Of fewer than 13 digits that
 * would be most, so there it is the last four.
 */
export function maskCard(digits: string): string {
  const last = digits.slice(-4);
  // The dots of a card do tell its length, which its first six digits tell anyway.
  return digits.length < 13 ? DOT.repeat(8) + last : digits.slice(0, 6) + DOT.repeat(digits.length - 10) + last;
}

/** How people write cards: what stands between groups of digits. */
const GROUPINGS = new Set([
  '4-4-4-4',
  '4-6-5',
  '4-6-4',
  '4-4-4-4-3',
  '6-4-4-4',
  '6-10',
  '6-13',
  '4-4-4-4-2',
  '4-4-4-4-1',
  '4-4-5',
]);

/** How sure it is that a number is a card's. */
export type Wariness =
  /** Whatever passes Luhn: for logs and errors, of which nobody misses a number. */
  | 'any'
  /** What a network issues, what is written as cards are, or is said to be one: for what is kept. One order number in ten passes Luhn. */
  | 'likely';

export interface FoundCard {
  readonly digits: string;
  /** How many parts of the run it takes up. */
  readonly parts: number;
}

/**
 * The card that begins with a part of a run of digits; null for none. Groups stand at even places, what is between them at odd ones. `said` is
 * whether somebody said just before that a card comes.
 */
export function cardAt(
  parts: readonly string[],
  from: number,
  wariness: Wariness,
  said: () => boolean,
): FoundCard | null {
  let digits = '';
  let best: FoundCard | null = null;
  let bestRank = 0;
  // Luhn's sum for either parity of the length, kept up as digits come: adding them up anew for each length is slow.
  const sums: [even: number, odd: number] = [0, 0];
  for (let at = from; at < parts.length; at += 2) {
    const group = parts[at]!;
    if (digits.length + group.length > 19) break;
    addUp(sums, digits.length, group);
    digits += group;
    if (!isCardLength(digits.length) || sums[digits.length % 2]! % 10 !== 0) continue;
    const rank = rankOf(digits, parts.slice(from, at + 1), wariness, said);
    if (rank > 0 && rank >= bestRank) [best, bestRank] = [{ digits, parts: at + 1 - from }, rank];
  }
  return best;
}

function addUp(sums: [number, number], before: number, group: string): void {
  for (let place = 0; place < group.length; place += 1) {
    const digit = group.charCodeAt(place) - 48;
    const doubled = digit > 4 ? digit * 2 - 9 : digit * 2;
    // A digit is doubled where its distance from the last one is odd.
    const even = (before + place) % 2 === 0;
    sums[0] += even ? doubled : digit;
    sums[1] += even ? digit : doubled;
  }
}

/** 3: as networks issue and people write them. 0: no card. */
function rankOf(digits: string, parts: readonly string[], wariness: Wariness, said: () => boolean): number {
  const groups = parts.filter((_, index) => index % 2 === 0).map(({ length }) => length);
  const asWritten = GROUPINGS.has(groups.join('-'));
  // Commas and slashes stand between amounts and in dates, too.
  const listed = parts.some((part, index) => index % 2 === 1 && /[,/]/.test(part));
  if (listed && !asWritten) return 0;
  const issued = hasIssuer(digits);
  if (issued && (asWritten || groups.length === 1)) return 3;
  if (issued && (isEven(groups) || isFew(groups))) return 2;
  return wariness === 'any' || asWritten || said() ? 1 : 0;
}

/** Somebody who writes a card down in other groups than it has does so in a few. More and shorter ones are other numbers, one after another. */
const isFew = (groups: readonly number[]): boolean => groups.length <= 4 && groups.every((length) => length > 1);

/** Groups of one length, but for the last. */
const isEven = (groups: readonly number[]): boolean =>
  groups.slice(1, -1).every((length) => length === groups[0]) && groups.at(-1)! <= groups[0]!;
