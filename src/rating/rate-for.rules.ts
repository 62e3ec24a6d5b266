import { isOfCalls, type Measure, REPORTED } from '../agreements/rate.rules';
import type { Rate } from './cycle.rules';
import { type Moment, type Stretch, stretchesOf, type Timeline } from './timeline.rules';

/**
 * Which rate a call is billed by. A line of business that has rates of its own for a measure has no others; of those the first that fits: one for the
 * call's service before one for whichever, one with hours before one without, then the order of the agreement.
 */
export function rateFor({ part, open }: Moment, lobId: string, service: string | null, measure: Measure): Rate | null {
  const rates = part.version.rates.filter((rate) => rate.measure === measure);
  const own = rates.filter((rate) => rate.lobId === lobId);
  const fitting = (own.length > 0 ? own : rates.filter((rate) => rate.lobId === null)).filter(
    (rate) => (rate.service === null || rate.service === service) && (rate.windows === null || open.has(rate.id)),
  );
  return fitting.toSorted(closer)[0] ?? null;
}

const closer = (one: Rate, other: Rate): number =>
  Number(one.service === null) - Number(other.service === null) ||
  Number(one.windows === null) - Number(other.windows === null) ||
  one.lineNumber - other.lineNumber;

/** The services that rates of calls speak of. */
export const servicesOf = (moments: readonly Moment[]): string[] => [
  ...new Set(moments.flatMap(({ part }) => part.version.rates.flatMap(({ service }) => service ?? []))),
];

/** Which calls stand behind a rate's quantity: of these lines of business, these services or all but those, that began then. */
export interface Cut {
  readonly lobIds: readonly string[];
  /** Null: whichever, also none. */
  readonly services: readonly string[] | null;
  readonly servicesExcept: readonly string[] | null;
  readonly stretches: readonly Stretch[];
}

/** The cuts of each rate of calls, by its id: each call of a cycle is in those of one rate of a measure at most. */
export function cutsOf(timeline: Timeline): Map<string, Cut[]> {
  const services = servicesOf(timeline.moments);
  const found = new Map<
    string,
    { rateId: string; lobIds: Map<string, Set<number>>; cut: Omit<Cut, 'lobIds' | 'stretches'> }
  >();
  timeline.moments.forEach((moment, place) => {
    const measures = new Set(
      moment.part.version.rates.map(({ measure }) => measure).filter((each) => isOfCalls(each) || REPORTED.has(each)),
    );
    for (const measure of measures)
      for (const lobId of moment.scope.lobIds) {
        const general = rateFor(moment, lobId, null, measure);
        const named = services.map((service) => [service, rateFor(moment, lobId, service, measure)] as const);
        for (const rate of new Set([general, ...named.map(([, each]) => each)])) {
          if (rate === null) continue;
          const cut =
            rate === general
              ? { services: null, servicesExcept: orNull(named.filter(([, each]) => each !== rate)) }
              : { services: orNull(named.filter(([, each]) => each === rate)), servicesExcept: null };
          const key = JSON.stringify([rate.id, cut]);
          const entry = found.get(key) ?? { rateId: rate.id, lobIds: new Map<string, Set<number>>(), cut };
          found.set(key, entry);
          const places = entry.lobIds.get(lobId) ?? new Set<number>();
          entry.lobIds.set(lobId, places.add(place));
        }
      }
  });
  const cuts = new Map<string, Cut[]>();
  for (const { rateId, lobIds, cut } of found.values())
    for (const [moments, of] of byMoments(lobIds))
      cuts.set(rateId, [
        ...(cuts.get(rateId) ?? []),
        { ...cut, lobIds: of, stretches: stretchesOf(timeline, (moment) => moments.has(moment)) },
      ]);
  return cuts;
}

const orNull = (named: readonly (readonly [string, Rate | null])[]): string[] | null =>
  named.length === 0 ? null : named.map(([service]) => service);

/** Lines of business that the same moments belong to, together. */
function byMoments(lobIds: ReadonlyMap<string, Set<number>>): [Set<number>, string[]][] {
  const groups = new Map<string, [Set<number>, string[]]>();
  for (const [lobId, moments] of lobIds) {
    const key = [...moments].join();
    const group = groups.get(key);
    if (group) group[1].push(lobId);
    else groups.set(key, [moments, [lobId]]);
  }
  return [...groups.values()];
}
