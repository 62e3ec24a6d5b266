import type { Transaction } from '../platform/transaction';

const USERS = 'SELECT users_of(person_of($1)) AS id';

/** Every user of the person that a user is of, that user included. */
export async function usersOfPerson(tx: Transaction, userId: string): Promise<Set<string>> {
  const users = await tx.query<{ id: string }>(USERS, [userId]);
  return new Set(users.map(({ id }) => id));
}
