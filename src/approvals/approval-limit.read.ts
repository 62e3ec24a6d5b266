import { pendingChanges } from './change-request.read';
import { userRead } from '../access/user.read';
import { declareRead, equals, money, one, plains } from '../platform/read';

export const approvalLimitRead = declareRead('ApprovalLimit', {
  table: 'approval_limit',
  fields: {
    pendingChanges: pendingChanges('ApprovalLimit'),
    ...plains('id', 'currency', 'version'),
    user: one(() => userRead, 'user_id'),
    perRequest: money('per_request_minor'),
    perDay: money('per_day_minor'),
  },
  filters: { userId: equals('user_id', 'uuid'), currency: equals('currency', 'text') },
});
