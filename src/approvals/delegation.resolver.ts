import { Arg, Args, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { DelegateApprovalsForAnotherInput } from './delegate-approvals-for-another';
import { DelegateApprovalsInput } from './delegate-approvals';
import { delegationRead } from './delegation.read';
import { Delegation, DelegationConnection, DelegationsArgs } from './delegation.type';
import { RevokeDelegationInput } from './revoke-delegation';

const DelegateApprovalsPayload = payloadType('DelegateApprovalsPayload', { delegation: () => Delegation });
const DelegateApprovalsForAnotherPayload = payloadType('DelegateApprovalsForAnotherPayload', {
  delegation: () => Delegation,
});
const RevokeDelegationPayload = payloadType('RevokeDelegationPayload', { delegation: () => Delegation });

@Resolver()
export class DelegationResolver {
  @Query(() => Delegation, { nullable: true, description: 'A delegation.' })
  delegation(@Arg('id', () => ID, { description: 'Id of the delegation.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(delegationRead);
  }

  @Query(() => DelegationConnection, {
    description: 'Delegations, latest first unless told. Most people see those that are about themselves.',
  })
  delegations(@Args(() => DelegationsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(delegationRead);
  }

  @Mutation(() => DelegateApprovalsPayload, {
    description: 'Has somebody stand in for oneself over change requests, for a time.',
  })
  delegateApprovals(
    @Arg('input', { description: 'Who, when, and over what.' }) input: DelegateApprovalsInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('delegation.create', input);
  }

  @Mutation(() => DelegateApprovalsForAnotherPayload, {
    description: 'Has somebody stand in for one who is ill; always waits for a second person.',
  })
  delegateApprovalsForAnother(
    @Arg('input', { description: 'Who for whom, when, and over what.' }) input: DelegateApprovalsForAnotherInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('delegation.createForAnother', input);
  }

  @Mutation(() => RevokeDelegationPayload, {
    description:
      'Ends at once that somebody stands in. What they said so far counts no more, unless it was carried out.',
  })
  revokeDelegation(
    @Arg('input', { description: 'Which one, and why.' }) input: RevokeDelegationInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('delegation.revoke', input);
  }
}
