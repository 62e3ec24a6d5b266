import { refuse } from '../platform/errors';

export type DocumentType = 'INVOICE' | 'CREDIT_NOTE';

/** What a series goes up to. A format is measured by it. */
export const LARGEST_NUMBER = 9_999_999;
const DIGITS_OF_LARGEST = String(LARGEST_NUMBER).length;

/** GST, India: rule 46(b) of the CGST Rules 2017, at most 16 characters, letters, digits, `-` and `/`. */
const LONGEST = { IN: 16, elsewhere: 40 };
const PLAIN = { IN: /^[A-Za-z0-9/-]*$/, elsewhere: /^[A-Za-z0-9/._-]*$/ };

const TOKEN = /\{(FY|FY2|FYFY|N|N:[1-7])\}/;
/** How many digits of which year: `{FYFY}` of 2026 is `2627`. */
const YEAR_DIGITS: Record<string, number> = { FY: 4, FY2: 2, FYFY: 4 };

/** A character of a number, or digits: as many, and any number more. */
interface Part {
  readonly literal?: string;
  readonly year?: string;
  readonly padded?: number;
}

function partsOf(format: string): Part[] {
  return format
    .split(/(\{[^}]*\})/)
    .filter((text) => text !== '')
    .map((text): Part => {
      const token = TOKEN.exec(text)?.[1];
      if (token === undefined || text !== `{${token}}`) return { literal: text };
      return token.startsWith('N') ? { padded: Number(token.slice(2) || 1) } : { year: token };
    });
}

/** The number of a place in a series: `INV-{FY}-{N:6}`, 2026, 42 → `INV-2026-000042`. */
export const numberOf = (format: string, fiscalYear: number, place: number): string =>
  partsOf(format)
    .map(({ literal, year, padded }) => {
      if (literal !== undefined) return literal;
      return year === undefined ? String(place).padStart(padded!, '0') : yearText(year, fiscalYear);
    })
    .join('');

const short = (year: number): string => String(year % 100).padStart(2, '0');

function yearText(token: string, fiscalYear: number): string {
  if (token === 'FY') return String(fiscalYear).padStart(4, '0');
  return token === 'FY2' ? short(fiscalYear) : short(fiscalYear) + short(fiscalYear + 1);
}

/** The calendar year in which the fiscal year of a day begins. */
export function fiscalYearOf(localDate: string, startMonth: number): number {
  const [year, month] = localDate.split('-').map(Number);
  return month! < startMonth ? year! - 1 : year!;
}

export interface Formats {
  readonly country: string | null;
  readonly invoiceNumberFormat: string;
  readonly creditNoteNumberFormat: string;
}

/**
 * Refuses with NUMBER_FORMAT_INVALID a format by which two documents could come to one number, or a number that is longer than it may be: also
 * the largest. In a format the year and the place stand once each; the year has as many digits always, so that nothing else says where one
 * ends.
 */
export function assertFormats({ country, invoiceNumberFormat, creditNoteNumberFormat }: Formats): void {
  assertFormat('invoiceNumberFormat', invoiceNumberFormat, country);
  assertFormat('creditNoteNumberFormat', creditNoteNumberFormat, country);
  if (meet(invoiceNumberFormat, creditNoteNumberFormat))
    refuse(
      'NUMBER_FORMAT_INVALID',
      'An invoice and a credit note could come to one number: let them begin differently.',
      {
        field: 'creditNoteNumberFormat',
      },
    );
}

function assertFormat(field: string, format: string, country: string | null): void {
  const place = country === 'IN' ? 'IN' : 'elsewhere';
  const invalid = (message: string) => refuse('NUMBER_FORMAT_INVALID', message, { field, longest: LONGEST[place] });
  const parts = partsOf(format);
  if (parts.filter(({ year }) => year !== undefined).length !== 1)
    invalid('A format has the fiscal year once: {FY}, {FY2} or {FYFY}.');
  if (parts.filter(({ padded }) => padded !== undefined).length !== 1)
    invalid('A format has the number once: {N} or {N:6}.');
  if (!parts.every(({ literal }) => literal === undefined || PLAIN[place].test(literal)))
    invalid(`A number is made of letters, digits, ${place === 'IN' ? '“-” and “/”' : '“-”, “/”, “.” and “_”'}.`);
  if (numberOf(format, 2026, LARGEST_NUMBER).length > LONGEST[place])
    invalid(`A number has at most ${LONGEST[place]} characters, also the ${LARGEST_NUMBER}th.`);
}

/** A format as a pattern for PostgreSQL and for here: what numbers of it look like, whatever the year. */
export const patternOf = (format: string): string =>
  `^${partsOf(format)
    .map(({ literal, year, padded }) => {
      if (literal !== undefined) return literal.replace(/[./]/g, '[$&]');
      return year === undefined ? `[0-9]{${padded},${DIGITS_OF_LARGEST}}` : `[0-9]{${YEAR_DIGITS[year]}}`;
    })
    .join('')}$`;

type Step = { char: string } | { optional: boolean };

/** Character by character: one of its own, a digit, or a digit that may be there. */
const stepsOf = (format: string): Step[] =>
  partsOf(format).flatMap(({ literal, year, padded }): Step[] => {
    if (literal !== undefined) return Array.from(literal, (char) => ({ char }));
    const least = year === undefined ? padded! : YEAR_DIGITS[year]!;
    const most = year === undefined ? DIGITS_OF_LARGEST : least;
    return Array.from({ length: most }, (_, at) => ({ optional: at >= least }));
  });

/** Whether some text is a number of both formats. */
function meet(one: string, other: string): boolean {
  const [left, right] = [stepsOf(one), stepsOf(other)];
  const seen = new Set<number>();
  const from = (i: number, j: number): boolean => {
    const key = i * (right.length + 1) + j;
    if (seen.has(key)) return false;
    seen.add(key);
    const [a, b] = [left[i], right[j]];
    if (a === undefined && b === undefined) return true;
    return (
      (a !== undefined && 'optional' in a && a.optional && from(i + 1, j)) ||
      (b !== undefined && 'optional' in b && b.optional && from(i, j + 1)) ||
      (a !== undefined && b !== undefined && alike(a, b) && from(i + 1, j + 1))
    );
  };
  return from(0, 0);
}

function alike(a: Step, b: Step): boolean {
  if ('char' in a && 'char' in b) return a.char === b.char;
  if ('char' in a) return /\d/.test(a.char);
  return !('char' in b) || /\d/.test(b.char);
}

/** Numbers of the ledger: from the first to the last of them. */
export interface GivenNumber {
  readonly documentType: DocumentType;
  readonly fiscalYear: number;
  readonly firstInSeries: number;
  readonly lastInSeries: number;
  readonly number: string;
  readonly lastNumber: string;
}

/**
 * Refuses with NUMBER_FORMAT_TAKEN a format by which some other document would come to a number that was given already. The same document is
 * no other: a format may come back.
 */
export function assertFormatFree(documentType: DocumentType, format: string, given: readonly GivenNumber[]): void {
  const pattern = new RegExp(patternOf(format));
  const other = given.find((each) =>
    (
      [
        [each.number, each.firstInSeries],
        [each.lastNumber, each.lastInSeries],
      ] as const
    ).some(
      ([number, place]) =>
        pattern.test(number) &&
        comesFrom(format, number) &&
        !(each.documentType === documentType && numberOf(format, each.fiscalYear, place) === number),
    ),
  );
  if (other) refuse('NUMBER_FORMAT_TAKEN', 'By this format a number would be given again.', { number: other.number });
}

const lengthOf = (some: readonly Part[]) =>
  some.reduce((length, { literal, year }) => length + (literal?.length ?? YEAR_DIGITS[year!]!), 0);

/** Whether some place comes to this number by the format: one with more zeros than it pads with does not. */
function comesFrom(format: string, number: string): boolean {
  const parts = partsOf(format);
  const before = parts.slice(
    0,
    parts.findIndex(({ padded }) => padded !== undefined),
  );
  const behind = parts.slice(before.length + 1);
  const digits = number.slice(lengthOf(before), number.length - lengthOf(behind));
  return digits === String(Number(digits)).padStart(parts[before.length]!.padded!, '0');
}

/** Refuses with NUMBERS_NOT_BURNABLE what a series that stands at `last` has given already. */
export function assertBurnable(last: number, upTo: number): void {
  if (upTo <= last) refuse('NUMBERS_NOT_BURNABLE', 'These numbers were given already.', { lastNumber: last });
}
