import { IsOptional, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { ChangeRequest } from './change-request.entity';
import { closeIfOver } from './close-if-over';
import { assertOpenTo } from './change-request.rules';

@InputType({ description: 'Which of your own change requests to take back.' })
export class WithdrawChangeRequestInput extends Input {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @IsOptional()
  @MaxLength(2000)
  @Field(() => String, { nullable: true, description: 'Why, for the trail.' })
  reason?: string | null;
}

/** The maker takes a change back while it waits, for an approver or for the maker. */
export const withdrawChangeRequest = operation({
  name: 'changeRequest.withdraw',
  subject: 'ChangeRequest',
  summary: 'Withdraw a change request',
  lock: async (tx, input: WithdrawChangeRequestInput) => ({ changeRequest: await tx.lock(ChangeRequest, input.id) }),
  authorize: (may, { changeRequest }) => may('withdraw', changeRequest),
  decide: ({ changeRequest }, _input, { now, actorId }) => {
    assertOpenTo(actorId, changeRequest, now);
    return { status: 'WITHDRAWN' as const, closedAt: now };
  },
  save: (tx, patch, { changeRequest }) => tx.update(changeRequest, patch),
  record: (_patch, { changeRequest }, { reason }) => ({
    action: 'changeRequest.withdrawn',
    subjectId: changeRequest.id,
    changes: [{ path: 'status', before: changeRequest.status, after: 'WITHDRAWN' }],
    reason: reason ?? null,
    changeRequestId: changeRequest.id,
  }),
  facts: (_patch, { changeRequest }) => ({ accountId: changeRequest.accountId }),
  refused: (tx, { id }, error) => closeIfOver(tx, id, error),
});
