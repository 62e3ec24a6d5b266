import { InputType } from 'type-graphql';
import { User } from '../access/user.entity';
import { operation } from '../platform/operation';
import { Delegation } from './delegation.entity';
import { changesOf, delegationOf, DelegationTermsInput, known } from './delegation-terms';

@InputType({ description: 'Who stands in for you over change requests, when, and over which.' })
export class DelegateApprovalsInput extends DelegationTermsInput {}

/**
 * Hands one's own right to decide to another for a time. Whoever stands in decides with it only what they may decide themselves, and hands on nothing
 * of it.
 */
export const delegateApprovals = operation({
  name: 'delegation.create',
  mutation: 'delegateApprovals',
  subject: 'Delegation',
  summary: 'Have somebody stand in over change requests',
  lock: async (tx, input: DelegateApprovalsInput) => {
    const delegate = await tx.lock(User, input.delegateId);
    return { delegate, about: await known(tx, delegate.id, input) };
  },
  authorize: (may, { delegate }) => {
    may('read', delegate);
    may.create('create', 'Delegation');
  },
  decide: ({ about }, input, moment) => delegationOf(moment.actorId, about, input, moment),
  save: (tx, delegation) => tx.insert(Delegation, delegation),
  record: (delegation, _state, { reason }) => ({
    action: 'delegation.created',
    subjectId: delegation.id,
    changes: changesOf(delegation),
    reason,
  }),
  facts: () => ({ accountId: null }),
});
