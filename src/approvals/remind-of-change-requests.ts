import { record } from '../audit/record';
import { ApprovalPolicy } from './approval-policy.entity';
import { isDue, nextReminder } from './change-request.rules';
import { overDueRequests } from './due-requests';

/** Reminds those who may decide: each time that is due once, and not of those that went by while nobody was up. */
export const remindOfChangeRequests = overDueRequests(
  'changeRequests.remind',
  `status = 'PENDING' AND remind_at <= $1 AND expires_at > $1`,
  async (tx, request) => {
    const { remindAt } = request;
    if (!isDue(request, remindAt, tx.now)) return;
    const [policy] = await tx.find(ApprovalPolicy, { id: request.policyId });
    const next = nextReminder(remindAt!, policy?.remindAfterHours ?? null, tx.now);
    await tx.update(request, { remindAt: next });
    await record(tx, {
      action: 'changeRequest.reminded',
      outcome: 'DONE',
      subjectType: 'ChangeRequest',
      subjectId: request.id,
      changes: [{ path: 'remindAt', before: remindAt!.toISOString(), after: next?.toISOString() ?? null }],
      changeRequestId: request.id,
    });
  },
);
