import { pendingChanges } from './change-request.read';
import { userRead } from '../access/user.read';
import {
  column,
  computed,
  CREATED_AT,
  declareRead,
  equals,
  instant,
  one,
  plains,
  type Viewing,
} from '../platform/read';
import { sql, type Sql } from '../platform/sql';

const running = (row: string, { now }: Viewing): Sql =>
  sql`(${column(row, 'revoked_at')} is null and ${column(row, 'starts_at')} <= ${now}::timestamptz and ${now}::timestamptz < ${column(row, 'ends_at')})`;

export const delegationRead = declareRead('Delegation', {
  table: 'delegation',
  fields: {
    pendingChanges: pendingChanges('Delegation'),
    ...plains('id', 'operations', 'accountIds', 'outOfOffice', 'reason', 'version'),
    delegator: one(() => userRead, 'delegator_id'),
    delegate: one(() => userRead, 'delegate_id'),
    startsAt: instant('starts_at'),
    endsAt: instant('ends_at'),
    running: computed(running),
    createdAt: instant('created_at'),
    revokedAt: instant('revoked_at'),
    revokedBy: one(() => userRead, 'revoked_by_id'),
  },
  filters: {
    delegatorId: equals('delegator_id', 'uuid'),
    delegateId: equals('delegate_id', 'uuid'),
    running: (row, wanted, viewing) => sql`${running(row, viewing)} = ${wanted}::boolean`,
  },
  orders: { CREATED_AT, ENDS_AT: { column: 'ends_at', type: 'timestamptz' } },
});
