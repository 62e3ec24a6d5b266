import { record } from '../audit/record';
import { hasExpired } from './change-request.rules';
import { closed } from './close-if-over';
import { overDueRequests } from './due-requests';

/** Closes what has waited too long, as of the instant at which it had: however late that is noticed, and by however many processes at once. */
export const expireChangeRequests = overDueRequests(
  'changeRequests.expire',
  `status IN ('PENDING', 'RETURNED') AND expires_at <= $1`,
  async (tx, request) => {
    if (!hasExpired(request, tx.now)) return;
    const patch = closed(request, 'EXPIRED', 'CHANGE_REQUEST_EXPIRED', tx.now);
    await tx.update(request, patch);
    await record(tx, {
      action: 'changeRequest.expired',
      outcome: 'DONE',
      subjectType: 'ChangeRequest',
      subjectId: request.id,
      changes: [
        { path: 'status', before: request.status, after: patch.status },
        { path: 'closedAt', before: null, after: patch.closedAt.toISOString() },
      ],
      changeRequestId: request.id,
    });
  },
);
