import {
  column,
  computed,
  CREATED_AT,
  declareRead,
  equals,
  instant,
  instantOf,
  one,
  plains,
  type Viewing,
} from '../platform/read';
import { sql, type Sql } from '../platform/sql';
import { userRead } from './user.read';

/** The session of a key says whether it is let in. */
const open = (row: string, { now }: Viewing): Sql =>
  sql`exists (select from session s where s.id = ${column(row, 'id')} and s.ended_at is null and s.expires_at > ${now}::timestamptz)`;

/** Never its secret, which is nowhere. */
export const apiKeyRead = declareRead('ApiKey', {
  table: 'api_key',
  fields: {
    ...plains('id', 'name', 'scopes', 'prefix', 'overlapHours', 'version'),
    user: one(() => userRead, 'user_id'),
    active: computed(open),
    createdBy: one(() => userRead, 'created_by_id'),
    createdAt: instant('created_at'),
    drawnAt: instant('drawn_at'),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    lastUsedAt: computed(
      (row) => sql`(select ${instantOf(sql`s.last_seen_at`)} from session s where s.id = ${column(row, 'id')})`,
    ),
    replaces: one(() => apiKeyRead, 'replaces_id'),
  },
  filters: {
    userId: equals('user_id', 'uuid'),
    active: (row, wanted, viewing) => sql`${open(row, viewing)} = ${wanted}::boolean`,
  },
  orders: { NAME: { column: 'name', type: 'text' }, CREATED_AT },
});
