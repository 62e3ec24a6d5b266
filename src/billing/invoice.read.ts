import { accountRead } from '../accounts/account.read';
import { lobRead } from '../accounts/lob.read';
import { eventsBelong } from '../audit/event.read';
import { pendingChanges } from '../approvals/change-request.read';
import {
  column,
  connection,
  CREATED_AT,
  decimal,
  elements,
  declareRead,
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
    account: one(() => accountRead, 'account_id'),
    lines: list(() => invoiceLineRead, 'invoice_id', 'line_number'),
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
    status: equals('status', 'text'),
    paymentStatus: equals('payment_status', 'text'),
    number: equals('number', 'text'),
    overdueOn: (row, date) =>
      sql`(${column(row, 'status')} = 'ISSUED' and ${column(row, 'due_on')} < ${date}::date and ${column(row, 'payment_status')} in ('UNPAID', 'PARTIALLY_PAID'))`,
    disputed: (row, disputed) => sql`(${column(row, 'disputed_minor')} > 0) = ${disputed}::boolean`,
  },
  orders: { CREATED_AT, TOTAL: { column: 'total_minor', type: 'bigint' } },
});

export const invoiceLineRead = declareRead('InvoiceLine', {
  table: 'invoice_line',
  partOfWhole: true,
  fields: {
    ...plains('id', 'lineNumber', 'kind', 'description', 'periodFrom', 'periodUntil'),
    detail: elements((row) => column(row, 'detail')),
    corrects: one(() => invoiceRead, 'corrects_invoice_id'),
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

extendRead(accountRead, { invoices: connection(() => invoiceRead, 'account_id') });

eventsBelong('Invoice', 'invoice', 'accountId', 'account_id');
