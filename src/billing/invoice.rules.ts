import { refuse } from '../platform/errors';
import { formatMinor, isPercent, isRate, lineAmountMinor, sumOf } from '../platform/money';
import type { FieldChange } from '../platform/operation';
import { type TaxComponent, taxed, taxOf, type TaxTotal } from '../taxes/tax.rules';
import type { Invoice } from './invoice.entity';
import type { InvoiceLine } from './invoice-line.entity';
import { keptTaxes } from './tax-total';

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
  | 'taxInclusive'
  | 'taxes'
  | 'amountMinor'
  | 'taxMinor'
  | 'totalMinor'
>;

/** An amount must fit where it is kept, with room for sums: 15 digits of minor units. */
const LARGEST_MINOR = 10n ** 15n;

/** Which taxes are due where a line says nothing of its own, and whether prices hold them. */
export interface TaxesDue {
  readonly components: readonly TaxComponent[];
  readonly taxInclusive: boolean;
}

/**
 * The amounts of the lines: quantity times unit price, rounded once, half-even; then the taxes of all together, see taxes/tax.rules.ts.
 * Refuses with INVOICE_LINE_INVALID what is not above zero, and AMOUNT_OUT_OF_RANGE.
 */
export function draftedLines(
  lines: readonly LineRequest[],
  currency: string,
  { components, taxInclusive }: TaxesDue,
): { lines: DraftedLine[]; taxes: TaxTotal[] } {
  const priced = lines.map(({ quantity, unitPrice, taxRate }, index) => {
    if (!isRate(quantity) || !/[1-9]/.test(quantity) || !isRate(unitPrice) || !isPercent(taxRate ?? '0'))
      refuse(
        'INVOICE_LINE_INVALID',
        'A quantity is above zero, a price not below, both with at most ten digits before the point; a tax rate is 0 to 100 percent.',
        { lineNumber: index + 1 },
      );
    return {
      amountMinor: lineAmountMinor(quantity, unitPrice, currency),
      components: taxRate == null ? components : taxOf(taxRate),
      taxInclusive,
    };
  });
  const { lines: amounts, taxes } = taxed(priced);
  const tooLarge = amounts.findIndex(({ totalMinor }) => totalMinor > LARGEST_MINOR);
  if (tooLarge >= 0)
    refuse('AMOUNT_OUT_OF_RANGE', 'This line is larger than any amount we can bill.', { lineNumber: tooLarge + 1 });
  const drafted = lines.map(({ lobId, description, quantity, unitPrice }, index) => ({
    lineNumber: index + 1,
    lobId: lobId ?? null,
    description: description.trim(),
    quantity,
    unitPrice,
    taxInclusive,
    ...amounts[index]!,
    taxes: keptTaxes(amounts[index]!.taxes),
  }));
  return { lines: drafted, taxes };
}

/** The sums over the lines. Nothing is rounded again. */
export const totalsOf = (lines: readonly Pick<DraftedLine, 'amountMinor' | 'taxMinor' | 'totalMinor'>[]) => ({
  subtotalMinor: sumOf(lines.map(({ amountMinor }) => amountMinor)),
  taxMinor: sumOf(lines.map(({ taxMinor }) => taxMinor)),
  totalMinor: sumOf(lines.map(({ totalMinor }) => totalMinor)),
});

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

/** How far an invoice is settled. Until payments exist, only credit notes settle. */
export function paymentStatusOf(totalMinor: bigint, creditedMinor: bigint): 'UNPAID' | 'PARTIALLY_PAID' | 'PAID' {
  if (creditedMinor === 0n) return 'UNPAID';
  return creditedMinor >= totalMinor ? 'PAID' : 'PARTIALLY_PAID';
}

/** What invoices say of their series; credit notes have their own table. */
export const INVOICE_SERIES = 'INV';

/** Money as the trail and approvers see it. */
export const shownMoney = (minor: bigint, currency: string) => ({ amount: formatMinor(minor, currency), currency });

/** What the trail tells of lines that are drafted. */
export const lineChanges = (
  lines: readonly Pick<InvoiceLine, 'lineNumber' | 'description' | 'quantity' | 'unitPrice' | 'amountMinor'>[],
  currency: string,
): FieldChange[] =>
  lines.map(({ lineNumber, description, quantity, unitPrice, amountMinor }) => ({
    path: `lines.${lineNumber}`,
    before: null,
    after: { description, quantity, unitPrice, amount: shownMoney(amountMinor, currency) },
  }));

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
