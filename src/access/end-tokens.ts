import { IsNull } from 'typeorm';
import type { Transaction } from '../platform/transaction';
import { PasswordToken } from './password-token.entity';

/** Ends whatever would let a user choose a password. */
export async function endTokens(tx: Transaction, userId: string): Promise<void> {
  for (const token of await tx.lockWhere(PasswordToken, { userId, endedAt: IsNull() }))
    await tx.update(token, { endedAt: tx.now });
}
