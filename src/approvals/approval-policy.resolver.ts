import { Arg, Args, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { approvalPolicyRead } from './approval-policy.read';
import { ApprovalPoliciesArgs, ApprovalPolicy, ApprovalPolicyConnection } from './approval-policy.type';
import { ChangeApprovalPolicyInput } from './change-approval-policy';
import { CreateApprovalPolicyInput } from './create-approval-policy';

const ChangeApprovalPolicyPayload = payloadType('ChangeApprovalPolicyPayload', {
  approvalPolicy: () => ApprovalPolicy,
});

const CreateApprovalPolicyPayload = payloadType('CreateApprovalPolicyPayload', {
  approvalPolicy: () => ApprovalPolicy,
});

@Resolver()
export class ApprovalPolicyResolver {
  @Query(() => ApprovalPolicy, { nullable: true, description: 'An approval policy.' })
  approvalPolicy(@Arg('id', () => ID, { description: 'Id of the policy.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(approvalPolicyRead);
  }

  @Query(() => ApprovalPolicyConnection, { description: 'Approval policies, by operation.' })
  approvalPolicies(@Args(() => ApprovalPoliciesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(approvalPolicyRead);
  }

  @Mutation(() => CreateApprovalPolicyPayload, {
    description: 'Gives an operation one more policy; always waits for a second person.',
  })
  createApprovalPolicy(
    @Arg('input', { description: 'What it asks for, and when.' }) input: CreateApprovalPolicyInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('approvalPolicy.create', input);
  }

  @Mutation(() => ChangeApprovalPolicyPayload, { description: 'Changes a policy; always waits for a second person.' })
  changeApprovalPolicy(
    @Arg('input', { description: 'What to change, and why.' }) input: ChangeApprovalPolicyInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('approvalPolicy.change', input);
  }
}
