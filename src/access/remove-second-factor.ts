import { Field, ID, InputType } from 'type-graphql';
import { IsNull } from 'typeorm';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { endSessionsOf } from './end-sessions';
import { assertKept, lockKeepers } from './keepers';
import { assertForAnother, usersOfPerson } from './persons';
import { notEnrolled, removed } from './second-factor';
import { SecondFactor } from './second-factor.entity';
import { isSecondFactorRequired } from './second-factor-rule';
import { User } from './user.entity';

@InputType({ description: 'Whose second factor to remove, and why.' })
export class RemoveSecondFactorInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @Text(500)
  @Field({ description: 'Why, and how you know who asked, for the approver and the trail.' })
  reason!: string;
}

/**
 * For somebody who lost both their app and their codes: they enrol anew. Always two people, neither of them the one it is about, since whoever has the
 * password would get in with that alone. Every session of theirs ends.
 */
export const removeSecondFactor = operation({
  name: 'secondFactor.remove',
  subject: 'User',
  summary: 'Remove a user’s second factor',
  twoPeople: true,
  stepUp: () => true,
  lock: async (tx, { userId }: RemoveSecondFactorInput) => {
    const user = await tx.lock(User, userId);
    return {
      user,
      person: await usersOfPerson(tx, user.id),
      deciderId: tx.actorId,
      keepers: await lockKeepers(tx),
      required: await isSecondFactorRequired(tx),
    };
  },
  authorize: (may, { user }) => may('removeSecondFactor', user),
  decide: ({ user, person, deciderId, keepers, required }, _input, { now, actorId }) => {
    if (!user.secondFactorAt) notEnrolled();
    assertForAnother(person, actorId, deciderId);
    if (required) assertKept(keepers, ({ userId }) => userId === user.id);
    return { now };
  },
  save: async (tx, { now }, { user }) => {
    for (const factor of await tx.lockWhere(SecondFactor, { userId: user.id, removedAt: IsNull() }))
      await tx.update(factor, removed(now));
    await tx.update(user, { secondFactorAt: null });
    await endSessionsOf(tx, user.id, tx.now);
  },
  record: (_decision, { user }, { reason }) => ({
    action: 'secondFactor.removed',
    subjectId: user.id,
    changes: [{ path: 'secondFactor', before: true, after: false }],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
