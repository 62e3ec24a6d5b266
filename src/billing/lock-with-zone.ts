import { Account } from '../accounts/account.entity';
import type { Transaction } from '../platform/transaction';
import { Invoice } from './invoice.entity';
import { lobsOf } from './lobs-of-invoice';

/** An invoice, locked, and the zone that its business dates belong to. */
export async function lockWithZone(tx: Transaction, invoiceId: string) {
  const invoice = await tx.lock(Invoice, invoiceId);
  const [account] = await tx.find(Account, { id: invoice.accountId });
  return { invoice, zone: account!.timeZone, lobIds: await lobsOf(tx, invoice) };
}
