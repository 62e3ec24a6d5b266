import {
  column,
  computed,
  computedJson,
  declareRead,
  elements,
  equals,
  hex,
  instant,
  plains,
  tokens,
} from '../platform/read';
import { literal, sql } from '../platform/sql';

/** What is not a column of its own comes from the canonical bytes, so that it cannot differ from what was hashed. */
const told = (field: string) => (row: string) =>
  sql`convert_from(${column(row, 'content')}, 'UTF8')::jsonb -> ${literal(field)}`;

export const auditEventRead = declareRead('AuditEvent', {
  table: 'audit.event',
  fields: {
    ...plains('id', 'outcome', 'subjectId', 'changeRequestId'),
    sequence: computed((row) => sql`(select l.place from audit.leaf l where l.event_id = ${column(row, 'id')})`),
    ...tokens('action', 'subjectType', 'requestId'),
    at: instant('at'),
    roles: computedJson(told('roles')),
    changes: elements(told('changes')),
    reason: computedJson(told('reason')),
    code: computedJson(told('code')),
    sessionId: computedJson(told('session')),
    ipAddress: computedJson(told('address')),
    userAgent: computedJson(told('userAgent')),
    hash: hex('hash'),
    content: computed((row) => sql`convert_from(${column(row, 'content')}, 'UTF8')`),
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
