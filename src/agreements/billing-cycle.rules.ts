import { DateTime } from 'luxon';
import { type Exact, NONE, ratio, sumExact } from '../platform/exact';

/** How often is billed. */
export type Cycle = 'MONTHLY' | 'QUARTERLY' | 'SEMIANNUAL' | 'ANNUAL';

export const CYCLE_MONTHS: Record<Cycle, number> = { MONTHLY: 1, QUARTERLY: 3, SEMIANNUAL: 6, ANNUAL: 12 };

/** A period of days, `until` exclusive. Dates are YYYY-MM-DD in the account's zone. */
export interface Period {
  readonly from: string;
  readonly until: string;
}

const dateOf = (iso: string): DateTime<true> => DateTime.fromISO(iso, { zone: 'utc' }) as DateTime<true>;
const isoOf = (date: DateTime<true>): string => date.toISODate();
const daysBetween = (from: DateTime, until: DateTime): number => until.diff(from, 'days').days;

/** In that month on the anchor's day, or on its last where it has no such day: 31 is 28 February. */
const onDay = (date: DateTime<true>, day: number): DateTime<true> => date.set({ day: Math.min(day, date.daysInMonth) });

/** The first day on or after a date that is the anchor's day of its month. */
function firstBillingDay(start: DateTime<true>, day: number): DateTime<true> {
  const here = onDay(start, day);
  return here >= start ? here : onDay(start.set({ day: 1 }).plus({ months: 1 }), day);
}

const nthAfter = (first: DateTime<true>, months: number, anchorDay: number): DateTime<true> =>
  onDay(first.set({ day: 1 }).plus({ months }), anchorDay);

/** The period of a cycle that a day lies in. Periods begin on the anchor's day, and count in whole cycles from the anchor. */
export function periodAround(day: string, cycle: Cycle, anchor: string): Period {
  const [at, begin] = [dateOf(day), dateOf(anchor)];
  const months = CYCLE_MONTHS[cycle];
  const ahead = (at.year - begin.year) * 12 + at.month - begin.month;
  let steps = Math.floor(ahead / months);
  if (nthAfter(begin, steps * months, begin.day) > at) steps -= 1;
  const nth = (n: number) => isoOf(nthAfter(begin, n * months, begin.day));
  return nth(steps + 1) <= day
    ? { from: nth(steps + 1), until: nth(steps + 2) }
    : { from: nth(steps), until: nth(steps + 1) };
}

export interface Subscription {
  /** The first day. */
  readonly start: string;
  /** The day after the last one, if there is an end. */
  readonly end?: string | null;
  readonly cycle: Cycle;
  /** The day of the month on which a cycle begins, 1 to 31. */
  readonly anchorDay: number;
  /** Whether a cycle is due on its first day, or when it is over. */
  readonly mode: 'IN_ADVANCE' | 'IN_ARREARS';
}

/** A stretch that is billed, and what of a whole cycle it is: days used by days of the full period. */
export interface CyclePart extends Period {
  readonly share: Exact;
}

/**
 * What of a subscription is due up to a day: first the days until the first billing day, by the cycle that ends there; then whole cycles; then
 * the days of the cycle that the subscription ends in.
 */
export function cyclesDue({ start, end, cycle, anchorDay, mode }: Subscription, target: string): CyclePart[] {
  const months = CYCLE_MONTHS[cycle];
  const [from, last, day] = [dateOf(start), end ? dateOf(end) : null, dateOf(target)];
  const due = ({ from: begin, until }: CyclePart) => (mode === 'IN_ADVANCE' ? begin : until) <= target;
  const first = firstBillingDay(from, anchorDay);
  const leading = partOf(from, last && last < first ? last : first, first.minus({ months }), first);
  const parts: CyclePart[] = leading ? [leading] : [];
  for (let n = 0; ; n += 1) {
    const begin = nthAfter(first, n * months, anchorDay);
    if (begin > day || (last && begin >= last)) return parts.filter(due);
    const next = nthAfter(first, (n + 1) * months, anchorDay);
    const part =
      last && last < next ? partOf(begin, last, begin, begin.plus({ months })) : partOf(begin, next, begin, next);
    if (part) parts.push(part);
  }
}

function partOf(
  from: DateTime<true>,
  until: DateTime<true>,
  begin: DateTime<true>,
  end: DateTime<true>,
): CyclePart | null {
  const days = daysBetween(from, until);
  return days <= 0 ? null : { from: isoOf(from), until: isoOf(until), share: ratio(days, daysBetween(begin, end)) };
}

/** How many cycles that makes. */
export const cyclesIn = (parts: readonly CyclePart[]): Exact =>
  parts.length === 0 ? NONE : sumExact(parts.map(({ share }) => share));
