import { eventsBelong } from '../audit/event.read';
import { column, computed, declareRead, instant, list, one, plains, type Read, type Viewing } from '../platform/read';
import { reachedThrough } from '../platform/scope';
import { and, sql, type Sql } from '../platform/sql';

const lasts = (row: string, { now }: Viewing): Sql =>
  sql`(${column(row, 'revoked_at')} is null and (${column(row, 'ends_at')} is null or ${column(row, 'ends_at')} > ${now}::timestamptz))`;

const holds = (row: string, viewing: Viewing) =>
  sql`select g.role from role_grant g where g.user_id = ${column(row, 'id')} and ${lasts('g', viewing)}`;

export const userRead: Read = declareRead('User', {
  table: 'app_user',
  fields: {
    ...plains('id', 'name', 'email', 'version'),
    active: computed((row) => sql`${column(row, 'deactivated_at')} is null`),
    secondFactor: computed(
      (row, { may }) =>
        sql`case when ${may('readSecondFactorOf', 'User', row)} then ${column(row, 'second_factor_at')} is not null end`,
    ),
    roles: computed(
      (row, viewing) => sql`array(select distinct h.role from (${holds(row, viewing)}) h order by h.role)`,
    ),
    roleGrants: list(() => roleGrantRead, 'user_id', 'id'),
    samePersonAs: {
      kind: 'one',
      read: () => userRead,
      on: (child, parent, { may }) =>
        and([sql`${column(child, 'id')} = ${column(parent, 'person_id')}`, may('readPersonOf', 'User', parent)]),
    },
    createdAt: instant('created_at'),
  },
  filters: {
    role: (row, role, viewing) => sql`${role}::text in (${holds(row, viewing)})`,
    active: (row, active) => sql`(${column(row, 'deactivated_at')} is null) = ${active}::boolean`,
    email: (row, email) => sql`${column(row, 'email')} = lower(${email}::text)`,
  },
  orders: { CREATED_AT: { column: 'created_at', type: 'timestamptz' }, NAME: { column: 'name', type: 'text' } },
  defaultOrder: 'NAME_ASC',
});

export const roleGrantRead = declareRead('RoleGrant', {
  table: 'role_grant',
  fields: {
    ...plains('id', 'role', 'accountId', 'lobId', 'version'),
    user: one(() => userRead, 'user_id'),
    grantedBy: one(() => userRead, 'granted_by_id'),
    createdAt: instant('created_at'),
    endsAt: instant('ends_at'),
    revokedAt: instant('revoked_at'),
    revokedBy: one(() => userRead, 'revoked_by_id'),
    lasts: computed(lasts),
  },
});

/** Whoever holds or held a role of the house. */
reachedThrough(
  'User',
  'inHouse',
  (row) => sql`exists (select from role_grant g where g.user_id = ${column(row, 'id')} and g.role <> 'client')`,
);

eventsBelong('RoleGrant', 'role_grant', 'accountId', 'account_id');
eventsBelong('RoleGrant', 'role_grant', 'lobId', 'lob_id');
