import { DAY } from '../platform/durations';
import type { Transaction } from '../platform/transaction';
import { RevealAllowance } from './reveal-allowance.entity';
import type { Quota } from './reveal.rules';

const SEEN = `SELECT count(*)::int AS count FROM audit.event WHERE actor_id = ANY ($1) AND at > $2
  AND action IN ('sensitiveValue.revealed', 'sensitiveValue.sought') AND outcome = 'DONE'`;

/** The one that ends first: what would be left of it is lost soonest. */
const DRAWABLE = `SELECT id FROM reveal_allowance WHERE user_id = ANY ($1) AND expires_at > $2 AND used < reveals ORDER BY expires_at, id LIMIT 1`;

/**
 * How many values the actor's person saw or looked up in the last 24 hours, by the trail itself, and what they may draw upon beyond those of every day;
 * one after another, so that none slips by.
 */
export async function quotaOf(tx: Transaction): Promise<Quota> {
  const users = await tx.query<{ id: string; person: string }>(
    'SELECT users_of(p) AS id, p AS person FROM person_of($1) AS p',
    [tx.actorId],
  );
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign reveals'), hashtext($1))`, [users[0]!.person]);
  const ids = users.map(({ id }) => id);
  const [seen] = await tx.query<{ count: number }>(SEEN, [ids, new Date(tx.now.getTime() - DAY)]);
  const limit = tx.context.app.config.revealsPerDay;
  return { seen: seen!.count, limit, allowance: seen!.count < limit ? null : await drawable(tx, ids) };
}

async function drawable(tx: Transaction, ids: string[]): Promise<RevealAllowance | null> {
  const [found] = await tx.query<{ id: string }>(DRAWABLE, [ids, tx.now]);
  return found ? tx.lock(RevealAllowance, found.id) : null;
}

/** Draws one value from what was allowed beyond those of every day, where it was needed. */
export const drawn = async (tx: Transaction, { allowance }: Quota): Promise<void> =>
  allowance ? tx.update(allowance, { used: allowance.used + 1 }) : undefined;
