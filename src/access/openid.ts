import { createHash } from 'node:crypto';
import { record, recordRefusal } from '../audit/record';
import type { Context } from '../platform/context';
import { DomainError } from '../platform/errors';
import type { FieldChange } from '../platform/operation';
import { inTransaction, type Transaction } from '../platform/transaction';
import { hashToken } from './identify';
import { openSession } from './open-session';
import type { Asserted } from './openid.rules';
import { OVERSEEING } from './second-factor.rules';
import { Session } from './session.entity';
import { User } from './user.entity';

/** Whether a token could be a JWT, and so another issuer's. */
export const isAssertion = (token: string): boolean => token.includes('.');

/** Who was linked to that subject, also if they left: nobody else is found by it. */
const KNOWN = `SELECT id FROM app_user WHERE oidc_subject = $1`;

/**
 * Who has that address and was never linked to any subject. Not who approves, administers or audits: an address is given by one person alone, and to somebody else after them.
 */
const UNLINKED = `SELECT id FROM app_user u WHERE deactivated_at IS NULL AND NOT service AND email = $1 AND oidc_subject IS NULL AND oidc_linked_at IS NULL
  AND NOT EXISTS (SELECT FROM role_grant g WHERE g.user_id = u.id AND g.revoked_at IS NULL AND g.role = ANY ($2))`;

/**
 * Opens a session for a token of the configured issuer that is seen for the first time, so that it ends like any other: at once, when its user is
 * deactivated, their roles change, or somebody ends it. Whether there may be one now. Refuses with SCOPE_REQUIRED.
 */
export async function admitAssertion(context: Context, token: string): Promise<boolean> {
  const asserted = (await context.app.issuer?.verify(token)) ?? null;
  if (!asserted) return false;
  if (asserted.lacks.length > 0) return refuseFor(context, asserted);
  const admitted = await inTransaction(context, (tx) => open(tx, token, asserted));
  if (!admitted) context.app.log.info({ requestId: context.requestId }, 'a token of nobody was refused');
  return admitted;
}

/** A token that is good for something else here: its bearer is told what it lacks, and the trail that somebody came with it. */
async function refuseFor(context: Context, { lacks }: Asserted): Promise<never> {
  const error = scopeRequired(lacks);
  await recordRefusal(context, error, { action: 'session.open', subjectType: 'Session', subjectId: null });
  throw error;
}

/** RFC 6750 calls it insufficient_scope. */
export const scopeRequired = (scopes: readonly string[]): DomainError =>
  new DomainError('SCOPE_REQUIRED', 'The token lacks a scope for this: ask its issuer for one with it.', {
    scope: scopes.join(' '),
  });

async function open(tx: Transaction, token: string, asserted: Asserted): Promise<boolean> {
  const user = await lockUser(tx, asserted);
  if (!user) return false;
  const assertionDigest = signedOf(token);
  // Under the lock of its user: of two requests that come at once with one token, the second finds the session of the first.
  if ((await tx.find(Session, { assertionDigest })).length > 0) return true;
  const { roles, strongUntil, readsOnly, expiresAt: until } = asserted;
  const session = { userId: user.id, kind: 'OPENID' as const, tokenHash: hashToken(token), assertionDigest };
  await openSession(tx, { ...session, roles, strongUntil, readsOnly, until }, told(asserted));
  return true;
}

/** What the trail tells of how its bearer got in. */
const told = ({ strongUntil, readsOnly }: Asserted): FieldChange[] => [
  { path: 'kind', before: null, after: 'OPENID' },
  ...(strongUntil ? [{ path: 'strongUntil', before: null, after: strongUntil.toISOString() }] : []),
  ...(readsOnly ? [{ path: 'readsOnly', before: null, after: true }] : []),
];

/** By the subject alone. An address makes one known where the setting says so, once: from then on their subject does, whoever has the address. */
async function lockUser(tx: Transaction, { subject, email }: Asserted): Promise<User | null> {
  const [known] = await tx.query<{ id: string }>(KNOWN, [subject]);
  if (known) {
    const user = await tx.lock(User, known.id);
    return user.deactivatedAt || user.service || user.oidcSubject !== subject ? null : user;
  }
  if (!tx.context.app.config.openId?.linksByEmail || email === null) return null;
  const [unlinked] = await tx.query<{ id: string }>(UNLINKED, [email, OVERSEEING]);
  return unlinked ? linked(tx, unlinked.id, subject) : null;
}

async function linked(tx: Transaction, id: string, oidcSubject: string): Promise<User | null> {
  const user = await tx.lock(User, id);
  // Of two requests that come at once with one token, the second finds what the first has linked.
  if (!user.deactivatedAt && user.oidcSubject === oidcSubject) return user;
  if (user.deactivatedAt || user.oidcSubject || user.oidcLinkedAt) return null;
  await tx.update(user, { oidcSubject, oidcLinkedAt: tx.now });
  await record(tx, {
    action: 'user.subjectLinked',
    outcome: 'DONE',
    subjectType: 'User',
    subjectId: id,
    actorId: id,
    changes: [{ path: 'oidcSubject', before: null, after: oidcSubject }],
    reason: 'first met by a verified address',
  });
  return user;
}

/** The same claims can be signed again, and a signature be written otherwise: what was ended must not come back so. */
const signedOf = (token: string): Buffer =>
  createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest();
