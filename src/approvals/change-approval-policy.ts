import { IsOptional, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ApprovalPolicy } from './approval-policy.entity';
import { assertHolds, assertPeopleFit, changesOf, PolicyTermsInput, termsIn } from './policy-terms';

@InputType({ description: 'What to change in a policy. What is left out stays as it is.' })
export class ChangeApprovalPolicyInput extends PolicyTermsInput {
  @Field(() => ID, { description: 'Id of the policy.' })
  approvalPolicyId!: string;

  @IsOptional()
  @Min(1)
  @Field(() => Int, {
    nullable: true,
    description: 'The version that you saw; if the policy has moved on, nothing is done (VERSION_CONFLICT).',
  })
  expectedVersion?: number | null;
}

/** Requests that were made under the earlier version keep it. */
export const changeApprovalPolicy = operation({
  name: 'approvalPolicy.change',
  subject: 'ApprovalPolicy',
  summary: 'Change an approval policy',
  twoPeople: true,
  lock: async (tx, input: ChangeApprovalPolicyInput) => {
    const policy = await tx.lock(ApprovalPolicy, input.approvalPolicyId);
    await assertPeopleFit(tx, input, policy.operation);
    return { policy, concerns: tx.context.app.catalogue.find(policy.operation) };
  },
  authorize: (may, { policy }) => may('change', policy),
  decide: ({ policy, concerns }, input) => {
    const patch = termsIn(input);
    if (Object.keys(patch).length === 0) refuse('NOTHING_TO_CHANGE', 'Nothing was asked to be changed.');
    assertHolds(Object.assign({}, policy, patch), concerns);
    return patch;
  },
  save: (tx, patch, { policy }) => tx.update(policy, patch),
  record: (patch, { policy }, { reason }) => ({
    action: 'approvalPolicy.changed',
    subjectId: policy.id,
    changes: changesOf(policy, patch),
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
