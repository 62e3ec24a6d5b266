import { Decimal } from 'decimal.js';
import { In } from 'typeorm';
import { Account } from '../accounts/account.entity';
import { Lob } from '../accounts/lob.entity';
import { AgreementRate } from '../agreements/agreement-rate.entity';
import type { Charge } from '../agreements/charge.rules';
import { InvoiceLine, type LineDetail as KeptDetail } from '../billing/invoice-line.entity';
import { InvoiceTax } from '../billing/invoice-tax.entity';
import { Invoice } from '../billing/invoice.entity';
import { type IssuedAs, issuedAs } from '../billing/issued-as';
import type { KeptTax } from '../billing/tax-total';
import { CreditNote, CreditNoteLine, CreditNoteTax } from '../credits/credit-note.entity';
import { LegalEntity } from '../issuers/legal-entity.entity';
import { localDateOf } from '../platform/business-time';
import type { App } from '../platform/context';
import { refuse } from '../platform/errors';
import { formatMinor } from '../platform/money';
import type {
  DocumentLine,
  DocumentTax,
  InvoiceDocument,
  LineDetail,
  Period,
  TaxCategory,
  Unit,
} from './invoice-document';
import { shortDecimal } from './wording';

type From = Pick<App, 'database'>;

/** An invoice as a document. Of what is issued, seller and buyer are as they were then. */
export async function loadInvoiceDocument(app: From, invoice: Invoice): Promise<InvoiceDocument> {
  const { manager } = app.database.orm;
  const lines = await manager.find(InvoiceLine, { where: { invoiceId: invoice.id }, order: { lineNumber: 'ASC' } });
  const taxes = await manager.find(InvoiceTax, { where: { invoiceId: invoice.id }, order: { place: 'ASC' } });
  const ids = lines.flatMap(({ correctsInvoiceId }) => correctsInvoiceId ?? []);
  const corrected = new Map((await manager.findBy(Invoice, { id: In(ids) })).map(({ id, number }) => [id, number]));
  const lobs = await lobNames(app, invoice.accountId);
  const rateIds = lines.flatMap(({ agreementRateId }) => agreementRateId ?? []);
  const rates = new Map(
    (await manager.findBy(AgreementRate, { id: In(rateIds) })).map(({ id, charge }) => [id, charge]),
  );
  const { number, dueOn, currency, subtotalMinor, taxMinor, totalMinor } = invoice;
  const as = await partiesOf(app, invoice);
  return {
    kind: 'INVOICE',
    number,
    voided: invoice.status === 'VOIDED',
    ...as,
    issuedOn: invoice.issuedAt ? as.issuedOn : null,
    dueOn,
    currency,
    period: periodOf(invoice),
    precedes: null,
    lines: lines.map((line) => ({
      ...lineOf(line, lobs),
      unit: unitOf(line, rates.get(line.agreementRateId ?? '')),
      correctsInvoiceNumber: line.correctsInvoiceId && (corrected.get(line.correctsInvoiceId) ?? null),
      detail: detailOf(line.detail ?? [], currency),
    })),
    taxes: taxes.length > 0 ? taxes.map(taxOf) : taxesOf(lines),
    subtotalMinor,
    taxMinor,
    totalMinor,
    notes: [],
  };
}

/** A credit note as a document. */
export async function loadCreditNoteDocument(app: From, note: CreditNote): Promise<InvoiceDocument> {
  const { manager } = app.database.orm;
  const invoice = await manager.findOneByOrFail(Invoice, { id: note.invoiceId });
  const lines = await manager.find(CreditNoteLine, { where: { creditNoteId: note.id }, order: { lineNumber: 'ASC' } });
  const taxes = await manager.find(CreditNoteTax, { where: { creditNoteId: note.id }, order: { place: 'ASC' } });
  const given = await manager.findBy(InvoiceLine, { id: In(lines.map(({ lineId }) => lineId)) });
  const lineById = new Map(given.map((line) => [line.id, line]));
  const lobs = await lobNames(app, note.accountId);
  const { number, currency, subtotalMinor, taxMinor, totalMinor } = note;
  return {
    kind: 'CREDIT_NOTE',
    number,
    voided: false,
    ...(await partiesOf(app, note)),
    dueOn: null,
    currency,
    period: null,
    precedes: { number: invoice.number!, issuedOn: (await partiesOf(app, invoice)).issuedOn },
    lines: lines.map((line) => ({
      ...lineOf(lineById.get(line.lineId)!, lobs),
      taxCategory: line.taxes[0] ? known(line.taxes[0].category) : 'Z',
      lineNumber: line.lineNumber,
      quantity: '1',
      unit: 'C62',
      unitPrice: formatMinor(line.amountMinor, currency),
      amountMinor: line.amountMinor,
      correctsInvoiceNumber: null,
      detail: [],
    })),
    taxes: taxes.map(taxOf),
    subtotalMinor,
    taxMinor,
    totalMinor,
    notes: note.note === null ? [] : [note.note],
  };
}

async function partiesOf(
  app: From,
  of: Pick<Invoice, 'issuedAs' | 'issuedAt' | 'accountId' | 'legalEntityId'>,
): Promise<IssuedAs> {
  if (of.issuedAs) return of.issuedAs;
  const { manager } = app.database.orm;
  const account = await manager.findOneByOrFail(Account, { id: of.accountId });
  const issuer = await manager.findOneByOrFail(LegalEntity, { id: of.legalEntityId });
  return issuedAs(issuer, account, of.issuedAt ? localDateOf(of.issuedAt, account.timeZone) : '');
}

const lobNames = async ({ database }: From, accountId: string): Promise<ReadonlyMap<string, string>> =>
  new Map((await database.orm.manager.findBy(Lob, { accountId })).map((lob) => [lob.id, lob.name]));

const periodOf = ({
  periodFrom: from,
  periodUntil: until,
}: Pick<Invoice, 'periodFrom' | 'periodUntil'>): Period | null =>
  from !== null && until !== null ? { from, until } : null;

const lineOf = (line: InvoiceLine, lobs: ReadonlyMap<string, string>) => ({
  lineNumber: line.lineNumber,
  description: line.description,
  lobName: (line.lobId && lobs.get(line.lobId)) ?? null,
  quantity: line.quantity,
  unitPrice: line.unitPrice,
  amountMinor: line.amountMinor,
  taxPercent: line.taxRate,
  taxCategory: line.taxes?.[0] ? known(line.taxes[0].category) : categoryOf(line.taxRate),
  period: periodOf(line),
});

/** What a quantity is counted in: seconds that are divided are minutes or hours. */
function unitOf({ measure, unitPrice, amountMinor }: InvoiceLine, charge: Charge | undefined): Unit {
  if (measure === 'AGENT_HOURS') return 'HUR';
  if (measure !== 'TALK_TIME' && measure !== 'WAIT_TIME') return 'C62';
  // One of an amount, where units say nothing of a price.
  if (amountMinor !== 0n && new Decimal(unitPrice).isZero()) return 'C62';
  const by = charge?.increment?.divideBy;
  return by === undefined || by === null
    ? 'SEC'
    : new Decimal(by).eq(60)
      ? 'MIN'
      : new Decimal(by).eq(3600)
        ? 'HUR'
        : 'C62';
}

const LABELS: Record<KeptDetail['kind'], string> = {
  USAGE: 'Usage',
  FLAT: 'Flat fee',
  EARLIER: 'Billed earlier in this cycle',
  DISCOUNT: 'Discount',
  MAXIMUM: 'Above the maximum',
  MINIMUM: 'Up to the minimum',
  BILLED: 'Billed before',
};

/** What is worth telling: a line that is one quantity at one price says so already. */
function detailOf(detail: readonly KeptDetail[], currency: string): LineDetail[] {
  if (detail.length < 2 && detail.every(({ kind, tier }) => kind === 'USAGE' && tier === null)) return [];
  return detail.map(({ kind, tier, quantity, unitPrice, amount }) => ({
    label: tier === null ? LABELS[kind] : `${LABELS[kind]}, tier ${tier}`,
    quantity: quantity && shortDecimal(quantity),
    unitPrice: unitPrice && shortDecimal(unitPrice),
    amount: `${shortDecimal(amount)} ${currency}`,
  }));
}

const categoryOf = (taxRate: string): TaxCategory => (new Decimal(taxRate).isZero() ? 'Z' : 'S');

/** Categories of the Canary Islands, Ceuta and Melilla are written by nobody yet. */
const known = (category: KeptTax['category']): TaxCategory =>
  category === 'L' || category === 'M'
    ? refuse('INVOICE_NOT_EXPORTABLE', 'There is no document with taxes of this category yet.', {
        hindrances: [{ rule: null, field: 'taxes.category' }],
      })
    : category;

const taxOf = (tax: InvoiceTax | CreditNoteTax): DocumentTax => ({
  name: `${tax.name} ${shortDecimal(tax.percent)} %`,
  category: known(tax.category),
  percent: tax.percent,
  taxableMinor: tax.taxableMinor,
  taxMinor: tax.taxMinor,
  exemptionReason: tax.exemptionReason,
});

/** By rate, the lowest first: of an invoice that is older than taxes with a name. */
function taxesOf(lines: readonly InvoiceLine[]): DocumentTax[] {
  const rates = [...new Set(lines.map(({ taxRate }) => taxRate))].toSorted((one, other) => Number(one) - Number(other));
  return rates.map((percent) => {
    const taxed = lines.filter(({ taxRate }) => taxRate === percent);
    return {
      name: `Tax ${shortDecimal(percent)} %`,
      category: categoryOf(percent),
      percent,
      taxableMinor: taxed.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
      taxMinor: taxed.reduce((sum, line) => sum + line.taxMinor, 0n),
      exemptionReason: null,
    };
  });
}

/**
 * The same with one tax for each line, which is all that EN 16931 has: what is due in parts (CGST and SGST) is one of all their percents. Lines say their sum already.
 */
export function withOneTaxALine(document: InvoiceDocument): InvoiceDocument {
  const sets = new Map<string, { line: DocumentLine; lines: DocumentLine[] }>();
  for (const line of document.lines) {
    const key = `${line.taxCategory} ${new Decimal(line.taxPercent).toString()}`;
    const set = sets.get(key) ?? { line, lines: [] };
    set.lines.push(line);
    sets.set(key, set);
  }
  if (document.taxes.length <= sets.size) return document;
  const all = document.taxes.reduce((sum, { taxMinor }) => sum + taxMinor, 0n);
  if (sets.size > 1)
    refuse('INVOICE_NOT_EXPORTABLE', 'EN 16931 has one tax for each line.', {
      hindrances: [{ rule: 'BR-CO-18', field: 'taxes' }],
    });
  const taxes = [...sets.values()].map(({ line, lines }) => ({
    name: document.taxes.map(({ name }) => name).join(', '),
    category: line.taxCategory,
    percent: line.taxPercent,
    taxableMinor: lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
    taxMinor: all,
    exemptionReason: document.taxes[0]!.exemptionReason,
  }));
  return { ...document, taxes };
}
