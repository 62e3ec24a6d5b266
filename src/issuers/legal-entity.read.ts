import { pendingChanges } from '../approvals/change-request.read';
import { CODE, contains, CREATED_AT, declareRead, equals, instant, plains, tokens } from '../platform/read';

export const legalEntityRead = declareRead('LegalEntity', {
  table: 'legal_entity',
  fields: {
    ...plains('id', 'legalName', 'taxId', 'street', 'city', 'postalCode', 'subdivision', 'country', 'email', 'iban'),
    ...plains('bic', 'timeZone', 'fiscalYearStartMonth', 'invoiceNumberFormat', 'creditNoteNumberFormat', 'version'),
    ...tokens('code'),
    pendingChanges: pendingChanges('LegalEntity'),
    createdAt: instant('created_at'),
  },
  filters: { code: equals('code', 'text'), search: contains('code', 'legal_name') },
  orders: { CODE, CREATED_AT },
  defaultOrder: 'CODE_ASC',
});
