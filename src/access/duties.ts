import type { Viewing } from '../platform/read';
import { literal, sql, type Sql } from '../platform/sql';
import type { Transaction } from '../platform/transaction';
import {
  approvalsOf,
  type Conflict,
  conflictsIn,
  dutiesOf,
  DUTIES,
  type Duty,
  type DutyDefinition,
  dutyNames,
  type Holding,
  MATRIX,
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

/** Which operations somebody would be refused to approve who holds these two roles over something in common, and by which duties. */
const REFUSALS = roleNames.flatMap((one) =>
  roleNames.flatMap((other) =>
    MATRIX.filter(
      ({ duties: [duty, otherDuty] }) =>
        one !== other && DUTIES_OF_ROLES.get(one)!.has(duty) && DUTIES_OF_ROLES.get(other)!.has(otherDuty),
    ).flatMap(({ duties }) =>
      [...new Set(duties.flatMap(approvalsOf))].map((operation) => ({
        operation,
        one,
        other,
        duties: duties.join(' '),
      })),
    ),
  ),
);

/** The operations that the viewer may approve for no change request, as `conflictsOver` says it, by what is granted at that instant. It depends on no row. */
export const notApart = ({ viewerId, now }: Viewing): Sql => sql`array(
  with held as materialized (select g.role, g.account_id, g.lob_id from role_grant g join app_user u on u.id = g.user_id
    where g.user_id in (select users_of(person_of(${viewerId}::uuid))) and u.deactivated_at is null and g.revoked_at is null
      and (g.ends_at is null or g.ends_at > ${now}::timestamptz))
  select distinct m.operation from held one join held other on one.role <> other.role
      and (one.account_id is null or other.account_id is null or one.account_id = other.account_id)
      and (one.lob_id is null or other.lob_id is null or one.lob_id = other.lob_id)
    join jsonb_to_recordset(${literal(JSON.stringify(REFUSALS))}::jsonb) m (operation text, one text, other text, duties text)
      on m.one = one.role and m.other = other.role
  where not exists (select from duty_exception e where e.user_id in (select users_of(person_of(${viewerId}::uuid)))
    and e.duty || ' ' || e.other_duty = m.duties and e.ended_at is null and e.ends_at > ${now}::timestamptz))`;
