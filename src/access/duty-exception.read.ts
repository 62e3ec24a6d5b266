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
import { userRead } from './user.read';

const running = (row: string, { now }: Viewing): Sql =>
  sql`(${column(row, 'ended_at')} is null and ${now}::timestamptz < ${column(row, 'ends_at')})`;

export const dutyExceptionRead = declareRead('DutyException', {
  table: 'duty_exception',
  fields: {
    ...plains('id', 'duty', 'otherDuty', 'matrixVersion', 'reason', 'version'),
    user: one(() => userRead, 'user_id'),
    owner: one(() => userRead, 'owner_id'),
    allowedBy: one(() => userRead, 'allowed_by_id'),
    running: computed(running),
    createdAt: instant('created_at'),
    endsAt: instant('ends_at'),
    endedAt: instant('ended_at'),
    endedBy: one(() => userRead, 'ended_by_id'),
  },
  filters: {
    userId: equals('user_id', 'uuid'),
    ownerId: equals('owner_id', 'uuid'),
    running: (row, wanted, viewing) => sql`${running(row, viewing)} = ${wanted}::boolean`,
  },
  orders: { CREATED_AT, ENDS_AT: { column: 'ends_at', type: 'timestamptz' } },
});
