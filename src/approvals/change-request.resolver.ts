import { Arg, Args, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { ApproveChangeRequestInput } from './approve-change-request';
import { changeRequestRead, decidable } from './change-request.read';
import { ChangeRequest, ChangeRequestConnection, ChangeRequestsArgs } from './change-request.type';
import { RejectChangeRequestInput } from './reject-change-request';
import { WithdrawChangeRequestInput } from './withdraw-change-request';

const ApproveChangeRequestPayload = payloadType('ApproveChangeRequestPayload', {});
const RejectChangeRequestPayload = payloadType('RejectChangeRequestPayload', {});
const WithdrawChangeRequestPayload = payloadType('WithdrawChangeRequestPayload', {});

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

  @Mutation(() => WithdrawChangeRequestPayload, { description: 'Takes one’s own change request back.' })
  withdrawChangeRequest(
    @Arg('input', { description: 'Which one.' }) input: WithdrawChangeRequestInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('changeRequest.withdraw', input);
  }
}
