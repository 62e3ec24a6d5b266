import type { Transaction } from '../platform/transaction';

const USERS = `SELECT u.id FROM app_user u WHERE coalesce(u.person_id, u.id) = person_of($1)`;

/** Every user of the person that a user is of, that user included. */
export async function usersOfPerson(tx: Transaction, userId: string): Promise<Set<string>> {
  const users = await tx.query<{ id: string }>(USERS, [userId]);
  return new Set(users.map(({ id }) => id));
}
