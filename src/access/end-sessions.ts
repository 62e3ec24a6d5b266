import { In, IsNull } from 'typeorm';
import type { Transaction } from '../platform/transaction';
import { Session, type SessionKind } from './session.entity';

interface Which {
  /** This one lives on. */
  but?: string | null;
  /** Of these kinds alone. */
  kinds?: readonly SessionKind[];
}

/** Those of people; a system's key lives on when its user is given or loses a role, which counts from its next request on. */
export const OF_PEOPLE: readonly SessionKind[] = ['PASSWORD', 'OPENID'];

/** Ends the sessions of a user, from the very next request on and on every process. Returns how many there were. */
export async function endSessionsOf(
  tx: Transaction,
  userId: string,
  endedAt: Date,
  { but = null, kinds }: Which = {},
): Promise<number> {
  const open = await tx.lockWhere(Session, { userId, endedAt: IsNull(), ...(kinds && { kind: In([...kinds]) }) });
  const ending = open.filter(({ id }) => id !== but);
  for (const session of ending) await tx.update(session, { endedAt });
  return ending.length;
}
