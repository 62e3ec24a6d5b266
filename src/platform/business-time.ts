import { DateTime, IANAZone } from 'luxon';
import { DAY, MINUTE } from './durations';
import { refuse } from './errors';

/**
 * Deadlines over local days and business calendars. Everything here is pure: time is an argument. A local date is a
 * string YYYY-MM-DD; an instant is a Date.
 */

/** The days on which nobody works. Outside of the years that its holidays cover, only its weekends count. */
export interface Calendar {
  code: string;
  /** A calendar has no zone: the same one serves several zones (US), the zone belongs to what is due. */
  zone?: never;
  /** ISO weekdays, 1 (Monday) to 7 (Sunday). */
  weekend: readonly number[];
  /** YYYY-MM-DD. */
  holidays: ReadonlySet<string>;
}

export type DayKind = 'CALENDAR' | 'BUSINESS';

const MAX_RULE_DAYS = 3650;
/** No real calendar closes for as long as that; one without any business day must not loop for ever. */
const MAX_CLOSED_DAYS = 366;
/** The three-letter names that IANA has. ICU knows more, such as IST, which is India's, Israel's or Ireland's. */
const IANA_ABBREVIATIONS = new Set('CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET'.split(' '));

/**
 * When something received at an instant is due. The local date of receipt in the zone is day 0, whatever the hour, and
 * also if it is no business day; day n is the n-th calendar day or the n-th business day after it. The deadline is the
 * END of day n: the first instant of the local day after it, exclusive, also where clocks change or midnight is
 * skipped. With 0 days it is the end of the day of receipt.
 *
 * Refuses ZONE_UNKNOWN, and RULE_INVALID for days that are not an integer in 0..3650, for a calendar without business
 * days, and for a deadline beyond the year 9999.
 */
export function dueInstant(
  receivedAt: Date,
  rule: { days: number; kind: DayKind },
  zone: string,
  calendar: Calendar,
): Date {
  if (!Number.isInteger(rule.days) || rule.days < 0 || rule.days > MAX_RULE_DAYS) {
    return refuse('RULE_INVALID', `The days of a rule must be an integer from 0 to ${MAX_RULE_DAYS}.`);
  }
  const received = localDateOf(receivedAt, zone);
  const lastDay =
    rule.kind === 'BUSINESS' ? addBusinessDays(received, rule.days, calendar) : addDays(received, rule.days);
  return startOfDay(addDays(lastDay, 1), zone);
}

/** Is this the name of a zone in the IANA database ("Asia/Kolkata", "UTC")? Offsets and ICU's "IST" are not. */
export function isZone(zone: string): boolean {
  // The pattern is for what Intl takes beyond IANA: "utc", from Node 22 on "+05:30", and ICU's own abbreviations.
  if (!/^[A-Z][A-Za-z0-9_+\-/]{1,63}$/.test(zone)) return false;
  if (/^[A-Z]{3}$/.test(zone) && !IANA_ABBREVIATIONS.has(zone)) return false;
  return IANAZone.isValidZone(zone);
}

/** The date on the wall at this instant. Refuses ZONE_UNKNOWN. */
export function localDateOf(instant: Date, zone: string): string {
  return isoDate(DateTime.fromJSDate(instant, { zone: zoneOf(zone) }));
}

/** So many days later, or earlier when negative. Refuses DATE_INVALID, and RULE_INVALID outside of 0001..9999. */
export function addDays(localDate: string, days: number): string {
  return fromEpochDay(toEpochDay(localDate) + days);
}

/** Is this neither a weekend nor a holiday there? Refuses DATE_INVALID. */
export function isBusinessDay(localDate: string, calendar: Calendar): boolean {
  return !calendar.weekend.includes(isoWeekday(toEpochDay(localDate))) && !calendar.holidays.has(localDate);
}

/** The first business day after this date. Refuses DATE_INVALID, and RULE_INVALID when there is none in a year. */
export function nextBusinessDay(localDate: string, calendar: Calendar): string {
  const from = toEpochDay(localDate);
  for (let day = from + 1; day <= from + MAX_CLOSED_DAYS; day++) {
    const date = fromEpochDay(day);
    if (isBusinessDay(date, calendar)) return date;
  }
  return refuse('RULE_INVALID', 'The calendar has no business day within a year.');
}

function addBusinessDays(localDate: string, days: number, calendar: Calendar): string {
  let date = localDate;
  for (let passed = 0; passed < days; passed++) date = nextBusinessDay(date, calendar);
  return date;
}

/**
 * The first instant of a local day. Where clocks skip midnight, or the whole day, that is when they jump; where they
 * pass midnight twice (Havana each autumn), the first time.
 */
export function startOfDay(localDate: string, zone: string): Date {
  const plain = whereNoClockChanges(localDate, '00:00', zone);
  if (plain) return plain;
  const midnights = DateTime.fromISO(localDate, { zone: zoneOf(zone) })
    .startOf('day')
    .getPossibleOffsets();
  return new Date(Math.min(...midnights.map((midnight) => midnight.toMillis())));
}

/** ISO weekday of a date, 1 (Monday) to 7 (Sunday). Refuses DATE_INVALID. */
export const weekdayOf = (localDate: string): number => isoWeekday(toEpochDay(localDate));

/** How many days from one date to another. Refuses DATE_INVALID. */
export const daysBetween = (from: string, until: string): number => toEpochDay(until) - toEpochDay(from);

/**
 * The instant of a time of day, HH:MM, `24:00` being the end of the day. Where clocks skip it, as far behind the change as it would have been;
 * where they show it twice, the first time.
 */
export function instantAt(localDate: string, time: string, zone: string): Date {
  if (time === '24:00') return startOfDay(addDays(localDate, 1), zone);
  if (time === '00:00') return startOfDay(localDate, zone);
  const plain = whereNoClockChanges(localDate, time, zone);
  if (plain) return plain;
  const possible = DateTime.fromISO(`${localDate}T${time}`, { zone: zoneOf(zone) }).getPossibleOffsets();
  return new Date(Math.min(...possible.map((instant) => instant.toMillis())));
}

/** The instant of a local time around which, a day before and a day behind, clocks are apart from UTC by the same. A hundredth of what the other way costs. */
function whereNoClockChanges(localDate: string, time: string, zone: string): Date | null {
  const local = Date.parse(`${localDate}T${time}:00.000Z`);
  const there = zoneOf(zone);
  const [before, behind] = [there.offset(local - DAY), there.offset(local + DAY)];
  return before === behind && Number.isInteger(before) ? new Date(local - before * MINUTE) : null;
}

/** Zones that were asked for: to look a name up costs more than anything that is asked of its zone. */
const zones = new Map<string, IANAZone>();

function zoneOf(name: string): IANAZone {
  const known = zones.get(name);
  if (known) return known;
  const zone = isZone(name) ? IANAZone.create(name) : refuse('ZONE_UNKNOWN', 'This is not an IANA time zone.');
  zones.set(name, zone);
  return zone;
}

function isoDate(dateTime: DateTime): string {
  const date = dateTime.toISODate();
  if (date === null || date.length !== 10) throw new RangeError('An instant must be valid, in the years 0001 to 9999.');
  return date;
}

function toEpochDay(localDate: string): number {
  const millis = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(localDate) ? Date.parse(`${localDate}T00:00:00.000Z`) : NaN;
  // 31 February is NaN in some engines and 3 March in others: compare what came out.
  if (Number.isNaN(millis) || new Date(millis).toISOString().slice(0, 10) !== localDate) {
    return refuse('DATE_INVALID', 'A local date must be a real date, written as YYYY-MM-DD.');
  }
  return millis / DAY;
}

function fromEpochDay(epochDay: number): string {
  const date = new Date(epochDay * DAY);
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) return refuse('RULE_INVALID', 'The date is outside of the years 0001 to 9999.');
  return date.toISOString().slice(0, 10);
}

function isoWeekday(epochDay: number): number {
  // 1970-01-01, day 0, was a Thursday: 4. The first modulo may be negative.
  return ((((epochDay + 3) % 7) + 7) % 7) + 1;
}
