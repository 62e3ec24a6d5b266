import type { FieldChange, Moment } from '../platform/operation';
import type { Transaction } from '../platform/transaction';
import { User } from './user.entity';

/** Another user of the same person, if one was named. */
export const otherUserOf = async (tx: Transaction, samePersonAsId: string | null | undefined): Promise<User | null> =>
  samePersonAsId == null ? null : tx.lock(User, samePersonAsId);

/** A user whose roles count for nothing until they have a password of their own. */
export const newUser = (
  { name, email, passwordHash }: Pick<User, 'name' | 'email' | 'passwordHash'>,
  other: User | null,
  { newId, actorId, now }: Moment,
) => ({
  id: newId(),
  name: name.trim(),
  email: email.trim().toLowerCase(),
  passwordHash,
  passwordSetById: actorId,
  passwordSetAt: now,
  personId: other && (other.personId ?? other.id),
  deactivatedAt: null,
});

/** What the trail tells of one. */
export const changesOfNewUser = (user: ReturnType<typeof newUser>): FieldChange[] => [
  { path: 'name', before: null, after: user.name },
  { path: 'email', before: null, after: user.email },
  ...(user.personId === null ? [] : [{ path: 'samePersonAs', before: null, after: user.personId }]),
];
