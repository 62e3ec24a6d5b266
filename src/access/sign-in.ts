import { In, IsNull } from 'typeorm';
import { recordRefusal } from '../audit/record';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import type { FieldChange } from '../platform/operation';
import { inTransaction, type Transaction } from '../platform/transaction';
import { OF_PEOPLE } from './end-sessions';
import { findUser } from './find-user';
import { assertFirstPasswordLasts } from './first-password';
import { drawToken, hashToken, identify } from './identify';
import { openSession } from './open-session';
import { passwordFits, rehashed } from './passwords';
import { codesLeft, lockFactor, takenBy } from './second-factor';
import { Session } from './session.entity';
import { tried } from './tried';
import { User } from './user.entity';

export interface SignedIn {
  token: string;
  expiresAt: string;
  context: Context;
}

/** What somebody says to sign in. */
export interface Claim {
  email: string;
  password: string;
  oneTimeCode?: string | null;
}

/**
 * Opens a session. The password is compared outside of any transaction, since that takes its time on purpose; an unknown
 * address and a wrong password are answered alike and take equally long. Refuses with SIGN_IN_REFUSED, and who has a second factor, and whose password fits,
 * with ONE_TIME_CODE_REQUIRED or ONE_TIME_CODE_WRONG; whose password fits and is a first one that is over, with
 * FIRST_PASSWORD_EXPIRED; the trail keeps each: by nobody, since anybody can try, about whom it was tried. After too many that failed it refuses with
 * RATE_LIMITED, whoever is meant. Each try is its own: it has no idempotency key, and the token is not kept.
 */
export async function signIn(context: Context, { email, password, oneTimeCode }: Claim): Promise<SignedIn> {
  const normal = email.trim().toLowerCase();
  const tries = context.app.rates.signIn(normal, context.address);
  let user: User | null = null;
  try {
    return await tried(tries, async () => {
      await tries.assertAllowed();
      user = await findUser(context.app, { email: normal });
      const present = user?.deactivatedAt || user?.service ? null : (user?.passwordHash ?? null);
      if (!(await passwordFits(present, password, () => tries.begin())) || !user) return doNotFit();
      const passwordHash = await rehashed(user.passwordHash, password);
      return letIn(context, user, { oneTimeCode: oneTimeCode ?? null, passwordHash });
    });
  } catch (error) {
    const subjectId = (user as User | null)?.id ?? null;
    await recordRefusal(context, error, { action: 'session.open', subjectType: 'User', subjectId });
    throw error;
  }
}

const doNotFit = () => refuse('SIGN_IN_REFUSED', 'This address and password do not fit.');

/** Whoever signs in with a token, or in a browser that has one in its cookie, ends the session of that: the new one takes its place. */
async function endReplaced(tx: Transaction): Promise<FieldChange[]> {
  const { sessionId } = tx.context;
  if (sessionId === null) return [];
  const ending = await tx.lockWhere(Session, { id: sessionId, kind: In([...OF_PEOPLE]), endedAt: IsNull() });
  for (const session of ending) await tx.update(session, { endedAt: tx.now });
  return ending.map(({ id }) => ({ path: 'replacedSession', before: id, after: null }));
}

/** What else came with a password that fits: a code, and its hash under stronger parameters. */
interface Beside {
  oneTimeCode: string | null;
  passwordHash: string | null;
}

async function letIn(context: Context, compared: User, { oneTimeCode, passwordHash }: Beside): Promise<SignedIn> {
  const userId = compared.id;
  const token = drawToken();
  const expiresAt = await inTransaction(context, async (tx) => {
    // Under the lock that a change of password takes: what fitted when it was compared must fit still.
    const user = await tx.lock(User, userId);
    if (user.passwordHash !== compared.passwordHash || user.deactivatedAt) doNotFit();
    assertFirstPasswordLasts(user, tx.now);
    const codes = await takeOneTimeCode(tx, user, oneTimeCode);
    if (passwordHash !== null) await tx.update(user, { passwordHash });
    const replaced = await endReplaced(tx);
    return openSession(tx, { userId, tokenHash: hashToken(token), secondFactorAt: codes && tx.now }, [
      ...(codes ?? []),
      ...replaced,
      ...(passwordHash === null ? [] : [{ path: 'passwordRehashed', before: false, after: true }]),
    ]);
  });
  const identity = await identify(context.app, token);
  if (!identity) return doNotFit();
  return { token, expiresAt: expiresAt.toISOString(), context: { ...context, ...identity } };
}

/** Takes the code of somebody who has a second factor, and says what the trail is to tell of it; null where they have none. */
async function takeOneTimeCode(tx: Transaction, user: User, code: string | null): Promise<FieldChange[] | null> {
  const factor = user.secondFactorAt ? await lockFactor(tx, user.id) : null;
  if (!factor) return null;
  if (code === null) return refuse('ONE_TIME_CODE_REQUIRED', 'A code of your authenticator app is needed, too.');
  const taken = takenBy(tx, factor, code);
  await tx.update(factor, taken);
  return codesLeft(factor.recoveryHashes, taken);
}
