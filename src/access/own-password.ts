import { recordRefusal } from '../audit/record';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { findUser } from './find-user';
import { hashChosen } from './former-passwords';
import { composed } from './password.rules';
import { passwordFits } from './passwords';
import { tried } from './tried';

/**
 * Changes the password of whoever is signed in. The present one is compared and the new one hashed outside of any
 * transaction. Refuses with PASSWORD_WRONG, which counts as a try to sign in, PASSWORD_UNCHANGED,
 * PASSWORD_COMMON or PASSWORD_USED_BEFORE, and the trail keeps each.
 */
export async function changeOwnPassword(context: Context, present: string, next: string): Promise<void> {
  const { actor, app } = context;
  const userId = actor?.id ?? refuse('UNAUTHENTICATED', 'Sign in first.');
  try {
    const user = (await findUser(app, { id: userId })) ?? wrong();
    const tries = app.rates.signIn(user.email, context.address);
    await tried(tries, async () => {
      if (!(await passwordFits(user.passwordHash, present, () => tries.begin()))) wrong();
    });
    if (composed(present) === composed(next)) refuse('PASSWORD_UNCHANGED', 'Choose another password.');
    const passwordHash = await hashChosen(next, user);
    await app.submit(context, 'password.change', { userId, presentHash: user.passwordHash, passwordHash });
  } catch (error) {
    await recordRefusal(context, error, { action: 'password.change', subjectType: 'User', subjectId: userId });
    throw error;
  }
}

const wrong = (): never => refuse('PASSWORD_WRONG', 'This is not your password.');
