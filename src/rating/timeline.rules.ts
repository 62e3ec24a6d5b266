import type { Window } from '../agreements/rate.rules';
import { addDays, instantAt, startOfDay, weekdayOf } from '../platform/business-time';
import { type BillingCycle, daysOf, type Part, type Rate } from './cycle.rules';

/** From an instant to before another, in ms. */
export interface Stretch {
  readonly from: number;
  readonly until: number;
}

/** What holds for calls that begin then: which part of the cycle it is, whom it is about, and which rates with hours are for it. */
export interface Moment {
  readonly part: Part;
  /** Whom the agreement is about. */
  readonly scope: Scope;
  /** Of rates with windows: those whose window it is. */
  readonly open: ReadonlySet<string>;
}

/** A cycle as stretches one after the other, in each of which one thing holds. */
export interface Timeline extends Stretch {
  readonly cycle: BillingCycle;
  /** When each begins; they end with the next. */
  readonly starts: readonly number[];
  /** Which of the moments it is. */
  readonly momentOf: readonly number[];
  readonly moments: readonly Moment[];
}

/** Days on which an agreement is about these lines of business. */
export interface Scope {
  readonly from: string;
  readonly until: string | null;
  readonly lobIds: readonly string[];
  /** Of an agreement about all but what others are about: those. */
  readonly but: readonly string[];
}

/** Where a cycle begins and ends. Both are given where they were fixed before the account's zone changed. */
export interface Clock {
  readonly zone: string;
  readonly startsAt?: number | null;
  readonly endsAt?: number | null;
  readonly holidays: (calendarCode: string | null) => ReadonlySet<string>;
}

/** When a cycle is over. */
export const endOf = (cycle: Pick<BillingCycle, 'until'>, { zone, endsAt }: Clock): number =>
  endsAt ?? startOfDay(cycle.until, zone).getTime();

/** What holds when within a cycle. */
export function timelineOf(cycle: BillingCycle, scopes: readonly Scope[], clock: Clock): Timeline {
  const { zone, holidays } = clock;
  const from = clock.startsAt ?? startOfDay(cycle.from, zone).getTime();
  const until = endOf(cycle, clock);
  const edge = (day: string) =>
    day <= cycle.from ? from : day >= cycle.until ? until : startOfDay(day, zone).getTime();
  const parts = cycle.parts.map((part) => ({ part, from: edge(part.from), until: edge(part.until) }));
  const about = scopes.map((scope) => ({
    scope,
    from: edge(scope.from),
    until: scope.until === null ? until : edge(scope.until),
  }));
  const windows = parts.flatMap(({ part, ...ends }) =>
    part.version.rates
      .filter((rate) => rate.windows !== null)
      .map((rate) => ({
        id: rate.id,
        stretches: hoursOf(rate, part, zone, holidays(part.version.calendarCode)).flatMap((each) =>
          clipped(each, ends),
        ),
      })),
  );
  const edges = [parts, about, ...windows.map(({ stretches }) => stretches)].flat();
  const starts = [...new Set([from, ...edges.flatMap((each) => [each.from, each.until])])]
    .filter((at) => at >= from && at < until)
    .toSorted((one, other) => one - other);
  const isOpen = windows.map(({ id, stretches }) => ({ id, at: within(stretches) }));
  const moments: Moment[] = [];
  const known = new Map<string, number>();
  const momentOf = starts.map((at) => {
    const holding = parts.findIndex((each) => each.from <= at && at < each.until);
    const scope = about.findIndex((each) => each.from <= at && at < each.until);
    if (holding < 0 || scope < 0) return NOTHING;
    const open = isOpen.filter((each) => each.at(at)).map(({ id }) => id);
    const key = JSON.stringify([holding, scope, open]);
    let moment = known.get(key);
    if (moment === undefined) {
      const whom = about[scope]!.scope;
      moment = moments.push({ part: parts[holding]!.part, scope: whom, open: new Set(open) }) - 1;
      known.set(key, moment);
    }
    return moment;
  });
  return { cycle, from, until, starts, momentOf, moments };
}

/** The moment of days for which no version holds. */
export const NOTHING = -1;

const clipped = (one: Stretch, { from, until }: Stretch): Stretch[] => {
  const both = { from: Math.max(one.from, from), until: Math.min(one.until, until) };
  return both.from < both.until ? [both] : [];
};

/** Whether an instant is in one of the stretches; asked in the order of time. */
function within(stretches: readonly Stretch[]): (at: number) => boolean {
  const sorted = stretches.toSorted((one, other) => one.from - other.from);
  return (at) => sorted.some(({ from, until }) => from <= at && at < until);
}

/** When the windows of a rate are open within a part. One may begin on the day before. */
function hoursOf({ windows }: Rate, part: Part, zone: string, holidays: ReadonlySet<string>): Stretch[] {
  return daysOf({ from: addDays(part.from, -1), until: part.until }).flatMap((day) =>
    windows!.filter((window) => opensOn(window, day, holidays)).map((window) => stretchOf(window, day, zone)),
  );
}

const opensOn = ({ weekdays, holidays: rule }: Window, day: string, holidays: ReadonlySet<string>): boolean => {
  if (rule === 'ONLY') return holidays.has(day);
  return weekdays.includes(weekdayOf(day)) && !(rule === 'EXCLUDED' && holidays.has(day));
};

function stretchOf({ from, until }: Window, day: string, zone: string): Stretch {
  const end = until > from ? instantAt(day, until, zone) : instantAt(addDays(day, 1), until, zone);
  return { from: instantAt(day, from, zone).getTime(), until: end.getTime() };
}

/** The stretches of some moments, joined where one goes on with the other. */
export function stretchesOf(timeline: Timeline, of: (moment: number) => boolean): Stretch[] {
  const stretches: Stretch[] = [];
  timeline.starts.forEach((from, place) => {
    const moment = timeline.momentOf[place]!;
    if (moment === NOTHING || !of(moment)) return;
    const until = timeline.starts[place + 1] ?? timeline.until;
    const last = stretches.at(-1);
    if (last?.until === from) stretches[stretches.length - 1] = { from: last.from, until };
    else stretches.push({ from, until });
  });
  return stretches;
}
