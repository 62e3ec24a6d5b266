import { userRead } from '../access/user.read';
import { accountRead } from '../accounts/account.read';
import { eventsBelong } from '../audit/event.read';
import { invoiceLineRead, invoiceRead, taxTotal } from '../billing/invoice.read';
import { legalEntityRead } from '../issuers/legal-entity.read';
import { connection, declareRead, equals, extendRead, instant, list, money, one, plains } from '../platform/read';

export const creditNoteRead = declareRead('CreditNote', {
  table: 'credit_note',
  fields: {
    ...plains('id', 'number', 'reasonCode', 'note', 'version'),
    invoice: one(() => invoiceRead, 'invoice_id'),
    account: one(() => accountRead, 'account_id'),
    legalEntity: one(() => legalEntityRead, 'legal_entity_id'),
    lines: list(() => creditNoteLineRead, 'credit_note_id', 'line_number'),
    taxes: list(() => creditNoteTaxRead, 'credit_note_id', 'place'),
    subtotal: money('subtotal_minor'),
    tax: money('tax_minor'),
    total: money('total_minor'),
    issuedAt: instant('issued_at'),
    issuedBy: one(() => userRead, 'issued_by_id'),
    createdAt: instant('created_at'),
  },
  filters: {
    accountId: equals('account_id', 'uuid'),
    invoiceId: equals('invoice_id', 'uuid'),
    reasonCode: equals('reason_code', 'text'),
    number: equals('number', 'text'),
  },
});

export const creditNoteLineRead = declareRead('CreditNoteLine', {
  table: 'credit_note_line',
  partOfWhole: true,
  fields: {
    ...plains('id', 'lineNumber'),
    line: one(() => invoiceLineRead, 'line_id'),
    amount: money('amount_minor'),
    tax: money('tax_minor'),
    total: money('total_minor'),
  },
});

export const creditNoteTaxRead = declareRead('CreditNoteTax', {
  table: 'credit_note_tax',
  partOfWhole: true,
  fields: taxTotal,
});

extendRead(invoiceRead, { creditNotes: connection(() => creditNoteRead, 'invoice_id') });

eventsBelong('CreditNote', 'credit_note', 'accountId', 'account_id');
