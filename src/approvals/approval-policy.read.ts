import { column, computed, declareRead, equals, money, plains } from '../platform/read';
import { sql } from '../platform/sql';

export const approvalPolicyRead = declareRead('ApprovalPolicy', {
  table: 'approval_policy',
  fields: {
    ...plains('id', 'operation', 'active', 'approverRoles', 'whenFields', 'expiresAfterHours', 'version'),
    whenAmountAbove: money('when_amount_above_minor', 'when_currency'),
    whenAmountPositive: computed(
      (row) => sql`(${column(row, 'when_amount_above_minor')} is not null and ${column(row, 'when_currency')} is null)`,
    ),
  },
  filters: { operation: equals('operation', 'text'), active: equals('active', 'boolean') },
  orders: { OPERATION: { column: 'operation', type: 'text' } },
  defaultOrder: 'OPERATION_ASC',
});
