import { refuse } from '../platform/errors';
import { formatMinor, isPercent, isRate, lineAmountMinor, percentOfMinor, sumOf } from '../platform/money';
import type { Invoice } from './invoice.entity';
import type { InvoiceLine } from './invoice-line.entity';

/** A line as it is asked for. Decimals are strings. */
export interface LineRequest {
  lobId?: string | null;
  description: string;
  quantity: string;
  unitPrice: string;
  taxRate?: string | null;
}

export type DraftedLine = Pick<
  InvoiceLine,
  | 'lineNumber'
  | 'lobId'
  | 'description'
  | 'quantity'
  | 'unitPrice'
  | 'taxRate'
  | 'amountMinor'
  | 'taxMinor'
  | 'totalMinor'
>;

/** An amount must fit where it is kept, with room for sums: 15 digits of minor units. */
const LARGEST_MINOR = 10n ** 15n;

/**
 * The amounts of the lines: quantity times unit price, rounded once, half-even; then the tax of the line, rounded once.
 * Refuses with INVOICE_LINE_INVALID what is not above zero, and AMOUNT_OUT_OF_RANGE.
 */
export function draftedLines(lines: readonly LineRequest[], currency: string): DraftedLine[] {
  return lines.map(({ lobId, description, quantity, unitPrice, taxRate }, index) => {
    const lineNumber = index + 1;
    const rate = taxRate ?? '0';
    if (!isRate(quantity) || !/[1-9]/.test(quantity) || !isRate(unitPrice) || !isPercent(rate))
      refuse(
        'INVOICE_LINE_INVALID',
        'A quantity is above zero, a price not below, both with at most ten digits before the point; a tax rate is 0 to 100 percent.',
        { lineNumber },
      );
    const amountMinor = lineAmountMinor(quantity, unitPrice, currency);
    const taxMinor = percentOfMinor(amountMinor, rate);
    const totalMinor = amountMinor + taxMinor;
    if (totalMinor > LARGEST_MINOR)
      refuse('AMOUNT_OUT_OF_RANGE', 'This line is larger than any amount we can bill.', { lineNumber });
    return {
      lineNumber,
      lobId: lobId ?? null,
      description: description.trim(),
      quantity,
      unitPrice,
      taxRate: rate,
      amountMinor,
      taxMinor,
      totalMinor,
    };
  });
}

/** The sums over the lines. Nothing is rounded again. */
export const totalsOf = (lines: readonly Pick<DraftedLine, 'amountMinor' | 'taxMinor' | 'totalMinor'>[]) => ({
  subtotalMinor: sumOf(lines.map(({ amountMinor }) => amountMinor)),
  taxMinor: sumOf(lines.map(({ taxMinor }) => taxMinor)),
  totalMinor: sumOf(lines.map(({ totalMinor }) => totalMinor)),
});

/** Refuses what is not a draft any more: INVOICE_NOT_ISSUABLE. */
export function assertIssuable({ status }: Pick<Invoice, 'status'>): void {
  if (status !== 'DRAFT') refuse('INVOICE_NOT_ISSUABLE', 'Only a draft can be issued.', { status });
}

/** Refuses what was voided, or what is disputed or settled even in part: INVOICE_NOT_VOIDABLE. */
export function assertVoidable(
  invoice: Pick<Invoice, 'status' | 'disputedMinor' | 'creditedMinor' | 'paymentStatus'>,
): void {
  if (invoice.status === 'VOIDED')
    refuse('INVOICE_NOT_VOIDABLE', 'This invoice is voided already.', { status: invoice.status });
  if (invoice.disputedMinor > 0n) refuse('INVOICE_NOT_VOIDABLE', 'This invoice is disputed: settle that first.');
  if (invoice.creditedMinor > 0n || invoice.paymentStatus !== 'UNPAID')
    refuse('INVOICE_NOT_VOIDABLE', 'This invoice is settled in part: correct it instead.', {
      paymentStatus: invoice.paymentStatus,
    });
}

/** How far an invoice is settled. Until payments exist, only concessions settle. */
export function paymentStatusOf(totalMinor: bigint, creditedMinor: bigint): 'UNPAID' | 'PARTIALLY_PAID' | 'PAID' {
  if (creditedMinor === 0n) return 'UNPAID';
  return creditedMinor >= totalMinor ? 'PAID' : 'PARTIALLY_PAID';
}

/** Series of invoices; credit notes will have their own. */
export const INVOICE_SERIES = 'INV';

/** `INV-2026-000042`: at most 16 characters up to a million invoices a year (GST, rule 46: at most 16). */
export const invoiceNumber = (series: string, fiscalYear: number, number: number): string =>
  `${series}-${fiscalYear}-${String(number).padStart(6, '0')}`;

/** Money as the trail and approvers see it. */
export const shownMoney = (minor: bigint, currency: string) => ({ amount: formatMinor(minor, currency), currency });

/** The lines of business that lines are for, each once. */
export const lobIdsIn = (lines: readonly Pick<InvoiceLine, 'lobId'>[]): string[] => [
  ...new Set(lines.flatMap(({ lobId }) => lobId ?? [])),
];

/** What policies may look at of an invoice, beside its lines. */
export const factsOf = ({
  accountId,
  totalMinor,
  currency,
}: Pick<Invoice, 'accountId' | 'totalMinor' | 'currency'>) => ({
  accountId,
  amount: { minor: totalMinor, currency },
});
