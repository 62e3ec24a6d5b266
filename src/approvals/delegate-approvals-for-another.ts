import { Field, ID, InputType } from 'type-graphql';
import { User } from '../access/user.entity';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { actorNow } from './decider';
import { Delegation } from './delegation.entity';
import { changesOf, couldApprove, delegationOf, DelegationTermsInput, known } from './delegation-terms';

@InputType({ description: 'Who stands in for somebody who cannot say so themselves, when, and over which.' })
export class DelegateApprovalsForAnotherInput extends DelegationTermsInput {
  @Field(() => ID, { description: 'Id of the user who is stood in for.' })
  delegatorId!: string;
}

/** Has somebody stand in for one who is ill. It moves a right, so somebody else approves it, and nobody moves one to themselves. */
export const delegateApprovalsForAnother = operation({
  name: 'delegation.createForAnother',
  mutation: 'delegateApprovalsForAnother',
  subject: 'Delegation',
  summary: 'Have somebody stand in for another over change requests',
  twoPeople: true,
  lock: async (tx, input: DelegateApprovalsForAnotherInput) => {
    const ids = [input.delegatorId, input.delegateId].map((id) => id.toLowerCase());
    const users = new Map<string, User>();
    // In the order of their ids, so that two who name each other do not wait for each other.
    for (const id of ids.toSorted()) users.set(id, await tx.lock(User, id));
    const [delegator, delegate] = [users.get(ids[0]!)!, users.get(ids[1]!)!];
    return {
      delegator,
      delegate,
      delegatorRoles: (await actorNow(tx, delegator.id))?.roles ?? [],
      about: await known(tx, delegate.id, input),
    };
  },
  authorize: (may, { delegator, delegate }) => {
    may('read', delegator);
    may('read', delegate);
    may.create('createForAnother', 'Delegation');
  },
  decide: ({ delegator, delegatorRoles, about }, input, moment) => {
    const { delegateIsAlso, deciderId, operations } = about;
    if (delegateIsAlso.has(moment.actorId))
      refuse('DELEGATION_BY_SAME_PERSON', 'Nobody moves the right of another to themselves.');
    if (delegateIsAlso.has(deciderId))
      refuse('MAKER_IS_CHECKER', 'Somebody else has to decide what gives you a right.');
    const delegation = delegationOf(delegator.id, about, input, moment);
    if (!couldApprove(delegatorRoles, operations))
      refuse('DELEGATOR_UNFIT', 'Whoever is stood in for may decide nothing of that, or cannot sign in.');
    return delegation;
  },
  save: (tx, delegation) => tx.insert(Delegation, delegation),
  record: (delegation, _state, { reason }) => ({
    action: 'delegation.created',
    subjectId: delegation.id,
    changes: changesOf(delegation),
    reason,
  }),
  facts: () => ({ accountId: null }),
});
