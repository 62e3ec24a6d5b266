import { In } from 'typeorm';
import { InvoiceLine } from '../billing/invoice-line.entity';
import { Invoice } from '../billing/invoice.entity';
import { sumOf } from '../platform/money';
import type { Transaction } from '../platform/transaction';
import { Dispute, DisputeItem } from './dispute.entity';

/** A dispute with its items and everything that ending it touches, locked: the invoice and the lines that it disputes. */
export interface LockedDispute {
  dispute: Dispute;
  items: DisputeItem[];
  invoice: Invoice;
  lines: InvoiceLine[];
}

export async function lockDispute(tx: Transaction, disputeId: string): Promise<LockedDispute> {
  const dispute = await tx.lock(Dispute, disputeId);
  const invoice = await tx.lock(Invoice, dispute.invoiceId);
  const items = await tx.lockWhere(DisputeItem, { disputeId: dispute.id });
  const lines = await tx.lockWhere(InvoiceLine, { id: In(items.map(({ lineId }) => lineId)) });
  return { dispute, items, invoice, lines };
}

/** Takes a dispute's claims off its lines and its invoice, and credits what was conceded of them. */
export async function releaseClaims(
  tx: Transaction,
  { dispute, items, invoice, lines }: LockedDispute,
  acceptedMinorOf: (item: DisputeItem) => bigint,
  paymentStatus: Invoice['paymentStatus'],
): Promise<void> {
  for (const item of items) {
    const line = lines.find(({ id }) => id === item.lineId)!;
    await tx.update(line, {
      disputedMinor: line.disputedMinor - item.amountMinor,
      creditedMinor: line.creditedMinor + acceptedMinorOf(item),
    });
  }
  const accepted = sumOf(items.map(acceptedMinorOf));
  await tx.update(invoice, {
    disputedMinor: invoice.disputedMinor - dispute.claimedMinor,
    creditedMinor: invoice.creditedMinor + accepted,
    paymentStatus,
  });
}
