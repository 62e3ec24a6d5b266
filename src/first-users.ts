import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { drawFirstPassword, renewFirstPassword } from './access/first-password';
import { record } from './audit/record';
import { canKeep } from './access/keepers';
import { isCommon, lengthOf, PASSWORD_LENGTH } from './access/password.rules';
import { hashPassword } from './access/passwords';
import { type HeldRole, roleNames } from './access/permissions';
import { RoleGrant } from './access/role-grant.entity';
import { User } from './access/user.entity';
import { type App, ownContext } from './platform/context';
import { DomainError } from './platform/errors';
import { inTransaction } from './platform/transaction';

/** Somebody who is there before anybody could have let them in. */
export interface FirstUser {
  name: string;
  email: string;
  password: string;
  /** Whether others have seen it, too: then it has to be changed before their roles count. */
  shown?: boolean;
  /** Null: somebody who will be granted a role like anybody else. */
  role: HeldRole['role'] | null;
}

/**
 * Makes the first users, if there is no user at all: the one exception to two people, since somebody has to be the first
 * two. It is one transaction under a lock, and the trail says who was made and that nobody made them.
 * Returns the ids by email, or null when there are users already.
 */
export async function makeFirstUsers(app: App, users: readonly FirstUser[]): Promise<Map<string, string> | null> {
  const hashes = new Map<string, string>();
  for (const { password } of users) if (!hashes.has(password)) hashes.set(password, await hashPassword(password));
  return inTransaction(ownContext(app, 'first-users'), async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign first users'))`);
    const [any] = await tx.query('SELECT 1 FROM app_user LIMIT 1');
    if (any) return null;
    const ids = new Map<string, string>();
    for (const { name, email, password, shown = false, role } of users) {
      const id = tx.newId();
      const user = {
        id,
        name,
        email: email.toLowerCase(),
        passwordHash: hashes.get(password)!,
        passwordSetById: shown ? id : null,
        passwordSetAt: shown ? tx.now : null,
        deactivatedAt: null,
      };
      const grant = role && {
        id: tx.newId(),
        userId: user.id,
        role,
        accountId: null,
        grantedById: null,
        revokedAt: null,
        revokedById: null,
      };
      await tx.insert(User, user as User);
      const common = { outcome: 'DONE', reason: 'first users of this installation' } as const;
      await record(tx, {
        ...common,
        action: 'user.created',
        subjectType: 'User',
        subjectId: user.id,
        changes: [{ path: 'email', before: null, after: user.email }],
      });
      ids.set(user.email, user.id);
      if (!grant) continue;
      await tx.insert(RoleGrant, grant as RoleGrant);
      await record(tx, {
        ...common,
        action: 'role.granted',
        subjectType: 'RoleGrant',
        subjectId: grant.id,
        changes: [{ path: 'role', before: null, after: role }],
      });
    }
    return ids;
  });
}

const isFit = (password: string): boolean => {
  const { least, most } = PASSWORD_LENGTH;
  return lengthOf(password) >= least && lengthOf(password) <= most && !isCommon(password);
};

const file = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(200),
      email: z.email().max(254),
      password: z.string().refine(isFit).optional(),
      role: z.enum(roleNames.filter((role) => role !== 'client')),
    }),
  )
  .min(2);

/**
 * In production: the users that the file of FIRST_USERS names (JSON: name, email, password, role), at least two, not clients. One without a password gets
 * one that is said once, has to be changed before their roles count, and is good for 72 hours; at a start after that, who did not come gets another.
 */
export async function createFirstUsers(app: App, say: (line: string) => void): Promise<string[]> {
  const { firstUsers } = app.config;
  if (!firstUsers) return [];
  const parsed = file.safeParse(readJson(firstUsers));
  if (!parsed.success || !canKeep(parsed.data.map(({ email, role }) => ({ personId: email.toLowerCase(), role }))))
    throw new DomainError(
      'CONFIGURATION_INVALID',
      'FIRST_USERS must name a JSON file of users (name, email, role, and a password of 12 to 128 characters that is not a common one, or none to have one made): an admin, and somebody else who is admin or compliance and countersigns what the first one grants.',
    );
  const users = parsed.data.map(({ password, ...user }) => ({
    ...user,
    password: password ?? drawFirstPassword(),
    shown: password === undefined,
  }));
  const made = await makeFirstUsers(app, users);
  // At once: nobody could be told a second time.
  for (const { email, password, shown } of users) {
    if (!shown) continue;
    const first = made ? password : await renewFirstPassword(app, email.toLowerCase());
    if (first !== null)
      say(`The first password of ${email} is ${first} (shown this once; to be changed within 72 hours).`);
  }
  return made ? [`${made.size} first users were made; delete the file that FIRST_USERS names.`] : [];
}

/** What the file holds, or nothing that any check lets through. */
function readJson(name: string): unknown {
  try {
    return JSON.parse(readFileSync(name, 'utf8'));
  } catch {
    return null;
  }
}
