import { formatMinor } from '../platform/money';
import type { InvoiceDocument, Party, Period, Unit } from './invoice-document';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `12 Mar 2026`: read the same way everywhere. */
export function dayInWords(date: string): string {
  const [year, month, day] = date.split('-');
  return `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}`;
}

/** The last day of a period. */
export function lastDayOf({ until }: Period): string {
  const day = new Date(`${until}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString().slice(0, 10);
}

export const periodInWords = (period: Period): string =>
  `${dayInWords(period.from)} – ${dayInWords(lastDayOf(period))}`;

/** `1234567.80` → `1,234,567.80`; the minus is a minus. */
export function grouped(decimal: string): string {
  const [whole = '', fraction] = decimal.replace('-', '').split('.');
  const digits = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return `${decimal.startsWith('-') ? '−' : ''}${digits}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** Without zeros behind the point that say nothing. */
export const shortDecimal = (decimal: string): string =>
  decimal.includes('.') ? decimal.replace(/0+$/, '').replace(/\.$/, '') : decimal;

export const amountInWords = (minor: bigint, currency: string): string => grouped(formatMinor(minor, currency));

export const UNITS: Record<Unit, string> = {
  C62: '',
  SEC: 's',
  MIN: 'min',
  HUR: 'h',
  MON: 'months',
  DAY: 'days',
};

/** Lines of an address, as they stand on a letter. */
export function addressOf({ street, postalCode, city, subdivision, country }: Party): string[] {
  const town = [postalCode, city].filter(Boolean).join(' ');
  const region = [subdivision, country && countryName(country)].filter(Boolean).join(', ');
  return [street, town, region].filter((line): line is string => Boolean(line));
}

const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

const countryName = (country: string): string =>
  /^[A-Z]{2}$/.test(country) ? (countries.of(country) ?? country) : country;

export const titleOf = ({ kind, number }: Pick<InvoiceDocument, 'kind' | 'number'>): string =>
  `${kind === 'INVOICE' ? 'Invoice' : 'Credit note'}${number === null ? '' : ` ${number}`}`;
