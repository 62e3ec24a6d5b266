import { computed, declareRead, equals, instant, one, column, plains } from '../platform/read';
import { sql } from '../platform/sql';
import { userRead } from './user.read';

export const revealAllowanceRead = declareRead('RevealAllowance', {
  table: 'reveal_allowance',
  fields: {
    ...plains('id', 'reveals', 'used', 'version'),
    user: one(() => userRead, 'user_id'),
    expiresAt: instant('expires_at'),
    createdAt: instant('created_at'),
    usable: computed(
      (row, { now }) =>
        sql`(${column(row, 'used')} < ${column(row, 'reveals')} and ${column(row, 'expires_at')} > ${now}::timestamptz)`,
    ),
  },
  filters: { userId: equals('user_id', 'uuid') },
});
