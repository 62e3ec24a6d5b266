import {
  column,
  computed,
  computedJson,
  declareRead,
  equals,
  instant,
  one,
  plain,
  plains,
  type Source,
  type Viewing,
} from '../platform/read';
import { literal, sql, type Sql } from '../platform/sql';
import { userRead } from './user.read';

/** Where it was opened from is kept once, in the trail, and is forgotten with it. */
const opening: Source = {
  of: (row) => `${row}_opened`,
  select: (row) => sql`select convert_from(c.bytes, 'UTF8')::jsonb as told from audit.event e
    join audit.content c on c.event_id = e.id and c.written_at = e.written_at
    where e.subject_type = 'Session' and e.subject_id = ${column(row, 'id')} and e.action = 'session.opened' limit 1`,
};

const openedFrom = (what: string) =>
  computedJson((row) => sql`${column(opening.of(row), 'told')} -> ${literal(what)}`, opening);

const open = (row: string, { now }: Viewing): Sql =>
  sql`(${column(row, 'ended_at')} is null and least(${column(row, 'expires_at')}, ${column(row, 'idle_until')}) > ${now}::timestamptz)`;

export const sessionRead = declareRead('Session', {
  table: 'session',
  fields: {
    ...plains('id', 'kind', 'version'),
    user: one(() => userRead, 'user_id'),
    openedAt: instant('created_at'),
    lastSeenAt: instant('last_seen_at'),
    idleUntil: instant('idle_until'),
    expiresAt: instant('expires_at'),
    endedAt: instant('ended_at'),
    open: computed(open),
    current: computed((row, { sessionId }) => sql`coalesce(${column(row, 'id')} = ${sessionId}::uuid, false)`),
    address: openedFrom('address'),
    userAgent: openedFrom('userAgent'),
    roles: plain('roles'),
  },
  filters: {
    userId: equals('user_id', 'uuid'),
    open: (row, wanted, viewing) => sql`${open(row, viewing)} = ${wanted}::boolean`,
  },
});
