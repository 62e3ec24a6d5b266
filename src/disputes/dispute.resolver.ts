import { Arg, Args, FieldResolver, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Invoice } from '../billing/invoice.type';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { disputeRead } from './dispute.read';
import { Dispute, DisputeConnection, DisputesArgs } from './dispute.type';
import { OpenDisputeInput } from './open-dispute';
import { ResolveDisputeInput } from './resolve-dispute';
import { WithdrawDisputeInput } from './withdraw-dispute';

const OpenDisputePayload = payloadType('OpenDisputePayload', { dispute: () => Dispute });
const ResolveDisputePayload = payloadType('ResolveDisputePayload', { dispute: () => Dispute });
const WithdrawDisputePayload = payloadType('WithdrawDisputePayload', { dispute: () => Dispute });

@Resolver(() => Invoice)
export class InvoiceDisputes {
  @FieldResolver(() => DisputeConnection, { description: 'Its disputes, latest first unless told.' })
  disputes(@Args(() => DisputesArgs) _args: PageArgs): void {}
}

@Resolver()
export class DisputeResolver {
  @Query(() => Dispute, { nullable: true, description: 'A dispute.' })
  dispute(@Arg('id', () => ID, { description: 'Id of the dispute.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(disputeRead);
  }

  @Query(() => DisputeConnection, { description: 'Disputes, latest first unless told.' })
  disputes(@Args(() => DisputesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(disputeRead);
  }

  @Mutation(() => OpenDisputePayload, { description: 'Disputes lines of an issued invoice.' })
  openDispute(
    @Arg('input', { description: 'What is disputed, and why.' }) input: OpenDisputeInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('dispute.open', input);
  }

  @Mutation(() => ResolveDisputePayload, {
    description: 'Answers a dispute; by default a concession waits for a second person.',
  })
  resolveDispute(@Arg('input', { description: 'The answer.' }) input: ResolveDisputeInput, @Ask() asked: Asked) {
    return asked.submit('dispute.resolve', input);
  }

  @Mutation(() => WithdrawDisputePayload, { description: 'Takes a dispute back.' })
  withdrawDispute(@Arg('input', { description: 'Which one.' }) input: WithdrawDisputeInput, @Ask() asked: Asked) {
    return asked.submit('dispute.withdraw', input);
  }
}
