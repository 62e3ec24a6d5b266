import {
  column,
  computed,
  computedJson,
  declareRead,
  elements,
  equals,
  type FieldRead,
  hex,
  instant,
  plains,
  type Source,
  tokens,
} from '../platform/read';
import { reachedThrough } from '../platform/scope';
import { literal, name, sql, type Sql } from '../platform/sql';

/**
 * The canonical bytes, which are dropped after their time: then what only they say is empty. With a limit, though there is one row at most:
 * without it the planner, which does not know that all months but one are passed over, reads them all for a page of a trail of 100,000
 * events; and the bytes would be parsed for each field anew.
 */
export const content: Source = {
  of: (row) => `${row}_told`,
  select: (row) => sql`select convert_from(c.bytes, 'UTF8') as text, convert_from(c.bytes, 'UTF8')::jsonb as told
    from audit.content c where c.event_id = ${column(row, 'id')} and c.written_at = ${column(row, 'written_at')} limit 1`,
};

/** What is not a column of its own comes from those bytes, so that it cannot differ from what was hashed. */
const member = (field: string) => (row: string) => sql`${column(content.of(row), 'told')} -> ${literal(field)}`;

/** What an event tells under a name. */
export const told = (field: string): FieldRead => computedJson(member(field), content);
const orNone =
  (of: (row: string) => Sql) =>
  (row: string): Sql =>
    sql`coalesce(${of(row)}, '[]')`;

export const auditEventRead = declareRead('AuditEvent', {
  table: 'audit.event',
  told: true,
  fields: {
    ...plains('id', 'outcome', 'subjectId', 'changeRequestId'),
    ...tokens('action', 'subjectType', 'requestId'),
    sequence: computed((row) => sql`(select l.place from audit.leaf l where l.event_id = ${column(row, 'id')})`),
    at: instant('at'),
    roles: computedJson(orNone(member('roles')), content),
    changes: elements(orNone(member('changes')), content),
    reason: told('reason'),
    code: told('code'),
    sessionId: told('session'),
    ipAddress: told('address'),
    userAgent: told('userAgent'),
    subjectVersion: computedJson((row) => sql`${column(content.of(row), 'told')} -> 'subject' -> 'version'`, content),
    hash: hex('hash'),
    content: { kind: 'value', expression: (row) => column(content.of(row), 'text'), from: content },
  },
  filters: {
    actorId: equals('actor_id', 'uuid'),
    action: equals('action', 'text'),
    subjectType: equals('subject_type', 'text'),
    subjectId: equals('subject_id', 'uuid'),
    outcome: equals('outcome', 'text'),
    requestId: equals('request_id', 'text'),
    changeRequestId: equals('change_request_id', 'uuid'),
    from: (row, at) => sql`${column(row, 'at')} >= ${at}::timestamptz`,
    to: (row, at) => sql`${column(row, 'at')} < ${at}::timestamptz`,
  },
  orders: { AT: { column: 'at', type: 'timestamptz' } },
  defaultOrder: 'AT_DESC',
});

/**
 * Declares that events about a type of row belong to the account (`accountId`) or LOB (`lobId`) that a column of its table names. The ids are
 * looked up once a statement, not once an event.
 */
export const eventsBelong = (type: string, table: string, attribute: 'accountId' | 'lobId', of: string): void =>
  reachedThrough(
    'AuditEvent',
    attribute,
    (row, id) => sql`(${column(row, 'subject_type')} = ${literal(type)}
      and ${column(row, 'subject_id')} in (select s.id from ${name(table)} s where ${column('s', of)} = ${id}::uuid))`,
  );
