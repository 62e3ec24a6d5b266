import { Field, ID, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { assertForAnother, usersOfPerson } from './persons';
import { User } from './user.entity';

@InputType({ description: 'Which user to let in again, and why.' })
export class ReactivateUserInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** Lets somebody in again who was deactivated: with the roles that they still have, which are none for a leaver. Always two people, neither of them the one it is about. */
export const reactivateUser = operation({
  name: 'user.reactivate',
  subject: 'User',
  summary: 'Reactivate a user',
  twoPeople: true,
  lock: async (tx, { userId }: ReactivateUserInput) => {
    const user = await tx.lock(User, userId);
    return { user, person: await usersOfPerson(tx, user.id), deciderId: tx.actorId };
  },
  authorize: (may, { user }) => may('reactivate', user),
  decide: ({ user, person, deciderId }, _input, { now, actorId }) => {
    if (!user.deactivatedAt) refuse('USER_NOT_REACTIVATABLE', 'This user is not deactivated.');
    if (user.email === `erased-${user.id}@invalid`)
      refuse('USER_NOT_REACTIVATABLE', 'What was known of this user is erased: invite them anew.');
    assertForAnother(person, actorId, deciderId);
    return { deactivatedAt: null, activeSince: now };
  },
  save: (tx, patch, { user }) => tx.update(user, patch),
  record: (_patch, { user }, { reason }) => ({
    action: 'user.reactivated',
    subjectId: user.id,
    changes: [{ path: 'active', before: false, after: true }],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
