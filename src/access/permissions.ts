import { AbilityBuilder, createMongoAbility, type MongoAbility, subject } from '@casl/ability';
import type { Actor } from '../platform/context';
import { refuse } from '../platform/errors';
import type { May } from '../platform/operation';
import { notFound } from '../platform/transaction';
import { admin } from './roles/admin';
import { auditor } from './roles/auditor';
import { billing } from './roles/billing';
import { client } from './roles/client';
import { compliance } from './roles/compliance';
import { operations } from './roles/operations';
import { everybody, oneself, type Role } from './roles/role';
import { supervisor } from './roles/supervisor';
import { within } from './roles/within';

/** The roles there are, each a page that reads like a policy. */
export const roles = { admin, billing, supervisor, operations, compliance, auditor, client } satisfies Record<
  string,
  Role
>;

export type RoleName = keyof typeof roles;
export const roleNames = Object.keys(roles) as RoleName[];

/** A role that somebody holds: over everything, over one account, or over one LOB of it. */
export interface HeldRole {
  role: RoleName;
  accountId: string | null;
  lobId: string | null;
}

/** An entity's class names its type; a plain object is given one by CASL's `subject`. */
const typeOf = (of: object): string =>
  '__caslSubjectType__' in of ? String(of.__caslSubjectType__) : of.constructor.name;

const DETECT = { detectSubjectType: (of: unknown) => (typeof of === 'object' ? typeOf(of as object) : (of as string)) };

/**
 * What somebody who holds these roles may do. A role that does not exist (any more) gives nothing. A key may do of that what its scopes name:
 * `invoice.read`, `invoice.draft`. `alone`: who still owes a second factor, and has nothing but themselves.
 */
export function abilityOf(
  userId: string,
  held: readonly HeldRole[],
  scopes: readonly string[] | null = null,
  alone = false,
): MongoAbility {
  const { can, build } = new AbilityBuilder<MongoAbility>(createMongoAbility);
  (alone ? oneself : everybody)({ can, userId });
  for (const { role, accountId, lobId } of held)
    roles[role]?.({ can: accountId === null ? can : within(can, { accountId, lobId }), userId });
  const ability = build(DETECT);
  return scopes === null
    ? ability
    : createMongoAbility(
        ability.rules.flatMap((each) => withinScopes(each, scopes)),
        DETECT,
      );
}

/** A rule taken apart, without what no scope names. Its conditions stay. */
const withinScopes = (rule: MongoAbility['rules'][number], scopes: readonly string[]) =>
  [rule.subject].flat().flatMap((type) =>
    [rule.action]
      .flat()
      .filter((action) => scopes.includes(scopeOf(action, String(type))))
      .map((action) => ({ ...rule, action, subject: type })),
  );

/** A permission as a scope: `draft Invoice` is `invoice.draft`. */
export const scopeOf = (action: string, type: string): string =>
  `${type.charAt(0).toLowerCase()}${type.slice(1)}.${action}`;

/** Whether holders of a role can approve change requests of an operation at all. */
export const roleMayApprove = (role: string, operation: string): boolean =>
  role !== 'client' &&
  abilityOf('', [{ role: role as RoleName, accountId: null, lobId: null }]).can(
    'approve',
    subject('ChangeRequest', { operation }),
  );

/** Asks for permissions of an actor. Knows nothing of the state of a row, and tells strangers nothing of it. */
export function mayOf(actor: Actor): May {
  const check = (action: string, of: object) => {
    if (!actor.ability.can(action, of)) forbid(action, typeOf(of));
  };
  const may = (action: string, row: object) => {
    if (!actor.ability.can('read', row)) notFound(typeOf(row));
    check(action, row);
  };
  return Object.assign(may, {
    create: (action: string, type: string, attributes: Record<string, unknown> = {}) =>
      check(action, subject(type, { ...attributes })),
  });
}

/** The refusal of somebody who is signed in but may not. */
export const forbid = (action: string, type: string): never =>
  refuse('FORBIDDEN', `You may not ${action} this ${type}.`, { action, type });
