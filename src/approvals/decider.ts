import { conflictsOver } from '../access/duties';
import { actorById } from '../access/identify';
import type { Actor } from '../platform/context';
import { refuse } from '../platform/errors';
import type { Transaction } from '../platform/transaction';
import { ChangeRequest } from './change-request.entity';
import { Decision } from './decision.entity';
import { standingOf } from './standing';

/** A user with the roles of this transaction; a decision counts by what its people are now, not at sign-in. */
export const actorNow = (tx: Transaction, userId: string): Promise<Actor | null> => actorById(tx, userId, tx.now);

/**
 * Whoever is deciding, as of now: a role may have been revoked while the request's lock was waited for. Refuses with
 * UNAUTHENTICATED somebody who was deactivated meanwhile.
 */
export const deciderOf = async (tx: Transaction): Promise<Actor> =>
  (await actorNow(tx, tx.actorId)) ?? refuse('UNAUTHENTICATED', 'Sign in first.');

/** Locks a request, with whoever is deciding, how they stand to it, and the duties of theirs that a yes would mix. */
export async function lockToDecide(tx: Transaction, id: string) {
  const changeRequest = await tx.lock(ChangeRequest, id);
  const decider = await deciderOf(tx);
  return {
    changeRequest,
    decider,
    standing: await standingOf(tx, changeRequest, decider.id),
    conflicts: await conflictsOver(tx, decider.id, changeRequest.operation, 'approves'),
  };
}

/** Keeps what somebody said to a request as it is now: at the instant at which their right to say so was looked at. */
export const keepDecision = (
  tx: Transaction,
  { id, makerId, revision }: ChangeRequest,
  said: Pick<Decision, 'id' | 'verdict' | 'decidedById' | 'onBehalfOfId' | 'step' | 'comment'>,
): Promise<void> =>
  tx.insert(Decision, { ...said, changeRequestId: id, makerId, revision, createdAt: tx.now } as Decision);
