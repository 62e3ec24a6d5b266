import { userRead } from '../access/user.read';
import { accountRead } from '../accounts/account.read';
import { lobRead } from '../accounts/lob.read';
import { column, computed, decimal, declareRead, equals, instant, one, plains } from '../platform/read';
import { sql } from '../platform/sql';

export const usageQuantityRead = declareRead('UsageQuantity', {
  table: 'usage_quantity',
  fields: {
    ...plains('id', 'measure', 'day', 'source', 'sourceId'),
    account: one(() => accountRead, 'account_id'),
    lob: one(() => lobRead, 'lob_id'),
    corrects: one(() => usageQuantityRead, 'corrects_id'),
    reportedBy: one(() => userRead, 'reported_by_id'),
    quantity: decimal('quantity'),
    sequence: computed((row) => sql`${column(row, 'sequence')}::text`),
    createdAt: instant('created_at'),
  },
  filters: {
    accountId: equals('account_id', 'uuid'),
    lobId: equals('lob_id', 'uuid'),
    measure: equals('measure', 'text'),
    from: (row, from) => sql`${column(row, 'day')} >= ${from}::date`,
    until: (row, until) => sql`${column(row, 'day')} < ${until}::date`,
  },
  orders: { DAY: { column: 'day', type: 'date' } },
  defaultOrder: 'DAY_DESC',
});
