import { accountRead } from '../accounts/account.read';
import { userRead } from '../access/user.read';
import { lobRead } from '../accounts/lob.read';
import { eventsBelong } from '../audit/event.read';
import { pendingChanges } from '../approvals/change-request.read';
import { legalEntityRead } from '../issuers/legal-entity.read';
import {
  column,
  connection,
  CREATED_AT,
  decimal,
  declareRead,
  elements,
  equals,
  extendRead,
  instant,
  list,
  money,
  one,
  plains,
} from '../platform/read';
import { sql } from '../platform/sql';

const open = (row: string) => sql`${column(row, 'total_minor')} - ${column(row, 'credited_minor')}`;

export const invoiceRead = declareRead('Invoice', {
  table: 'invoice',
  fields: {
    ...plains('id', 'number', 'status', 'paymentStatus', 'dueOn', 'voidReason', 'version', 'periodFrom', 'periodUntil'),
    ...plains('reviewDays', 'reviewEndsOn', 'acceptanceNote'),
    legalEntity: one(() => legalEntityRead, 'legal_entity_id'),
    account: one(() => accountRead, 'account_id'),
    lines: list(() => invoiceLineRead, 'invoice_id', 'line_number'),
    taxes: list(() => invoiceTaxRead, 'invoice_id', 'place'),
    objections: list(() => invoiceObjectionRead, 'invoice_id', 'objected_at'),
    acceptedAt: instant('accepted_at'),
    acceptedBy: one(() => userRead, 'accepted_by_id'),
    subtotal: money('subtotal_minor'),
    tax: money('tax_minor'),
    total: money('total_minor'),
    disputedAmount: money('disputed_minor'),
    openAmount: money((row) => sql`case when ${column(row, 'status')} = 'VOIDED' then 0 else ${open(row)} end`),
    issuedAt: instant('issued_at'),
    voidedAt: instant('voided_at'),
    pendingChanges: pendingChanges('Invoice'),
    createdAt: instant('created_at'),
  },
  filters: {
    accountId: equals('account_id', 'uuid'),
    legalEntityId: equals('legal_entity_id', 'uuid'),
    status: equals('status', 'text'),
    paymentStatus: equals('payment_status', 'text'),
    number: equals('number', 'text'),
    overdueOn: (row, date) =>
      sql`(${column(row, 'status')} = 'ISSUED' and ${column(row, 'due_on')} < ${date}::date and ${column(row, 'payment_status')} in ('UNPAID', 'PARTIALLY_PAID'))`,
    disputed: (row, disputed) => sql`(${column(row, 'disputed_minor')} > 0) = ${disputed}::boolean`,
  },
  orders: { CREATED_AT, TOTAL: { column: 'total_minor', type: 'bigint' } },
});

/** A line that is older than taxes with a name has one of its rate. */
const taxesOfLine = (row: string) => sql`coalesce(${column(row, 'taxes')}, jsonb_build_array(jsonb_build_object(
    'name', 'Tax', 'category', case when ${column(row, 'tax_rate')} > 0 then 'S' else 'Z' end, 'percent', trim_scale(${column(row, 'tax_rate')})::text,
    'exemptionReason', null)))`;

export const invoiceLineRead = declareRead('InvoiceLine', {
  table: 'invoice_line',
  partOfWhole: true,
  fields: {
    ...plains('id', 'lineNumber', 'kind', 'description', 'periodFrom', 'periodUntil', 'taxInclusive'),
    detail: elements((row) => column(row, 'detail')),
    corrects: one(() => invoiceRead, 'corrects_invoice_id'),
    taxes: elements(taxesOfLine),
    lob: one(() => lobRead, 'lob_id'),
    quantity: decimal('quantity'),
    unitPrice: decimal('unit_price'),
    taxRate: decimal('tax_rate'),
    amount: money('amount_minor'),
    tax: money('tax_minor'),
    total: money('total_minor'),
    disputedAmount: money('disputed_minor'),
    openAmount: money(open),
  },
});

/** What an invoice, or a credit note, says of one tax. */
export const taxTotal = {
  ...plains('name', 'category', 'exemptionReason'),
  percent: decimal('percent'),
  taxable: money('taxable_minor'),
  tax: money('tax_minor'),
};

export const invoiceTaxRead = declareRead('InvoiceTax', {
  table: 'invoice_tax',
  partOfWhole: true,
  fields: taxTotal,
});

export const invoiceObjectionRead = declareRead('InvoiceObjection', {
  table: 'invoice_objection',
  partOfWhole: true,
  fields: {
    ...plains('id', 'reason'),
    objectedBy: one(() => userRead, 'objected_by_id'),
    objectedAt: instant('objected_at'),
  },
});

extendRead(accountRead, { invoices: connection(() => invoiceRead, 'account_id') });

eventsBelong('Invoice', 'invoice', 'accountId', 'account_id');
