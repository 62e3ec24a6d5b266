import { IsNull } from 'typeorm';
import type { Transaction } from '../platform/transaction';
import { PasswordToken } from './password-token.entity';
import { Session } from './session.entity';

/** Ends every session of a user but the one that asks, which becomes `own`. */
export async function endOthers(tx: Transaction, userId: string, own: Partial<Session> = {}): Promise<void> {
  for (const session of await tx.lockWhere(Session, { userId, endedAt: IsNull() })) {
    const patch = session.id === tx.context.sessionId ? own : { endedAt: tx.now };
    if (Object.keys(patch).length > 0) await tx.update(session, patch);
  }
}

/** Ends every session of a user. */
export async function endAll(tx: Transaction, userId: string): Promise<void> {
  for (const session of await tx.lockWhere(Session, { userId, endedAt: IsNull() }))
    await tx.update(session, { endedAt: tx.now });
}

/** Ends whatever would let a user choose a password. */
export async function endTokens(tx: Transaction, userId: string): Promise<void> {
  for (const token of await tx.lockWhere(PasswordToken, { userId, endedAt: IsNull() }))
    await tx.update(token, { endedAt: tx.now });
}
