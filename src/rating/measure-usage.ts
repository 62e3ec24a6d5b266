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
}

/** What was measured of a cycle by each rate, and how many handled calls no rate is for. */
export interface Measured {
  readonly units: ReadonlyMap<string, Exact>;
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
  const add = (rate: Rate, quantity: Exact) => units.set(rate.id, (units.get(rate.id) ?? NONE).add(quantity));
  const unratedCalls = await countCalls(ask, timeline, of, add);
  await sumQuantities(ask, timeline, of, add);
  return { units, unratedCalls };
}

type Add = (rate: Rate, quantity: Exact) => void;

async function countCalls(ask: Askable, timeline: Timeline, of: UpTo, add: Add): Promise<number> {
  const { moments } = timeline;
  const columns = columnsOf(moments);
  if (columns.length === 0) return 0;
  const services = servicesOf(moments);
  let unrated = 0;
  const take = (rows: readonly CountRow[], sign: 1n | -1n) => {
    for (const { moment, lob, service, handled, sums } of rows) {
      if (moment === NOTHING || !moments[moment]!.scope.lobIds.includes(lob)) continue;
      let isRated = false;
      for (const [place, { measure, initial, increment }] of columns.entries()) {
        const rate = rateFor(moments[moment]!, lob, service, measure);
        isRated ||= rate !== null;
        if (rate && rate.initialSeconds === initial && rate.incrementSeconds === increment)
          add(rate, fractionOf(sign * BigInt(sums[place]!)));
      }
      if (!isRated) unrated += Number(sign) * Number(handled);
    }
  };
  take(await ask.query<CountRow>(...countOf('ALL', timeline, columns, services, of)), 1n);
  if (await isAnyCorrected(ask, of))
    take(await ask.query<CountRow>(...countOf('SUPERSEDED', timeline, columns, services, of)), -1n);
  return unrated;
}

interface CountRow {
  moment: number;
  lob: string;
  service: string | null;
  handled: string;
  sums: string[];
}

function columnsOf(moments: readonly Moment[]): Counted[] {
  const columns = new Map<string, Counted>();
  for (const { part } of moments)
    for (const { measure, initialSeconds: initial, incrementSeconds: increment } of part.version.rates)
      if (isOfCalls(measure)) columns.set(`${measure} ${initial} ${increment}`, { measure, initial, increment });
  return [...columns.values()];
}

const HANDLED = `r.outcome IN ('HANDLED', 'TRANSFERRED')`;

/** The conditions are those of `is_measured`, spelled out: PostgreSQL adds up faster so. */
function sumOf({ measure, initial, increment }: Counted): string {
  switch (measure) {
    case 'TALK_TIME':
      return `coalesce(sum(${billedSeconds('r.talk_seconds', initial, increment)}) FILTER (WHERE ${HANDLED}), 0)`;
    case 'WAIT_TIME':
      return `coalesce(sum(${billedSeconds('r.wait_seconds', initial, increment)}) FILTER (WHERE r.outcome <> 'FAILED'), 0)`;
    case 'RESOLVED_CONTACTS':
      return `count(*) FILTER (WHERE ${HANDLED} AND r.resolved)`;
    default:
      return `count(*) FILTER (WHERE ${HANDLED})`;
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

/** What differs from one account to the next are parameters; which sums there are is text, made of numbers and words of ours. */
function countOf(
  source: keyof typeof SOURCES,
  { from, until, starts, momentOf, moments }: Timeline,
  columns: readonly Counted[],
  services: readonly string[],
  { accountId, sequence }: UpTo,
): [text: string, values: unknown[]] {
  const lobIds = [...new Set(moments.flatMap(({ scope }) => scope.lobIds))];
  const values: unknown[] = [accountId, new Date(from), new Date(until), sequence, lobIds];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const isOne = new Set(momentOf).size === 1;
  const moment = isOne
    ? String(momentOf[0])
    : `(${parameter(momentOf)}::integer[])[width_bucket(r.started_at, ${parameter(starts.map((at) => new Date(at)))}::timestamptz[])]`;
  const service =
    services.length === 0 ? 'NULL' : `CASE WHEN r.service = ANY (${parameter(services)}::text[]) THEN r.service END`;
  const keys = ['r.lob_id', ...(isOne ? [] : [moment]), ...(services.length === 0 ? [] : [service])];
  const sums = columns.map((each) => `${sumOf(each)}::text`).join(', ');
  return [
    `SELECT ${moment} AS moment, r.lob_id AS lob, ${service} AS service, (count(*) FILTER (WHERE ${HANDLED}))::text AS handled, ARRAY[${sums}] AS sums
     FROM ${SOURCES[source]}
     WHERE r.account_id = $1 AND r.started_at >= $2 AND r.started_at < $3 AND r.sequence <= $4 AND r.lob_id = ANY ($5)
     GROUP BY ${keys.join(', ')}`,
    values,
  ];
}

const CORRECTED = `SELECT FROM call_record WHERE account_id = $1 AND kind <> 'CALL' AND sequence <= $2 LIMIT 1`;

const isAnyCorrected = async (ask: Askable, { accountId, sequence }: UpTo): Promise<boolean> =>
  (await ask.query(CORRECTED, [accountId, sequence])).length > 0;

/** Of each quantity that was reported, what counts up to a sequence: it, or the last that corrects it. */
const QUANTITIES = `SELECT c.lob_id AS lob, c.measure, c.day::text AS day, sum(c.quantity)::text AS quantity FROM usage_quantity q
  CROSS JOIN LATERAL (SELECT l.* FROM usage_quantity l WHERE (l.id = q.id OR l.corrects_id = q.id) AND l.sequence <= $2 ORDER BY l.sequence DESC LIMIT 1) c
  WHERE q.account_id = $1 AND q.corrects_id IS NULL AND q.sequence <= $2 AND c.day >= $3 AND c.day < $4 GROUP BY 1, 2, 3`;

interface QuantityRow {
  lob: string;
  measure: Measure;
  day: string;
  quantity: string;
}

async function sumQuantities(ask: Askable, timeline: Timeline, { accountId, sequence }: UpTo, add: Add): Promise<void> {
  const { moments, cycle } = timeline;
  if (!moments.some(({ part }) => part.version.rates.some(({ measure }) => REPORTED.has(measure)))) return;
  const rows = await ask.query<QuantityRow>(QUANTITIES, [accountId, sequence, cycle.from, cycle.until]);
  for (const { lob, measure, day, quantity } of rows) {
    const moment = moments.find(
      ({ part, scope }) => holds(part, day) && holds(scope, day) && scope.lobIds.includes(lob),
    );
    const rate = moment && rateFor(moment, lob, null, measure);
    if (rate) add(rate, fractionOf(quantity).mul(measure === 'SEATS' ? ratio(1, cycle.days) : 1));
  }
}

const holds = ({ from, until }: { from: string; until: string | null }, day: string): boolean =>
  from <= day && (until === null || day < until);
