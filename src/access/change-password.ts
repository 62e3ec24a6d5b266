import { refuse } from '../platform/errors';
import { operation, type OperationInput } from '../platform/operation';
import { endSessionsOf } from './end-sessions';
import { OWN_PASSWORD } from './first-password';
import { formerOnceGone } from './former-passwords';
import { User } from './user.entity';

/** Made by `own-password.ts`, which compares and hashes before any transaction: that takes its time on purpose. */
export interface ChangePasswordInput extends OperationInput {
  userId: string;
  /** The hash that the present password was compared with. */
  presentHash: string;
  passwordHash: string;
}

/** A password of one's own. Every other session of the user ends, and from now on their roles count. */
export const changePassword = operation({
  name: 'password.change',
  subject: 'User',
  summary: 'Change one’s own password',
  lock: async (tx, input: ChangePasswordInput) => ({ user: await tx.lock(User, input.userId) }),
  authorize: (may, { user }) => may('changePassword', user),
  decide: ({ user }, { presentHash, passwordHash }) => {
    // Changed since it was compared: what fitted then is not the present password any more.
    if (user.passwordHash !== presentHash) refuse('PASSWORD_WRONG', 'This is not your password.');
    return { passwordHash, formerPasswordHashes: formerOnceGone(user), ...OWN_PASSWORD };
  },
  save: async (tx, patch, { user }) => {
    await tx.update(user, patch);
    await endSessionsOf(tx, user.id, tx.now, { but: tx.context.sessionId });
  },
  record: (_decision, { user }) => ({
    action: 'password.changed',
    subjectId: user.id,
    changes: [{ path: 'ownPassword', before: user.passwordSetById === null, after: true }],
  }),
  facts: () => ({ accountId: null }),
});
