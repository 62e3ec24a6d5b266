import type { Period } from '../agreements/billing-cycle.rules';
import { startOfDay } from '../platform/business-time';
import type { Askable } from '../platform/pooled';
import type { AccountTerms } from './account-terms';
import { common } from './cycle.rules';

const COUNT = `SELECT count(*)::int AS count FROM call_record r WHERE r.account_id = $1 AND r.started_at >= $2 AND r.started_at < $3 AND r.sequence <= $4
  AND r.lob_id <> ALL ($5) AND is_measured('HANDLED_CALLS', r.outcome, r.resolved) AND r.kind <> 'REVERSAL'`;
const OTHER = 'SELECT FROM lob WHERE account_id = $1 AND id <> ALL ($2) LIMIT 1';

/** Handled calls of lines of business that no agreement is about at any time of a period: so that nobody wonders later why they were not billed. */
export async function unratedOutside(
  { query }: Askable,
  { account, agreements }: AccountTerms,
  period: Period,
  sequence: string,
): Promise<number> {
  const about = agreements.flatMap(({ scopes }) =>
    scopes.flatMap(({ from, until, lobIds }) => (common(period, from, until) ? lobIds : [])),
  );
  if ((await query(OTHER, [account.id, about])).length === 0) return 0;
  const [from, until] = [period.from, period.until].map((day) => startOfDay(day, account.zone));
  const [row] = await query<{ count: number }>(COUNT, [account.id, from, until, sequence, about]);
  return row!.count;
}
