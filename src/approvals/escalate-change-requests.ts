import { record } from '../audit/record';
import { isDue } from './change-request.rules';
import { overDueRequests } from './due-requests';

/** Lets others decide, too, what has waited for long: its steps take them as soon as it says that it was escalated (`change_request_steps`). */
export const escalateChangeRequests = overDueRequests(
  'changeRequests.escalate',
  `status = 'PENDING' AND escalate_at <= $1 AND expires_at > $1`,
  async (tx, request) => {
    if (!isDue(request, request.escalateAt, tx.now)) return;
    const approverRoles = [...new Set([...request.approverRoles, ...(request.escalateToRoles ?? [])])];
    // Whoever it was assigned to alone has not decided it either.
    await tx.update(request, { approverRoles, assigneeId: null, escalateAt: null });
    await record(tx, {
      action: 'changeRequest.escalated',
      outcome: 'DONE',
      subjectType: 'ChangeRequest',
      subjectId: request.id,
      changes: [
        { path: 'approverRoles', before: request.approverRoles, after: approverRoles },
        ...(request.assigneeId ? [{ path: 'assignee', before: request.assigneeId, after: null }] : []),
      ],
      changeRequestId: request.id,
    });
  },
);
