import { Field, ID, InputType, Int } from 'type-graphql';
import { IsOptional, Min } from 'class-validator';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { assertPending, assertSeen, assertStanding } from './change-request.rules';
import { closeIfOver } from './close-if-over';
import { keepDecision, lockToDecide } from './decider';

@InputType({ description: 'Not like this, and what the maker has to change about it.' })
export class ReturnChangeRequestInput extends Input {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @Text(2000)
  @Field({ description: 'What is to be changed. The maker reads it.' })
  reason!: string;

  @IsOptional()
  @Min(1)
  @Field(() => Int, { nullable: true, description: 'The revision that you saw: no other is returned.' })
  revision?: number | null;
}

/** Sends a change back to its maker, who may revise it or take it back. Until it expires it waits for that. */
export const returnChangeRequest = operation({
  name: 'changeRequest.return',
  subject: 'ChangeRequest',
  summary: 'Return a change request for rework',
  lock: (tx, input: ReturnChangeRequestInput) => lockToDecide(tx, input.id),
  authorize: (may, { changeRequest }) => may('return', changeRequest),
  decide: ({ changeRequest, decider, standing }, { revision, reason }, { now, newId }) => {
    assertPending(changeRequest, now);
    const right = assertStanding(changeRequest, standing, true);
    assertSeen(changeRequest, { revision: revision ?? changeRequest.revision, digest: changeRequest.digest });
    return { id: newId(), verdict: 'RETURNED' as const, decidedById: decider.id, ...right, comment: reason };
  },
  save: async (tx, decision, { changeRequest }) => {
    await keepDecision(tx, changeRequest, decision);
    await tx.update(changeRequest, { status: 'RETURNED' });
  },
  record: (decision, { changeRequest }) => ({
    action: 'changeRequest.returned',
    subjectId: changeRequest.id,
    changes: [{ path: 'status', before: changeRequest.status, after: 'RETURNED' }],
    reason: decision.comment,
    changeRequestId: changeRequest.id,
  }),
  facts: (_decision, { changeRequest }) => ({ accountId: changeRequest.accountId }),
  refused: (tx, { id }, error) => closeIfOver(tx, id, error),
});
