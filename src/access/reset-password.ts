import { Field, ID, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { endSessionsOf } from './end-sessions';
import { formerOnceGone } from './former-passwords';
import { assertKept, lockKeepers } from './keepers';
import { assertForAnother, usersOfPerson } from './persons';
import { User } from './user.entity';

@InputType({ description: 'Whose password to take away, and why.' })
export class ResetPasswordInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @Text(500)
  @Field({ description: 'Why, and how you know who asked, for the approver and the trail.' })
  reason!: string;
}

/**
 * Takes a password away, and ends every session: its user chooses another with a token that `drawPasswordToken` draws. Always two people, neither of them
 * the one it is about. Their second factor stays, so that the token alone lets nobody in.
 */
export const resetPassword = operation({
  name: 'password.reset',
  subject: 'User',
  summary: 'Reset a user’s password',
  twoPeople: true,
  lock: async (tx, { userId }: ResetPasswordInput) => {
    const user = await tx.lock(User, userId);
    const person = await usersOfPerson(tx, user.id);
    return { user, person, deciderId: tx.actorId, keepers: await lockKeepers(tx) };
  },
  authorize: (may, { user }) => may('resetPassword', user),
  decide: ({ user, person, deciderId, keepers }, _input, { actorId, now }) => {
    if (user.deactivatedAt) refuse('PASSWORD_NOT_RESETTABLE', 'This user is deactivated.');
    if (user.passwordHash === '') refuse('PASSWORD_NOT_RESETTABLE', 'This user has no password.');
    assertForAnother(person, actorId, deciderId);
    assertKept(keepers, ({ userId }) => userId === user.id);
    const formerPasswordHashes = formerOnceGone(user);
    return { passwordHash: '', formerPasswordHashes, passwordSetById: actorId, passwordSetAt: now };
  },
  save: async (tx, patch, { user }) => {
    await tx.update(user, patch);
    await endSessionsOf(tx, user.id, tx.now);
  },
  record: (_patch, { user }, { reason }) => ({
    action: 'password.reset',
    subjectId: user.id,
    changes: [{ path: 'hasPassword', before: true, after: false }],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
