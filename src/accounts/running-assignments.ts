import type { Transaction } from '../platform/transaction';

/** Those that took effect or will, and are not over by today in the zone of the account. */
const RUNNING = `SELECT count(*)::int AS count FROM assignment s JOIN lob l ON l.id = s.lob_id JOIN account a ON a.id = l.account_id
  WHERE s.agent_id = $1 AND (s.ends_on IS NULL OR s.ends_on > s.starts_on AND s.ends_on > ($2::timestamptz AT TIME ZONE a.time_zone)::date)`;

/** How many assignments of an agent are not over yet, future ones included. */
export async function runningAssignments(tx: Transaction, agentId: string): Promise<number> {
  const [running] = await tx.query<{ count: number }>(RUNNING, [agentId, tx.now]);
  return running!.count;
}
