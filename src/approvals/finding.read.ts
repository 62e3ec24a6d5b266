import { pendingChanges } from './change-request.read';
import { userRead } from '../access/user.read';
import { column, computed, declareRead, equals, instant, one, plains, type Viewing } from '../platform/read';
import { reachedThrough } from '../platform/scope';
import { sql, type Sql } from '../platform/sql';
import { changeRequestRead } from './change-request.read';

const overdue = (row: string, { now }: Viewing): Sql =>
  sql`(${column(row, 'reviewed_at')} is null and ${column(row, 'due_at')} <= ${now}::timestamptz)`;

export const findingRead = declareRead('Finding', {
  table: 'finding',
  fields: {
    pendingChanges: pendingChanges('Finding'),
    ...plains('id', 'kind', 'revision', 'reason', 'verdict', 'comment', 'version'),
    changeRequest: one(() => changeRequestRead, 'change_request_id'),
    raisedBy: one(() => userRead, 'raised_by_id'),
    createdAt: instant('created_at'),
    dueAt: instant('due_at'),
    overdue: computed(overdue),
    reviewedBy: one(() => userRead, 'reviewed_by_id'),
    reviewedAt: instant('reviewed_at'),
  },
  filters: {
    reviewed: (row, wanted) => sql`(${column(row, 'reviewed_at')} is not null) = ${wanted}::boolean`,
    overdue: (row, wanted, viewing) => sql`${overdue(row, viewing)} = ${wanted}::boolean`,
    changeRequestId: equals('change_request_id', 'uuid'),
  },
  orders: { DUE_AT: { column: 'due_at', type: 'timestamptz' } },
  defaultOrder: 'DUE_AT_ASC',
});

reachedThrough(
  'Finding',
  'accountId',
  (row, id) =>
    sql`${column(row, 'change_request_id')} in (select r.id from change_request r where r.account_id = ${id}::uuid)`,
);
