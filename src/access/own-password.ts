import { recordRefusal } from '../audit/record';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { findUser } from './find-user';
import { hashPassword, passwordFits } from './passwords';

/**
 * Changes the password of whoever is signed in. The present one is compared and the new one hashed outside of any
 * transaction. Refuses with PASSWORD_WRONG or PASSWORD_UNCHANGED, and the trail keeps either.
 */
export async function changeOwnPassword(context: Context, present: string, next: string): Promise<void> {
  const { actor, app } = context;
  const userId = actor?.id ?? refuse('UNAUTHENTICATED', 'Sign in first.');
  try {
    const user = await findUser(app, { id: userId });
    if (!user || !(await passwordFits(user.passwordHash, present)))
      return refuse('PASSWORD_WRONG', 'This is not your password.');
    if (present.normalize('NFC') === next.normalize('NFC')) refuse('PASSWORD_UNCHANGED', 'Choose another password.');
    const passwordHash = await hashPassword(next);
    await app.submit(context, 'password.change', { userId, presentHash: user.passwordHash, passwordHash });
  } catch (error) {
    await recordRefusal(context, error, { action: 'password.change', subjectType: 'User', subjectId: userId });
    throw error;
  }
}
