import { createHash } from 'node:crypto';
import type { Context } from '../platform/context';
import { inTransaction, type Transaction } from '../platform/transaction';
import { hashToken } from './identify';
import { openSession } from './open-session';
import type { Asserted } from './openid.rules';
import { Session } from './session.entity';
import { User } from './user.entity';

/** Whether a token could be a JWT, and so another issuer's. */
export const isAssertion = (token: string): boolean => token.includes('.');

/** Who was linked to that subject; else, by an address that the issuer has verified, who is linked to none. */
const WHO = `SELECT id FROM app_user WHERE deactivated_at IS NULL AND NOT service
  AND (oidc_subject = $1 OR oidc_subject IS NULL AND email = $2
    AND NOT EXISTS (SELECT FROM app_user WHERE oidc_subject = $1))`;

/**
 * Opens a session for a token of the configured issuer that is seen for the first time, so that it ends like any other: at once, when its user is
 * deactivated, their roles change, or somebody ends it. Whether there may be one now.
 */
export async function admitAssertion(context: Context, token: string): Promise<boolean> {
  const asserted = (await context.app.issuer?.verify(token)) ?? null;
  if (!asserted) return false;
  const admitted = await inTransaction(context, (tx) => open(tx, token, asserted));
  if (!admitted) context.app.log.info({ requestId: context.requestId }, 'a token of nobody was refused');
  return admitted;
}

async function open(tx: Transaction, token: string, asserted: Asserted): Promise<boolean> {
  const [found] = await tx.query<{ id: string }>(WHO, [asserted.subject, asserted.email]);
  if (!found) return false;
  const user = await tx.lock(User, found.id);
  if (user.deactivatedAt || (user.oidcSubject && user.oidcSubject !== asserted.subject)) return false;
  const assertionDigest = signedOf(token);
  // Under the lock of its user: of two requests that come at once with one token, the second finds the session of the first.
  if ((await tx.find(Session, { assertionDigest })).length > 0) return true;
  await openSession(
    tx,
    {
      userId: user.id,
      kind: 'OPENID',
      tokenHash: hashToken(token),
      assertionDigest,
      roles: asserted.roles,
      until: asserted.expiresAt,
    },
    [{ path: 'kind', before: null, after: 'OPENID' }],
  );
  return true;
}

/** The same claims can be signed again, and a signature be written otherwise: what was ended must not come back so. */
const signedOf = (token: string): Buffer =>
  createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest();
