import { Arg, Args, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { approvalLimitRead } from './approval-limit.read';
import { ApprovalLimit, ApprovalLimitConnection, ApprovalLimitsArgs } from './approval-limit.type';
import { SetApprovalLimitInput } from './set-approval-limit';

const SetApprovalLimitPayload = payloadType('SetApprovalLimitPayload', { approvalLimit: () => ApprovalLimit });

@Resolver()
export class ApprovalLimitResolver {
  @Query(() => ApprovalLimitConnection, { description: 'How much each may say yes to, latest first unless told.' })
  approvalLimits(@Args(() => ApprovalLimitsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(approvalLimitRead);
  }

  @Mutation(() => SetApprovalLimitPayload, {
    description:
      'Sets how much somebody may say yes to; always waits for a second person, who is not the one it is about.',
  })
  setApprovalLimit(
    @Arg('input', { description: 'Whose limit, and how much.' }) input: SetApprovalLimitInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('approvalLimit.set', input);
  }
}
