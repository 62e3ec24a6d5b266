import { randomBytes } from 'node:crypto';
import { record } from '../audit/record';
import { type App, ownContext } from '../platform/context';
import { HOUR } from '../platform/durations';
import { refuse } from '../platform/errors';
import { inTransaction } from '../platform/transaction';
import { findUser } from './find-user';
import { hashPassword } from './passwords';
import { User } from './user.entity';

/** In ms: 72 hours, as long as a token to choose one with. */
export const FIRST_PASSWORD_LASTS = 72 * HOUR;

/** A random one, to be said once. */
export const drawFirstPassword = (): string => randomBytes(18).toString('base64url');

/** What is said of a password that nobody else knows. */
export const OWN_PASSWORD = { passwordSetById: null, passwordSetAt: null } as const;

/** Whether somebody else set the password, too long ago. */
export const isFirstPasswordOver = (
  { passwordSetById, passwordSetAt, createdAt }: Pick<User, 'passwordSetById' | 'passwordSetAt' | 'createdAt'>,
  now: Date,
): boolean =>
  passwordSetById !== null && now.getTime() - (passwordSetAt ?? createdAt).getTime() >= FIRST_PASSWORD_LASTS;

/** Refuses with FIRST_PASSWORD_EXPIRED. To be asked once the password fitted: nobody else is told. */
export function assertFirstPasswordLasts(user: User, now: Date): void {
  if (isFirstPasswordOver(user, now))
    refuse('FIRST_PASSWORD_EXPIRED', 'A first password is good for 72 hours: have an administrator reset it.');
}

/**
 * Another one for a first user of the installation who did not come in time: others might not be there to reset it. Null where theirs is not over, or none that
 * this installation drew. Of several processes one draws it.
 */
export async function renewFirstPassword(app: App, email: string): Promise<string | null> {
  const found = await findUser(app, { email });
  if (!found || !neverCame(found, app.clock())) return null;
  const password = drawFirstPassword();
  const passwordHash = await hashPassword(password);
  return inTransaction(ownContext(app, 'first-users'), async (tx) => {
    const user = await tx.lock(User, found.id);
    if (!neverCame(user, tx.now)) return null;
    await tx.update(user, { passwordHash, passwordSetAt: tx.now });
    await record(tx, {
      action: 'password.renewed',
      outcome: 'DONE',
      subjectType: 'User',
      subjectId: user.id,
      changes: [{ path: 'firstPassword', before: 'over', after: 'drawn anew' }],
      reason: 'first users of this installation',
    });
    return password;
  });
}

/** What `makeFirstUsers` drew is their own to know. */
const neverCame = (user: User, now: Date): boolean =>
  user.passwordSetById === user.id && !user.deactivatedAt && isFirstPasswordOver(user, now);
