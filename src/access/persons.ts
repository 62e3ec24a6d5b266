import { refuse } from '../platform/errors';
import type { Transaction } from '../platform/transaction';

const USERS = 'SELECT users_of(person_of($1)) AS id';

/** Every user of the person that a user is of, that user included. */
export async function usersOfPerson(tx: Transaction, userId: string): Promise<Set<string>> {
  const users = await tx.query<{ id: string }>(USERS, [userId]);
  return new Set(users.map(({ id }) => id));
}

/** Refuses whoever proposes or decides what lets themselves in: OWN_ACCESS, MAKER_IS_CHECKER. */
export function assertForAnother(person: ReadonlySet<string>, makerId: string, deciderId: string): void {
  if (person.has(makerId)) refuse('OWN_ACCESS', 'Somebody else has to ask for that.');
  if (person.has(deciderId)) refuse('MAKER_IS_CHECKER', 'Somebody else has to decide what lets you in.');
}
