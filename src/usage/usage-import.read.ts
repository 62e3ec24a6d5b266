import { userRead } from '../access/user.read';
import { accountRead } from '../accounts/account.read';
import { eventsBelong } from '../audit/event.read';
import { pendingChanges } from '../approvals/change-request.read';
import { column, computed, connection, CREATED_AT, declareRead, equals, instant, one, plains } from '../platform/read';
import { sql } from '../platform/sql';

export const usageImportRead = declareRead('UsageImport', {
  table: 'usage_import',
  fields: {
    ...plains('id', 'source', 'fileName', 'digest', 'state', 'failureCode', 'version'),
    ...plains('recordsIn', 'recordsNew', 'recordsKnown', 'recordsRejected'),
    account: one(() => accountRead, 'account_id'),
    startedBy: one(() => userRead, 'started_by_id'),
    bytesDone: computed((row) => sql`${column(row, 'bytes_done')}::text`),
    bytesTotal: computed((row) => sql`${column(row, 'bytes_total')}::text`),
    createdAt: instant('created_at'),
    updatedAt: instant('updated_at'),
    finishedAt: instant('finished_at'),
    pendingChanges: pendingChanges('UsageImport'),
    rejections: connection(() => usageRejectionRead, 'import_id'),
  },
  filters: {
    accountId: equals('account_id', 'uuid'),
    source: equals('source', 'text'),
    state: equals('state', 'text'),
  },
  orders: { CREATED_AT },
});

export const usageRejectionRead = declareRead('UsageRejection', {
  table: 'usage_rejection',
  fields: plains('id', 'lineNumber', 'code', 'field', 'line'),
  filters: { code: equals('code', 'text') },
  orders: { LINE_NUMBER: { column: 'line_number', type: 'bigint' } },
  defaultOrder: 'LINE_NUMBER_ASC',
});

eventsBelong('UsageImport', 'usage_import', 'accountId', 'account_id');
