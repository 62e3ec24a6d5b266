import { eventsBelong } from '../audit/event.read';
import { pendingChanges } from '../approvals/change-request.read';
import {
  CODE,
  connection,
  CREATED_AT,
  declareRead,
  equals,
  extendRead,
  instant,
  one,
  plains,
  tokens,
} from '../platform/read';
import { accountRead } from './account.read';

export const lobRead = declareRead('Lob', {
  table: 'lob',
  fields: {
    ...plains('id', 'name', 'status', 'version'),
    ...tokens('code'),
    account: one(() => accountRead, 'account_id'),
    pendingChanges: pendingChanges('Lob'),
    createdAt: instant('created_at'),
    closedAt: instant('closed_at'),
  },
  filters: { accountId: equals('account_id', 'uuid'), code: equals('code', 'text'), status: equals('status', 'text') },
  orders: { CODE, CREATED_AT },
  defaultOrder: 'CODE_ASC',
});

extendRead(accountRead, { lobs: connection(() => lobRead, 'account_id') });

eventsBelong('Lob', 'lob', 'accountId', 'account_id');
eventsBelong('Lob', 'lob', 'lobId', 'id');
