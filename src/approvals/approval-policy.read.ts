import { column, computed, declareRead, equals, money, plains } from '../platform/read';
import { sql } from '../platform/sql';

const textArray = (of: string) => computed((row) => sql`array_to_json(${column(row, of)})`);

export const approvalPolicyRead = declareRead('ApprovalPolicy', {
  table: 'approval_policy',
  fields: {
    ...plains('id', 'operation', 'active', 'expiresAfterHours', 'version'),
    approverRoles: textArray('approver_roles'),
    whenFields: textArray('when_fields'),
    whenAmountAbove: money('when_amount_above_minor', 'when_currency'),
    whenAmountPositive: computed(
      (row) => sql`(${column(row, 'when_amount_above_minor')} is not null and ${column(row, 'when_currency')} is null)`,
    ),
  },
  filters: { operation: equals('operation', 'text'), active: equals('active', 'boolean') },
  orders: { OPERATION: { column: 'operation', type: 'text' } },
  defaultOrder: 'OPERATION_ASC',
});
