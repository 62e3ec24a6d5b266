import { actorById } from '../access/identify';
import type { Actor } from '../platform/context';
import { refuse } from '../platform/errors';
import type { Transaction } from '../platform/transaction';

/** A user with the roles of this transaction; a decision counts by what its people are now, not at sign-in. */
export const actorNow = (tx: Transaction, userId: string): Promise<Actor | null> => actorById(tx, userId);

/**
 * Whoever is deciding, as of now: a role may have been revoked while the request's lock was waited for. Refuses with
 * UNAUTHENTICATED somebody who was deactivated meanwhile.
 */
export const deciderOf = async (tx: Transaction): Promise<Actor> =>
  (await actorNow(tx, tx.actorId)) ?? refuse('UNAUTHENTICATED', 'Sign in first.');
