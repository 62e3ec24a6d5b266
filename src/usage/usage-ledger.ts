import type { Transaction } from '../platform/transaction';

const ADVANCE = `INSERT INTO usage_ledger (account_id, last_sequence) VALUES ($1, $2)
  ON CONFLICT (account_id) DO UPDATE SET last_sequence = usage_ledger.last_sequence + excluded.last_sequence RETURNING last_sequence`;

/** The sequence behind which so many records of an account come. Its ledger is locked until the end: whoever can see a record can see all that come before it. */
export async function lockLedger(tx: Transaction, accountId: string, count: number): Promise<number> {
  const [row] = await tx.write<{ last_sequence: string }>(ADVANCE, [accountId, count]);
  return Number(row!.last_sequence) - count;
}
