import { pendingChanges } from './change-request.read';
import { column, computed, declareRead, elements, equals, money, plains } from '../platform/read';
import { sql } from '../platform/sql';

export const approvalPolicyRead = declareRead('ApprovalPolicy', {
  table: 'approval_policy',
  fields: {
    pendingChanges: pendingChanges('ApprovalPolicy'),
    ...plains(
      'id',
      'operation',
      'name',
      'active',
      'tier',
      'whenFields',
      'whenAccountIds',
      'whenLobIds',
      'whenCategories',
    ),
    ...plains('whenRiskAtLeast', 'freshness', 'expiresAfterHours', 'remindAfterHours', 'escalateAfterHours'),
    ...plains('escalateToRoles', 'version'),
    steps: elements((row) => column(row, 'steps')),
    approverRoles: computed(
      (row) =>
        sql`array(select distinct r from jsonb_array_elements(${column(row, 'steps')}) s, jsonb_array_elements_text(s -> 'roles') r order by r)`,
    ),
    whenAmountAbove: money('when_amount_above_minor', 'when_currency'),
    whenAmountPositive: computed(
      (row) => sql`(${column(row, 'when_amount_above_minor')} is not null and ${column(row, 'when_currency')} is null)`,
    ),
  },
  filters: { operation: equals('operation', 'text'), active: equals('active', 'boolean') },
  orders: { OPERATION: { column: 'operation', type: 'text' } },
  defaultOrder: 'OPERATION_ASC',
});
