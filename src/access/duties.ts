import type { Transaction } from '../platform/transaction';
import {
  type Conflict,
  conflictsIn,
  dutiesOf,
  DUTIES,
  type Duty,
  type DutyDefinition,
  dutyNames,
  type Holding,
} from './duty.rules';
import { abilityOf, type RoleName, roleMayApprove, roleNames } from './permissions';

/** `role.grant` is a permission over RoleGrant; else the noun is the type. */
const typeOf = (noun: string): string =>
  noun === 'role' ? 'RoleGrant' : `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;

function has(role: RoleName, { does = [], approves = [], roles = [] }: DutyDefinition): boolean {
  const ability = abilityOf('', [{ role, accountId: null, lobId: null }]);
  return (
    roles.includes(role) ||
    does.some((operation) => ability.can(operation.split('.')[1]!, typeOf(operation.split('.')[0]!))) ||
    approves.some((operation) => roleMayApprove(role, operation))
  );
}

/** The duties of each role, by what its page grants. A client's user is not of the house. */
export const DUTIES_OF_ROLES: ReadonlyMap<string, ReadonlySet<Duty>> = new Map(
  roleNames.map((role) => [
    role,
    new Set(role === 'client' ? [] : dutyNames.filter((duty) => has(role, DUTIES[duty]))),
  ]),
);

const NONE: ReadonlySet<Duty> = new Set();

/** What a role is, over what, as conflicts are looked for. */
export const holdingOf = (role: string, accountId: string | null, lobId: string | null): Holding => ({
  role,
  accountId,
  lobId,
  duties: DUTIES_OF_ROLES.get(role) ?? NONE,
});

/** Of the users of a person who can sign in: the roles that they hold at an instant. */
const HELD = `SELECT g.role, g.account_id, g.lob_id FROM role_grant g JOIN app_user u ON u.id = g.user_id
  WHERE g.user_id IN (SELECT users_of(person_of($1))) AND u.deactivated_at IS NULL AND g.revoked_at IS NULL AND (g.ends_at IS NULL OR g.ends_at > $2)`;

const EXCEPTED = `SELECT e.duty || ' ' || e.other_duty AS duties FROM duty_exception e
  WHERE e.user_id IN (SELECT users_of(person_of($1))) AND e.ended_at IS NULL AND e.ends_at > $2`;

interface Held {
  role: string;
  account_id: string | null;
  lob_id: string | null;
}

/** Conflicts of duty in the person that a user is of, without those for which there is an exception; with what they are to hold beside. */
export async function conflictsOf(
  tx: Transaction,
  userId: string,
  beside: readonly Holding[] = [],
): Promise<Conflict[]> {
  const held = (await tx.kept('held-by-person', HELD, [userId, tx.now])) as Held[];
  const holdings = [...held.map((each) => holdingOf(each.role, each.account_id, each.lob_id)), ...beside];
  if (conflictsIn(holdings).length === 0) return [];
  const excepted = await tx.query<{ duties: string }>(EXCEPTED, [userId, tx.now]);
  return conflictsIn(
    holdings,
    excepted.map(({ duties }) => duties),
  );
}

/** Those of them that an operation would be part of: doing it, or saying yes to it. */
export async function conflictsOver(
  tx: Transaction,
  userId: string,
  operation: string,
  how: 'does' | 'approves',
): Promise<Conflict[]> {
  const part = dutiesOf(operation, how);
  if (part.length === 0) return [];
  const conflicts = await conflictsOf(tx, userId);
  return conflicts.filter(({ duties }) => duties.some((duty) => part.includes(duty)));
}
