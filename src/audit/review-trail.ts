import { addDays, localDateOf, startOfDay } from '../platform/business-time';
import { type App, ownContext } from '../platform/context';
import type { Job } from '../platform/job';
import { ask } from '../platform/pooled';
import { inTransaction, type Transaction } from '../platform/transaction';
import { record } from './record';
import { dueDay, reviewId, reviewOf, type Tally, type TrailReview } from './trail-review.rules';

/** In ms: a day is looked through so much later, when what it left is committed, and sealed. */
const SETTLING = 10 * 60_000;

const LAST = `SELECT convert_from(c.bytes, 'UTF8')::jsonb #>> '{changes,0,after}' AS day FROM audit.event e
  JOIN audit.content c ON c.event_id = e.id AND c.written_at = e.written_at
  WHERE e.action = 'audit.reviewed' ORDER BY e.at DESC, e.id DESC LIMIT 1`;
const BEGINS = `SELECT min(at) AS at FROM audit.event`;

/** One at a time, and each sees what the one before it has told. */
const TURN = `SELECT pg_advisory_xact_lock(hashtext('countersign audit review'))`;

const TALLIES = `SELECT e.action, e.outcome::text, convert_from(c.bytes, 'UTF8')::jsonb ->> 'code' AS code,
    extract(hour FROM e.at AT TIME ZONE $3) NOT BETWEEN 7 AND 19 AS night, count(*)::int AS count, (count(*) FILTER (WHERE l.place IS NULL))::int AS unsealed
  FROM audit.event e LEFT JOIN audit.leaf l ON l.event_id = e.id
    LEFT JOIN audit.content c ON c.event_id = e.id AND c.written_at = e.written_at AND e.outcome <> 'DONE'
  WHERE e.at >= $1 AND e.at < $2 GROUP BY 1, 2, 3, 4`;

/**
 * Looks through each day of the trail once it is over, and leaves what it came to as an event: also that there was nothing. Days that went by while
 * no process ran are caught up, each by itself.
 */
export const reviewTrail: Job = {
  name: 'audit.review',
  everyMinute: true,
  run: async (app, _payload, stop) => {
    if ((await due(app, (text) => ask(app, { text, values: [] }))) === null) return;
    while (!stop.aborted && (await reviewNext(app)));
  },
};

type Query = <R extends object>(text: string) => Promise<R[]>;

async function due({ config, clock }: App, query: Query): Promise<string | null> {
  const local = (at: Date) => localDateOf(at, config.businessTimeZone);
  const [last] = await query<{ day: string }>(LAST);
  const [begins] = await query<{ at: string | Date | null }>(BEGINS);
  const settled = local(new Date(clock().getTime() - SETTLING));
  return dueDay(last?.day ?? null, begins?.at ? local(new Date(begins.at)) : null, settled);
}

/** Whether there was a day to review. */
const reviewNext = (app: App): Promise<boolean> =>
  inTransaction(ownContext(app, 'jobs'), async (tx) => {
    await tx.query(TURN);
    const day = await due(app, (text) => tx.query(text));
    if (day === null) return false;
    const review = reviewOf(await talliesOf(tx, day, app.config.businessTimeZone));
    await record(tx, {
      action: 'audit.reviewed',
      outcome: 'DONE',
      subjectType: 'AuditReview',
      subjectId: reviewId(day),
      changes: changesOf(day, review),
      reason: review.matters.length === 0 ? 'nothing to look at' : `to be looked at: ${review.matters.join(', ')}`,
    });
    return true;
  });

const talliesOf = (tx: Transaction, day: string, zone: string): Promise<Tally[]> =>
  tx.query<Tally>(TALLIES, [startOfDay(day, zone), startOfDay(addDays(day, 1), zone), zone]);

const changesOf = (day: string, { events, counts, matters }: TrailReview) =>
  Object.entries({ day, events, ...counts, matters }).map(([path, after]) => ({ path, before: null, after }));
