import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { refuse } from '../platform/errors';
import { Text } from '../platform/text';
import { endSessionsOf } from './end-sessions';
import { endTokens } from './end-tokens';
import { assertKept, lockKeepers } from './keepers';
import { lockRights, shown } from './rights';
import { User } from './user.entity';

@InputType({ description: 'Which user to deactivate.' })
export class DeactivateUserInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/**
 * A leaver: cannot sign in, every session of theirs ends now, and so does every role, and whatever they stand in for or have others stand in for. Should they come back,
 * they are granted roles anew.
 */
export const deactivateUser = operation({
  name: 'user.deactivate',
  subject: 'User',
  summary: 'Deactivate a user',
  lock: async (tx, input: DeactivateUserInput) => {
    const user = await tx.lock(User, input.userId);
    return { user, keepers: await lockKeepers(tx), rights: await lockRights(tx, user.id) };
  },
  authorize: (may, { user }) => may('deactivate', user),
  decide: ({ user, keepers }, _input, { now, actorId }) => {
    if (user.deactivatedAt) refuse('USER_NOT_DEACTIVATABLE', 'This user is deactivated already.');
    if (user.id === actorId) refuse('USER_NOT_DEACTIVATABLE', 'Nobody deactivates themselves.');
    assertKept(keepers, ({ userId }) => userId === user.id);
    return { deactivatedAt: now, revokedById: actorId };
  },
  save: async (tx, { deactivatedAt, revokedById }, { user, rights }) => {
    await tx.update(user, { deactivatedAt });
    await endSessionsOf(tx, user.id, deactivatedAt);
    for (const right of rights) await tx.update(right, { revokedAt: deactivatedAt, revokedById });
    await endTokens(tx, user.id);
  },
  record: (_decision, { user, rights }, { reason }) => ({
    action: 'user.deactivated',
    subjectId: user.id,
    changes: [{ path: 'active', before: true, after: false }, ...rights.map(shown)],
    reason,
  }),
  facts: () => ({ accountId: null }),
});
