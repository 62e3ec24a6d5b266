import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { closeIfOver } from './close-if-over';
import { assertPending, assertStanding } from './change-request.rules';
import { keepDecision, lockToDecide } from './decider';

@InputType({ description: 'A no, with a reason that the maker can learn from.' })
export class RejectChangeRequestInput extends Input {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @Text(2000)
  @Field({ description: 'Why not.' })
  reason!: string;
}

export const rejectChangeRequest = operation({
  name: 'changeRequest.reject',
  subject: 'ChangeRequest',
  summary: 'Reject a change request',
  lock: (tx, input: RejectChangeRequestInput) => lockToDecide(tx, input.id),
  authorize: (may, { changeRequest }) => may('reject', changeRequest),
  decide: ({ changeRequest, decider, standing }, { reason }, { now, newId }) => {
    assertPending(changeRequest, now);
    const right = assertStanding(changeRequest, standing, true);
    return {
      decision: { id: newId(), verdict: 'REJECTED' as const, decidedById: decider.id, ...right, comment: reason },
      closedAt: now,
    };
  },
  save: async (tx, { decision, closedAt }, { changeRequest }) => {
    await keepDecision(tx, changeRequest, decision);
    await tx.update(changeRequest, { status: 'REJECTED', closedAt });
  },
  record: ({ decision }, { changeRequest }) => ({
    action: 'changeRequest.rejected',
    subjectId: changeRequest.id,
    changes: [{ path: 'status', before: changeRequest.status, after: 'REJECTED' }],
    reason: decision.comment,
    changeRequestId: changeRequest.id,
  }),
  facts: (_decision, { changeRequest }) => ({ accountId: changeRequest.accountId }),
  refused: (tx, { id }, error) => closeIfOver(tx, id, error),
});
