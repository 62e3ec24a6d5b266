import { isOfCalls, REPORTED, type Measure } from '../agreements/rate.rules';
import { type Exact, fractionOf, NONE, ratio } from '../platform/exact';
import type { Askable } from '../platform/pooled';
import type { Rate } from './cycle.rules';
import { rateFor, servicesOf } from './rate-for.rules';
import { type Moment, NOTHING, type Timeline } from './timeline.rules';

/** The usage of an account up to a sequence. */
export interface UpTo {
  readonly accountId: string;
  readonly sequence: string;
  /** What came behind this one is new; null: nothing was rated before. */
  readonly since: string | null;
}

/** What was measured of a cycle by each rate, by which of them something new counts, and how many handled calls no rate is for. */
export interface Measured {
  readonly units: ReadonlyMap<string, Exact>;
  readonly renewed: ReadonlySet<string>;
  readonly unratedCalls: number;
}

/** What is summed of calls: one column for each way in which rates count. */
interface Counted {
  readonly measure: Measure;
  readonly initial: number | null;
  readonly increment: number | null;
}

/**
 * Measures a cycle. All calls are counted in one pass of the database, by line of business, service and moment, and in as many sums as the rates have ways to
 * count; what corrections took the place of is counted in the same way and taken off. What comes here is a row for each of those, however many calls there are.
 */
export async function measureUsage(ask: Askable, timeline: Timeline, of: UpTo): Promise<Measured> {
  const units = new Map<string, Exact>();
  const fresh = new Map<string, number>();
  const add: Add = (rate, quantity, isNew) => {
    units.set(rate.id, (units.get(rate.id) ?? NONE).add(quantity));
    fresh.set(rate.id, (fresh.get(rate.id) ?? 0) + isNew);
  };
  const unratedCalls = await countCalls(ask, timeline, of, add);
  await sumQuantities(ask, timeline, of, add);
  const renewed = new Set([...fresh].filter(([, count]) => count > 0).map(([rateId]) => rateId));
  return { units, renewed, unratedCalls };
}

/** Adds to what a rate counts, of which so many calls or reports are new. */
type Add = (rate: Rate, quantity: Exact, isNew: number) => void;

async function countCalls(ask: Askable, timeline: Timeline, of: UpTo, add: Add): Promise<number> {
  const { moments } = timeline;
  const columns = columnsOf(moments);
  if (columns.length === 0) return 0;
  const services = servicesOf(moments);
  let unrated = 0;
  const take = (rows: readonly CountRow[], sign: 1n | -1n) => {
    for (const { moment: place, lob, service, handled, failed, calls, fresh, sums } of rows) {
      const moment = moments[place];
      if (!moment?.scope.lobIds.includes(lob)) continue;
      let isRated = false;
      for (const [index, { measure, initial, increment }] of columns.entries()) {
        const rate = rateFor(moment, lob, services[service - 1] ?? null, measure);
        isRated ||= rate !== null;
        if (rate?.initialSeconds !== initial || rate.incrementSeconds !== increment) continue;
        if (measure === 'WAIT_TIME' ? !failed : handled)
          add(rate, fractionOf(sign * BigInt(sums[index]!)), Number(sign) * Number(fresh));
      }
      if (handled && !isRated) unrated += Number(sign) * Number(calls);
    }
  };
  take(await ask.query<CountRow>(...countOf('ALL', timeline, columns, services, of)), 1n);
  if (await isAnyCorrected(ask, of))
    take(await ask.query<CountRow>(...countOf('SUPERSEDED', timeline, columns, services, of)), -1n);
  return unrated;
}

interface CountRow {
  /** Place among the moments; behind the last where no version holds. */
  moment: number;
  lob: string;
  /** Place among the services that rates speak of, from 1; 0 for any other. */
  service: number;
  handled: boolean;
  failed: boolean;
  calls: string;
  fresh: string;
  sums: string[];
}

function columnsOf(moments: readonly Moment[]): Counted[] {
  const columns = new Map<string, Counted>();
  for (const { part } of moments)
    for (const { measure, initialSeconds: initial, incrementSeconds: increment } of part.version.rates)
      if (isOfCalls(measure)) columns.set(`${measure} ${initial} ${increment}`, { measure, initial, increment });
  return [...columns.values()];
}

/** What of a call a measure counts is what `is_measured` says; here which calls it counts is told apart by groups, which costs less than a filter for each sum. */
function sumOf({ measure, initial, increment }: Counted): string {
  switch (measure) {
    case 'TALK_TIME':
      return `coalesce(sum(${billedSeconds('r.talk_seconds', initial, increment)}), 0)`;
    case 'WAIT_TIME':
      return `coalesce(sum(${billedSeconds('r.wait_seconds', initial, increment)}), 0)`;
    case 'RESOLVED_CONTACTS':
      return 'count(*) FILTER (WHERE r.resolved)';
    default:
      return 'count(*)';
  }
}

/** As `billedSeconds` of agreements/charge.rules.ts has it. */
const billedSeconds = (seconds: string, initial: number | null, increment: number | null): string =>
  initial === null || increment === null
    ? seconds
    : `CASE WHEN ${seconds} <= 0 THEN 0 ELSE ${initial} + (greatest(${seconds} - ${initial}, 0) + ${increment - 1}) / ${increment} * ${increment} END`;

const SOURCES = {
  ALL: 'call_record r',
  SUPERSEDED: 'superseded_calls($1, $4) s JOIN call_record r ON r.started_at = s.started_at AND r.id = s.id',
};

/**
 * A place below `count`, as the conditions that its bits are set, and put together again. The planner takes a condition for two groups and anything that is worked
 * out of an instant for as many as there are instants, which would be too many to count them on several processors.
 */
function placeBy(expression: string, count: number): { bits: string[]; place: string } {
  const bits = Array.from(
    { length: count <= 1 ? 0 : Math.ceil(Math.log2(count)) },
    (_bit, n) => `(${expression} & ${2 ** n} <> 0)`,
  );
  return { bits, place: bits.map((bit, n) => `${bit}::int * ${2 ** n}`).join(' + ') || '0' };
}

/** What differs from one account to the next are parameters; which sums there are is text, made of numbers and words of ours. */
function countOf(
  source: keyof typeof SOURCES,
  { from, until, starts, momentOf, moments }: Timeline,
  columns: readonly Counted[],
  services: readonly string[],
  { accountId, sequence, since }: UpTo,
): [text: string, values: unknown[]] {
  const values: unknown[] = [accountId, new Date(from), new Date(until), sequence];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const places = momentOf.map((moment) => (moment === NOTHING ? moments.length : moment));
  const isOne = new Set(places).size === 1;
  const moment = isOne
    ? { bits: [], place: String(places[0]) }
    : placeBy(
        `(${parameter(places)}::integer[])[width_bucket(r.started_at, ${parameter(starts.map((at) => new Date(at)))}::timestamptz[])]`,
        Math.max(...places) + 1,
      );
  const service =
    services.length === 0
      ? { bits: [], place: '0' }
      : placeBy(`coalesce(array_position(${parameter(services)}::text[], r.service), 0)`, services.length + 1);
  const handled = `(r.outcome = 'HANDLED' OR r.outcome = 'TRANSFERRED')`;
  const failed = columns.some(({ measure }) => measure === 'WAIT_TIME') ? `(r.outcome = 'FAILED')` : 'false';
  const keys = ['r.lob_id', handled, ...(failed === 'false' ? [] : [failed]), ...moment.bits, ...service.bits];
  return [
    `SELECT ${moment.place} AS moment, r.lob_id AS lob, ${service.place} AS service, ${handled} AS handled, ${failed} AS failed, count(*)::text AS calls,
       ${since === null ? '0' : `count(*) FILTER (WHERE r.sequence > ${parameter(since)})`}::text AS fresh,
       ARRAY[${columns.map((each) => `${sumOf(each)}::text`).join(', ')}] AS sums
     FROM ${SOURCES[source]} WHERE r.account_id = $1 AND r.started_at >= $2 AND r.started_at < $3 AND r.sequence <= $4
     GROUP BY ${keys.join(', ')}`,
    values,
  ];
}

const CORRECTED = `SELECT FROM call_record WHERE account_id = $1 AND kind <> 'CALL' AND sequence <= $2 LIMIT 1`;

const isAnyCorrected = async (ask: Askable, { accountId, sequence }: UpTo): Promise<boolean> =>
  (await ask.query(CORRECTED, [accountId, sequence])).length > 0;

/** Of each quantity that was reported, what counts up to a sequence: it, or the last that corrects it. */
const QUANTITIES = `SELECT c.lob_id AS lob, c.measure, c.day::text AS day, sum(c.quantity)::text AS quantity, (count(*) FILTER (WHERE c.sequence > $5))::int AS fresh FROM usage_quantity q
  CROSS JOIN LATERAL (SELECT l.* FROM usage_quantity l WHERE (l.id = q.id OR l.corrects_id = q.id) AND l.sequence <= $2 ORDER BY l.sequence DESC LIMIT 1) c
  WHERE q.account_id = $1 AND q.corrects_id IS NULL AND q.sequence <= $2 AND c.day >= $3 AND c.day < $4 GROUP BY 1, 2, 3`;

interface QuantityRow {
  lob: string;
  measure: Measure;
  day: string;
  quantity: string;
  fresh: number;
}

async function sumQuantities(
  ask: Askable,
  timeline: Timeline,
  { accountId, sequence, since }: UpTo,
  add: Add,
): Promise<void> {
  const { moments, cycle } = timeline;
  if (!moments.some(({ part }) => part.version.rates.some(({ measure }) => REPORTED.has(measure)))) return;
  const rows = await ask.query<QuantityRow>(QUANTITIES, [
    accountId,
    sequence,
    cycle.from,
    cycle.until,
    since ?? sequence,
  ]);
  for (const { lob, measure, day, quantity, fresh } of rows) {
    const moment = moments.find(
      ({ part, scope }) => holds(part, day) && holds(scope, day) && scope.lobIds.includes(lob),
    );
    const rate = moment && rateFor(moment, lob, null, measure);
    if (rate) add(rate, fractionOf(quantity).mul(measure === 'SEATS' ? ratio(1, cycle.days) : 1), fresh);
  }
}

const holds = ({ from, until }: { from: string; until: string | null }, day: string): boolean =>
  from <= day && (until === null || day < until);
