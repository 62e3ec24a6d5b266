import { Arg, Args, ID, Mutation, Query, Resolver, type SubscribeResolverData, Subscription } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { Context } from '../platform/context';
import { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { JsonScalar } from '../platform/scalars';
import { ApprovalCount, approvalCountsOf } from './approval-counts';
import { ApprovalDemand, approvalDemandOf } from './approval-demand';
import { ApproveChangeRequestInput } from './approve-change-request';
import { changeRequestRead, decidable } from './change-request.read';
import { ChangeRequest, ChangeRequestConnection, ChangeRequestsArgs } from './change-request.type';
import { DecideChangeRequestsInput, DecideChangeRequestsPayload, decideChangeRequests } from './decide-change-requests';
import { ReassignChangeRequestInput } from './reassign-change-request';
import { RejectChangeRequestInput } from './reject-change-request';
import { ReturnChangeRequestInput } from './return-change-request';
import { RetryChangeRequestInput } from './retry-change-request';
import { ReviseChangeRequestInput } from './revise-change-request';
import { WithdrawChangeRequestInput } from './withdraw-change-request';

const ApproveChangeRequestPayload = payloadType('ApproveChangeRequestPayload', {});
const RejectChangeRequestPayload = payloadType('RejectChangeRequestPayload', {});
const ReturnChangeRequestPayload = payloadType('ReturnChangeRequestPayload', {});
const ReviseChangeRequestPayload = payloadType('ReviseChangeRequestPayload', {});
const WithdrawChangeRequestPayload = payloadType('WithdrawChangeRequestPayload', {});
const ReassignChangeRequestPayload = payloadType('ReassignChangeRequestPayload', {});
const RetryChangeRequestPayload = payloadType('RetryChangeRequestPayload', {});

@Resolver()
export class ChangeRequestResolver {
  @Query(() => ChangeRequest, { nullable: true, description: 'A change request.' })
  changeRequest(@Arg('id', () => ID, { description: 'Id of the change request.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(changeRequestRead);
  }

  @Query(() => ChangeRequestConnection, { description: 'Change requests, latest first unless told.' })
  changeRequests(@Args(() => ChangeRequestsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(changeRequestRead);
  }

  @Query(() => ChangeRequestConnection, {
    description: 'Change requests that the viewer may decide now, latest first.',
  })
  myApprovals(@Args(() => PageArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(changeRequestRead, decidable);
  }

  @Query(() => [ApprovalCount], { description: 'How much waits for the viewer, by operation.' })
  approvalCounts(@Ask() asked: Asked) {
    return asked.worked(() => approvalCountsOf(asked.context));
  }

  @Query(() => ApprovalDemand, {
    description:
      'Whether an operation would wait for a second person, and for whom: looked at as if it were submitted now. Nothing is done.',
  })
  approvalPolicyFor(
    @Arg('operation', { description: 'Its name: `invoice.void`.' }) operation: string,
    @Arg('input', () => JsonScalar, { description: 'Its input, as its mutation takes it.' }) input: object,
    @Ask() asked: Asked,
  ) {
    return asked.worked(() => approvalDemandOf(asked.context, operation, input));
  }

  @Subscription(() => ChangeRequest, {
    subscribe: ({ args, context }: SubscribeResolverData<unknown, { replay: boolean }, Context>) =>
      context.app.awaits.follow(args.replay ? context.actor : null),
    description:
      'A change request that the viewer may decide, as soon as it begins to wait or waits for something else than before: what myApprovals would show at that instant.',
  })
  changeRequestAwaits(
    @Arg('replay', { defaultValue: false, description: 'Whether to send first what waits already: the oldest 500.' })
    _replay: boolean,
    @Ask() asked: Asked,
  ) {
    return asked.told(changeRequestRead, decidable);
  }

  @Mutation(() => DecideChangeRequestsPayload, {
    description: 'Decides up to 500 change requests, each by itself: one that is refused holds up no other.',
  })
  decideChangeRequests(
    @Arg('input', { description: 'What to say to each.' }) input: DecideChangeRequestsInput,
    @Ask() asked: Asked,
  ) {
    return asked.worked(() => decideChangeRequests(asked.context, input));
  }

  @Mutation(() => ApproveChangeRequestPayload, {
    description: 'Approves exactly what was seen, and carries it out in the same transaction.',
  })
  approveChangeRequest(
    @Arg('input', { description: 'Which one, as it was seen.' }) input: ApproveChangeRequestInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('changeRequest.approve', input);
  }

  @Mutation(() => RejectChangeRequestPayload, { description: 'Rejects a change request, with a reason.' })
  rejectChangeRequest(
    @Arg('input', { description: 'Which one, and why.' }) input: RejectChangeRequestInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('changeRequest.reject', input);
  }

  @Mutation(() => ReturnChangeRequestPayload, { description: 'Sends a change request back to its maker for rework.' })
  returnChangeRequest(
    @Arg('input', { description: 'Which one, as it was seen, and what is to be changed.' })
    input: ReturnChangeRequestInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('changeRequest.return', input);
  }

  @Mutation(() => ReviseChangeRequestPayload, {
    description:
      'Asks for something else in place of one’s own change request: a new revision, which waits for every decision anew.',
  })
  reviseChangeRequest(
    @Arg('input', { description: 'Which one, and what is asked for now.' }) input: ReviseChangeRequestInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('changeRequest.revise', input);
  }

  @Mutation(() => WithdrawChangeRequestPayload, { description: 'Takes one’s own change request back.' })
  withdrawChangeRequest(
    @Arg('input', { description: 'Which one.' }) input: WithdrawChangeRequestInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('changeRequest.withdraw', input);
  }

  @Mutation(() => ReassignChangeRequestPayload, {
    description: 'Makes a change request the turn of one person alone, or gives it back to all who may decide it.',
  })
  reassignChangeRequest(
    @Arg('input', { description: 'Which one, as it was seen, and whose turn it is.' })
    input: ReassignChangeRequestInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('changeRequest.reassign', input);
  }

  @Mutation(() => RetryChangeRequestPayload, {
    description: 'Has a change request that failed wait again, unchanged; whoever said yes last says it again.',
  })
  retryChangeRequest(
    @Arg('input', { description: 'Which one, as it was seen.' }) input: RetryChangeRequestInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('changeRequest.retry', input);
  }
}
