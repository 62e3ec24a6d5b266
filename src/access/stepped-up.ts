import { refuse } from '../platform/errors';
import type { Transaction } from '../platform/transaction';
import { isSteppedUp } from './second-factor.rules';

const SHOWN = `SELECT u.second_factor_at IS NOT NULL AS enrolled, second_factor_required() AS required, s.second_factor_at AS "codeAt",
    s.created_at AS "openedAt"
  FROM app_user u LEFT JOIN session s ON s.id = $2 AND s.user_id = u.id WHERE u.id = $1`;

interface Shown {
  enrolled: boolean;
  required: boolean;
  codeAt: Date | string | null;
  openedAt: Date | string | null;
}

/**
 * Refuses with STEP_UP_REQUIRED whoever gave no one-time code in this session within the last five minutes. Whoever has no second factor passes where none is required.
 */
export async function assertSteppedUp(tx: Transaction): Promise<void> {
  const { enrolled, required, codeAt } = await shownIn(tx);
  if (!enrolled && !required) return;
  if (!isLately(tx, codeAt))
    refuse('STEP_UP_REQUIRED', 'Give a code of your authenticator app once more, then try again.', { enrolled });
}

/**
 * Refuses with STEP_UP_REQUIRED whoever neither signed in nor gave a one-time code within the last five minutes, whatever is required: a session that was
 * left open, or whose token somebody else found, is not enough.
 */
export async function assertRecent(tx: Transaction): Promise<void> {
  const { enrolled, codeAt, openedAt } = await shownIn(tx);
  if (isLately(tx, codeAt) || isLately(tx, openedAt)) return;
  const words = 'Sign in once more, or give a code of your authenticator app, then try again.';
  refuse('STEP_UP_REQUIRED', words, { enrolled, signInSuffices: true });
}

async function shownIn(tx: Transaction): Promise<Shown> {
  const [shown] = await tx.query<Shown>(SHOWN, [tx.actorId, tx.context.sessionId]);
  return shown ?? { enrolled: true, required: true, codeAt: null, openedAt: null };
}

const isLately = ({ now }: Transaction, at: Date | string | null): boolean =>
  isSteppedUp(at === null ? null : new Date(at), now);
