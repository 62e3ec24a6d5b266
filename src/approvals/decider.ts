import { actorById } from '../access/identify';
import type { Actor } from '../platform/context';
import { refuse } from '../platform/errors';
import type { Transaction } from '../platform/transaction';

/** A user with the roles of this transaction; a decision counts by what its people are now, not at sign-in. */
export const actorNow = (tx: Transaction, userId: string): Promise<Actor | null> =>
  actorById((text, values) => tx.query(text, values), userId);

/** Whoever is deciding. Refuses with UNAUTHENTICATED somebody who was deactivated this very moment. */
export const deciderOf = async (tx: Transaction): Promise<Actor> =>
  (await actorNow(tx, tx.actorId)) ?? refuse('UNAUTHENTICATED', 'Sign in first.');
