import { eventsBelong } from '../audit/event.read';
import { pendingChanges } from '../approvals/change-request.read';
import { legalEntityRead } from '../issuers/legal-entity.read';
import {
  CODE,
  contains,
  CREATED_AT,
  declareRead,
  equals,
  instant,
  masked,
  one,
  plains,
  tokens,
} from '../platform/read';

export const accountRead = declareRead('Account', {
  table: 'account',
  fields: {
    ...plains('id', 'legalName', 'status', 'timeZone', 'version'),
    ...plains('street', 'city', 'postalCode', 'subdivision', 'country', 'buyerReference'),
    ...tokens('code', 'currency'),
    legalEntity: one(() => legalEntityRead, 'legal_entity_id'),
    email: masked('email'),
    taxId: masked('tax_id'),
    bankAccountNumber: masked('bank_account_number'),
    pendingChanges: pendingChanges('Account'),
    createdAt: instant('created_at'),
    closedAt: instant('closed_at'),
  },
  filters: {
    code: equals('code', 'text'),
    search: contains('code', 'legal_name'),
    status: equals('status', 'text'),
    currency: equals('currency', 'text'),
  },
  orders: { CODE, LEGAL_NAME: { column: 'legal_name', type: 'text' }, CREATED_AT },
  defaultOrder: 'CODE_ASC',
});

eventsBelong('Account', 'account', 'accountId', 'id');
