import { column, computed, declareRead, instant, list, one, plains, type Read } from '../platform/read';
import { and, sql } from '../platform/sql';

const holds = (row: string) =>
  sql`select g.role from role_grant g where g.user_id = ${column(row, 'id')} and g.revoked_at is null`;

export const userRead: Read = declareRead('User', {
  table: 'app_user',
  fields: {
    ...plains('id', 'name', 'email', 'version'),
    active: computed((row) => sql`${column(row, 'deactivated_at')} is null`),
    secondFactor: computed(
      (row, { may }) =>
        sql`case when ${may('readSecondFactorOf', 'User', row)} then ${column(row, 'second_factor_at')} is not null end`,
    ),
    roles: computed((row) => sql`array(${holds(row)} order by g.role)`),
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
    role: (row, role) => sql`${role}::text in (${holds(row)})`,
    active: (row, active) => sql`(${column(row, 'deactivated_at')} is null) = ${active}::boolean`,
    email: (row, email) => sql`${column(row, 'email')} = lower(${email}::text)`,
  },
  orders: { CREATED_AT: { column: 'created_at', type: 'timestamptz' }, NAME: { column: 'name', type: 'text' } },
  defaultOrder: 'NAME_ASC',
});

export const roleGrantRead = declareRead('RoleGrant', {
  table: 'role_grant',
  fields: {
    ...plains('id', 'role', 'accountId', 'version'),
    user: one(() => userRead, 'user_id'),
    grantedBy: one(() => userRead, 'granted_by_id'),
    createdAt: instant('created_at'),
    revokedAt: instant('revoked_at'),
  },
});
