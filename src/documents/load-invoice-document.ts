import { Account } from '../accounts/account.entity';
import { Lob } from '../accounts/lob.entity';

import { InvoiceLine } from '../billing/invoice-line.entity';
import { Invoice } from '../billing/invoice.entity';
import { localDateOf } from '../platform/business-time';
import type { App } from '../platform/context';
import { Decimal } from 'decimal.js';
import type { DocumentLine, DocumentTax, InvoiceDocument, Party } from './invoice-document';
import { shortDecimal } from './wording';

const NOTHING_KNOWN = {
  taxId: null,
  street: null,
  city: null,
  postalCode: null,
  subdivision: null,
  country: null,
  email: null,
} satisfies Omit<Party, 'name'>;

/**
 * An invoice as a document, of what is known of it: no legal entity is kept yet that it comes from, nor any address; tax ids are
 * masked, and opened nowhere but by revealing them.
 */
export async function loadInvoiceDocument(
  { database }: Pick<App, 'database'>,
  invoice: Invoice,
): Promise<InvoiceDocument> {
  const { manager } = database.orm;
  const account = await manager.findOneByOrFail(Account, { id: invoice.accountId });
  const lines = await manager.find(InvoiceLine, { where: { invoiceId: invoice.id }, order: { lineNumber: 'ASC' } });
  const lobs = new Map((await manager.findBy(Lob, { accountId: account.id })).map((lob) => [lob.id, lob.name]));
  const { number, issuedAt, dueOn, currency, subtotalMinor, taxMinor, totalMinor } = invoice;
  return {
    kind: 'INVOICE',
    number,
    voided: invoice.status === 'VOIDED',
    issuedOn: issuedAt && localDateOf(issuedAt, account.timeZone),
    dueOn,
    currency,
    period: null,
    seller: { name: '', ...NOTHING_KNOWN },
    buyer: { name: account.legalName, ...NOTHING_KNOWN },
    buyerReference: null,
    payment: null,
    precedes: null,
    lines: lines.map((line) => lineOf(line, (line.lobId && lobs.get(line.lobId)) ?? null)),
    taxes: taxesOf(lines),
    subtotalMinor,
    taxMinor,
    totalMinor,
    notes: [],
  };
}

const categoryOf = ({ taxRate }: Pick<InvoiceLine, 'taxRate'>) => (new Decimal(taxRate).isZero() ? 'Z' : 'S');

const lineOf = (line: InvoiceLine, lobName: string | null): DocumentLine => ({
  lineNumber: line.lineNumber,
  description: line.description,
  lobName,
  quantity: line.quantity,
  unit: 'C62',
  unitPrice: line.unitPrice,
  amountMinor: line.amountMinor,
  taxPercent: line.taxRate,
  taxCategory: categoryOf(line),
  period: null,
  correctsInvoiceNumber: null,
  detail: [],
});

/** By rate, the lowest first. */
function taxesOf(lines: readonly InvoiceLine[]): DocumentTax[] {
  const rates = [...new Set(lines.map(({ taxRate }) => taxRate))].toSorted((one, other) => Number(one) - Number(other));
  return rates.map((percent) => {
    const taxed = lines.filter(({ taxRate }) => taxRate === percent);
    return {
      name: `Tax ${shortDecimal(percent)} %`,
      category: categoryOf({ taxRate: percent }),
      percent,
      taxableMinor: taxed.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
      taxMinor: taxed.reduce((sum, line) => sum + line.taxMinor, 0n),
      exemptionReason: null,
    };
  });
}
