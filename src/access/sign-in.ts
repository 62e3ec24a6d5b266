import { randomBytes } from 'node:crypto';
import { In, IsNull } from 'typeorm';
import { record, recordRefusal } from '../audit/record';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { inTransaction, type Transaction } from '../platform/transaction';
import { OF_PEOPLE } from './end-sessions';
import { findUser } from './find-user';
import { hashToken, identify } from './identify';
import { passwordFits } from './passwords';
import { Session } from './session.entity';
import { openedTerms } from './session-uses';
import { User } from './user.entity';

/** In seconds: how long a session lasts at most, 12 hours (NIST 800-63B, AAL2). */
export const LONGEST_SESSION = 12 * 3600;

export interface SignedIn {
  token: string;
  expiresAt: string;
  context: Context;
}

/**
 * Opens a session. The password is compared outside of any transaction, since that takes its time on purpose; an unknown
 * address and a wrong password are answered alike and take equally long. Refuses with SIGN_IN_REFUSED, and the trail
 * keeps either: by nobody, since anybody can try, about whom it was tried. After too many that failed it refuses with
 * RATE_LIMITED, whoever is meant. Each try is its own: it has no idempotency key, and the token is not kept.
 */
export async function signIn(context: Context, email: string, password: string): Promise<SignedIn> {
  const normal = email.trim().toLowerCase();
  const tries = context.app.rates.signIn(normal, context.address);
  let user: User | null = null;
  try {
    await tries.assertAllowed();
    user = await findUser(context.app, { email: normal });
    const present = user?.deactivatedAt || user?.service ? null : (user?.passwordHash ?? null);
    if (!(await passwordFits(present, password, tries)) || !user) return doNotFit();
    const signedIn = await openSession(context, user);
    await tries.succeeded();
    return signedIn;
  } catch (error) {
    await recordRefusal(context, error, { action: 'session.open', subjectType: 'User', subjectId: user?.id ?? null });
    throw error;
  }
}

const doNotFit = () => refuse('SIGN_IN_REFUSED', 'This address and password do not fit.');

/** A browser has one session in its cookie: whoever signs in there ends the one that it had. */
async function endReplaced(tx: Transaction): Promise<void> {
  const { keepToken, sessionId } = tx.context;
  if (!keepToken || sessionId === null) return;
  for (const session of await tx.lockWhere(Session, { id: sessionId, kind: In([...OF_PEOPLE]), endedAt: IsNull() }))
    await tx.update(session, { endedAt: tx.now });
}

async function openSession(context: Context, compared: User): Promise<SignedIn> {
  const userId = compared.id;
  const token = randomBytes(32).toString('base64url');
  const expiresAt = await inTransaction(context, async (tx) => {
    // Under the lock that a change of password takes: what fitted when it was compared must fit still.
    const user = await tx.lock(User, userId);
    if (user.passwordHash !== compared.passwordHash || user.deactivatedAt) doNotFit();
    const id = tx.newId();
    const expires = new Date(tx.now.getTime() + LONGEST_SESSION * 1000);
    const terms = openedTerms(tx.context.app.config, tx.now);
    await endReplaced(tx);
    await tx.insert(Session, {
      id,
      userId,
      tokenHash: hashToken(token),
      endedAt: null,
      ...terms,
      expiresAt: expires,
    } as Session);
    await record(tx, {
      action: 'session.opened',
      outcome: 'DONE',
      subjectType: 'Session',
      subjectId: id,
      actorId: userId,
    });
    return expires;
  });
  const identity = await identify(context.app, token);
  if (!identity) return doNotFit();
  return { token, expiresAt: expiresAt.toISOString(), context: { ...context, ...identity } };
}
