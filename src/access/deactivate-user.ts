import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { refuse } from '../platform/errors';
import { Text } from '../platform/text';
import { endSessionsOf } from './end-sessions';
import { assertKept, lockKeepers } from './keepers';
import { User } from './user.entity';

@InputType({ description: 'Which user to deactivate.' })
export class DeactivateUserInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/** A leaver: cannot sign in, and every session of theirs ends now. */
export const deactivateUser = operation({
  name: 'user.deactivate',
  subject: 'User',
  summary: 'Deactivate a user',
  lock: async (tx, input: DeactivateUserInput) => {
    const user = await tx.lock(User, input.userId);
    return { user, keepers: await lockKeepers(tx) };
  },
  authorize: (may, { user }) => may('deactivate', user),
  decide: ({ user, keepers }, _input, { now, actorId }) => {
    if (user.deactivatedAt) refuse('USER_NOT_DEACTIVATABLE', 'This user is deactivated already.');
    if (user.id === actorId) refuse('USER_NOT_DEACTIVATABLE', 'Nobody deactivates themselves.');
    assertKept(keepers, ({ userId }) => userId === user.id);
    return { deactivatedAt: now };
  },
  save: async (tx, { deactivatedAt }, { user }) => {
    await tx.update(user, { deactivatedAt });
    await endSessionsOf(tx, user.id, deactivatedAt);
  },
  record: (_decision, { user }, { reason }) => ({
    action: 'user.deactivated',
    subjectId: user.id,
    changes: [{ path: 'active', before: true, after: false }],
    reason,
  }),
  facts: () => ({ accountId: null }),
});
