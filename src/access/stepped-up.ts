import { refuse } from '../platform/errors';
import type { Transaction } from '../platform/transaction';
import { isSteppedUp } from './second-factor.rules';

const SHOWN = `SELECT u.second_factor_at IS NOT NULL AS enrolled, second_factor_required() AS required, s.second_factor_at AS at
  FROM app_user u LEFT JOIN session s ON s.id = $2 AND s.user_id = u.id WHERE u.id = $1`;

/**
 * Refuses with STEP_UP_REQUIRED whoever gave no one-time code in this session within the last five minutes. Whoever has no second factor passes where none is required.
 */
export async function assertSteppedUp(tx: Transaction): Promise<void> {
  const { actorId, context, now } = tx;
  const shown = await tx.query<{ enrolled: boolean; required: boolean; at: Date | string | null }>(SHOWN, [
    actorId,
    context.sessionId,
  ]);
  const [{ enrolled, required, at } = { enrolled: true, required: true, at: null }] = shown;
  if (!enrolled && !required) return;
  if (!isSteppedUp(at === null ? null : new Date(at), now))
    refuse('STEP_UP_REQUIRED', 'Give a code of your authenticator app once more, then try again.', { enrolled });
}
