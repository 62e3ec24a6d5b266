import { IsOptional, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { assertWithdrawable, factsOf } from './dispute.rules';
import { lockDispute, releaseClaims } from './load-dispute';

@InputType({ description: 'Which dispute to withdraw.' })
export class WithdrawDisputeInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the dispute.' })
  disputeId!: string;

  @IsOptional()
  @MaxLength(500)
  @Field(() => String, { nullable: true, description: 'Why, for the trail.' })
  reason?: string | null;
}

/** Takes a dispute back: its claims are off the invoice again, and nothing is conceded. */
export const withdrawDispute = operation({
  name: 'dispute.withdraw',
  subject: 'Dispute',
  summary: 'Withdraw a dispute',
  lock: (tx, input: WithdrawDisputeInput) => lockDispute(tx, input.disputeId),
  authorize: (may, { dispute }) => may('withdraw', dispute),
  decide: ({ dispute }, _input, { now }) => {
    assertWithdrawable(dispute);
    return { status: 'WITHDRAWN' as const, closedAt: now };
  },
  save: async (tx, withdrawn, locked) => {
    await releaseClaims(tx, locked, () => 0n, locked.invoice.paymentStatus);
    await tx.update(locked.dispute, withdrawn);
  },
  record: (withdrawn, { dispute }, { reason }) => ({
    action: 'dispute.withdrawn',
    subjectId: dispute.id,
    changes: [{ path: 'status', before: dispute.status, after: withdrawn.status }],
    reason: reason ?? null,
  }),
  facts: (_withdrawn, { dispute, lines }) => factsOf(dispute, lines),
});
