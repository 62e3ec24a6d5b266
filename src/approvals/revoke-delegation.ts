import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { Delegation } from './delegation.entity';
import { assertRevocable } from './delegation.rules';

@InputType({ description: 'Who is not to stand in any longer.' })
export class RevokeDelegationInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the delegation.' })
  delegationId!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/** Ends it at once. What was said by it counts no more, except for what was carried out: such a request waits for that yes again. */
export const revokeDelegation = operation({
  name: 'delegation.revoke',
  subject: 'Delegation',
  summary: 'End that somebody stands in',
  lock: async (tx, input: RevokeDelegationInput) => ({ delegation: await tx.lock(Delegation, input.delegationId) }),
  authorize: (may, { delegation }) => may('revoke', delegation),
  decide: ({ delegation }, _input, { now, actorId }) => {
    assertRevocable(delegation, now);
    return { revokedAt: now, revokedById: actorId };
  },
  save: (tx, patch, { delegation }) => tx.update(delegation, patch),
  record: (_patch, { delegation }, { reason }) => ({
    action: 'delegation.revoked',
    subjectId: delegation.id,
    changes: [{ path: 'revoked', before: false, after: true }],
    reason,
  }),
  facts: () => ({ accountId: null }),
});
