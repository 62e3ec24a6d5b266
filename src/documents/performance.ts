import type { Askable } from '../platform/pooled';
import { type CallsAsked, THAT_COUNT, valuesOf } from './calls-that-count';
import type { Period } from './invoice-document';
import { type CallTally, type Kpis, kpisOf, together } from './kpi.rules';

/** How an account's calls went in a period: by line of business, and all together. */
export interface Performance {
  accountName: string;
  period: Period;
  serviceLevelSeconds: number;
  lobs: (Kpis & { name: string })[];
  all: Kpis;
}

/** What is handled here is what is billed as such. */
const HANDLED = `is_measured('HANDLED_CALLS', outcome, resolved)`;

const TALLY = `${THAT_COUNT}
  SELECT l.name, l.code,
    count(*) FILTER (WHERE ${HANDLED} OR outcome IN ('ABANDONED', 'VOICEMAIL'))::int AS offered,
    count(*) FILTER (WHERE ${HANDLED})::int AS handled,
    count(*) FILTER (WHERE outcome = 'ABANDONED')::int AS abandoned,
    count(*) FILTER (WHERE ${HANDLED} AND wait_seconds <= $7)::int AS "inTime",
    coalesce(sum(wait_seconds) FILTER (WHERE ${HANDLED}), 0)::float8 AS "waitSeconds",
    coalesce(sum(talk_seconds) FILTER (WHERE ${HANDLED}), 0)::float8 AS "talkSeconds",
    count(*) FILTER (WHERE ${HANDLED} AND resolved IS NOT NULL)::int AS "resolvedSaid",
    count(*) FILTER (WHERE ${HANDLED} AND resolved)::int AS "resolvedYes"
  FROM counted JOIN lob l ON l.id = counted.lob_id GROUP BY l.id, l.name, l.code ORDER BY l.code COLLATE "C"`;

/** One statement over all calls, however many: its answer has a row for each line of business. */
export async function performanceOf(
  askable: Askable,
  asked: CallsAsked,
  { accountName, period, serviceLevelSeconds }: Pick<Performance, 'accountName' | 'period' | 'serviceLevelSeconds'>,
): Promise<Performance> {
  const tallies = await askable.query<CallTally & { name: string }>(TALLY, [...valuesOf(asked), serviceLevelSeconds]);
  return {
    accountName,
    period,
    serviceLevelSeconds,
    lobs: tallies.map((tally) => ({ name: tally.name, ...kpisOf(tally) })),
    all: kpisOf(together(tallies)),
  };
}
