import type { InvoiceLine } from '../billing/invoice-line.entity';
import type { Invoice } from '../billing/invoice.entity';
import { paymentStatusOf } from '../billing/invoice.rules';
import { keptTaxes, type KeptTax } from '../billing/tax-total';
import { refuse } from '../platform/errors';
import { parseMinor, sumOf } from '../platform/money';
import { shareOf, type TaxShare, taxOf, totalsOf } from '../taxes/tax.rules';

/** Why something is given back. `DISPUTE_CONCEDED` comes of disputes alone. */
export const CREDIT_REASONS = [
  'BILLED_TWICE',
  'WRONG_RATE',
  'WRONG_QUANTITY',
  'SERVICE_FAILURE',
  'GOODWILL',
  'DISPUTE_CONCEDED',
  'OTHER',
] as const;
export type CreditReason = (typeof CREDIT_REASONS)[number];

/** So much of a line, tax included. */
export interface Credit {
  readonly line: InvoiceLine;
  readonly totalMinor: bigint;
}

/**
 * What is to be given back of which line. Refuses, in this order: CREDIT_NOTE_NOT_ISSUABLE (the invoice is not issued, or a dispute is to say
 * so), CREDIT_ITEM_REPEATED, NOT_FOUND (a line of another invoice), CURRENCY_MISMATCH, CREDIT_AMOUNT_INVALID, CREDIT_AMOUNT_EXCEEDED.
 */
export function creditsOf(
  invoice: Pick<Invoice, 'status' | 'currency'>,
  lines: readonly InvoiceLine[],
  reasonCode: CreditReason,
  items: readonly { lineId: string; amount: { amount: string; currency: string } }[],
): Credit[] {
  if (invoice.status !== 'ISSUED')
    refuse('CREDIT_NOTE_NOT_ISSUABLE', 'Only of an issued invoice something is given back.', {
      status: invoice.status,
    });
  if (reasonCode === 'DISPUTE_CONCEDED')
    refuse('CREDIT_NOTE_NOT_ISSUABLE', 'What is conceded in a dispute is credited when it is resolved.', {
      reasonCode,
    });
  if (new Set(items.map(({ lineId }) => lineId.toLowerCase())).size < items.length)
    refuse('CREDIT_ITEM_REPEATED', 'Each line is credited once in a credit note.');
  return items.map(({ lineId, amount: { amount, currency } }) => {
    const line = lines.find(({ id }) => id === lineId.toLowerCase());
    if (!line) return refuse('NOT_FOUND', 'There is no such InvoiceLine.', { type: 'InvoiceLine' });
    if (currency !== invoice.currency)
      refuse('CURRENCY_MISMATCH', 'Amounts are in the currency of the invoice.', { currency: invoice.currency });
    const totalMinor = parseMinor(amount, currency);
    const { lineNumber } = line;
    if (totalMinor <= 0n) refuse('CREDIT_AMOUNT_INVALID', 'What is given back is above zero.', { lineNumber });
    if (totalMinor > line.totalMinor - line.creditedMinor - line.disputedMinor)
      refuse('CREDIT_AMOUNT_EXCEEDED', 'More is given back than is left of this line.', { lineNumber });
    return { line, totalMinor };
  });
}

/** The taxes of a line; one that is older than their names has one of its rate. */
const taxesOf = ({ taxes, taxRate, taxMinor }: InvoiceLine): TaxShare[] =>
  taxes?.map((tax: KeptTax) => ({ ...tax, taxMinor: BigInt(tax.taxMinor) })) ??
  taxOf(taxRate).map((component) => ({ ...component, taxMinor }));

/** A credit note with its lines and taxes, but for its number. Each line gives back its share of the net amount and of each tax. */
export function creditNoteOf(
  invoice: Pick<Invoice, 'id' | 'accountId' | 'legalEntityId' | 'currency'>,
  credits: readonly Credit[],
  { reasonCode, note }: { reasonCode: CreditReason; note: string | null },
  { newId, now, actorId }: { newId: () => string; now: Date; actorId: string },
) {
  const id = newId();
  const { currency } = invoice;
  const shares = credits.map(({ line, totalMinor }) => ({
    line,
    ...shareOf({ totalMinor: line.totalMinor, taxes: taxesOf(line) }, line.creditedMinor, totalMinor),
  }));
  return {
    creditNote: {
      id,
      invoiceId: invoice.id,
      accountId: invoice.accountId,
      legalEntityId: invoice.legalEntityId,
      reasonCode,
      note,
      currency,
      subtotalMinor: sumOf(shares.map(({ amountMinor }) => amountMinor)),
      taxMinor: sumOf(shares.map(({ taxMinor }) => taxMinor)),
      totalMinor: sumOf(shares.map(({ totalMinor }) => totalMinor)),
      issuedAt: now,
      issuedById: actorId,
    },
    lines: shares.map(({ line, taxes, amountMinor, taxMinor, totalMinor }, index) => ({
      id: newId(),
      creditNoteId: id,
      lineNumber: index + 1,
      lineId: line.id,
      currency,
      amountMinor,
      taxMinor,
      totalMinor,
      taxes: keptTaxes(taxes),
    })),
    taxes: totalsOf(shares),
  };
}

export type DraftedCreditNote = ReturnType<typeof creditNoteOf>;

/** What an invoice says once so much more of it is given back. */
export const creditedOf = (invoice: Pick<Invoice, 'totalMinor' | 'creditedMinor'>, totalMinor: bigint) => ({
  creditedMinor: invoice.creditedMinor + totalMinor,
  paymentStatus: paymentStatusOf(invoice.totalMinor, invoice.creditedMinor + totalMinor),
});
