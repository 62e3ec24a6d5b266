import { userRead } from '../access/user.read';
import { told } from '../audit/event.read';
import {
  column,
  computed,
  declareRead,
  elements,
  equals,
  type FieldRead,
  instant,
  list,
  listWhere,
  one,
  plain,
  plains,
  tokens,
  type Viewing,
} from '../platform/read';
import { and, literal, sql, type Sql } from '../platform/sql';

/** Waiting, for an approver or for its maker, ends at the instant of expiry, whether or not anything has noticed yet. */
const status = (row: string, { now }: Viewing): Sql =>
  sql`case when ${column(row, 'status')} in ('PENDING', 'RETURNED') and ${column(row, 'expires_at')} <= ${now}::timestamptz then 'EXPIRED' else ${column(row, 'status')} end`;

/** The pair of change-request.rules.ts in SQL: what assertPending and assertMayDecide would let through. */
export function decidable(row: string, viewing: Viewing): Sql {
  return and([
    sql`${status(row, viewing)} = 'PENDING'`,
    sql`${column(row, 'maker_id')} <> ${viewing.viewerId}::uuid`,
    sql`${column(row, 'approver_roles')} && ${viewing.viewerRoles}::text[]`,
    viewing.may('approve', 'ChangeRequest', row),
  ]);
}

export const changeRequestRead = declareRead('ChangeRequest', {
  table: 'change_request',
  fields: {
    ...plains('id', 'revision', 'subjectId', 'reason', 'failureCode', 'result'),
    ...tokens('operation', 'digest', 'subjectType'),
    status: computed(status),
    input: plain('input_shown'),
    changes: elements((row) => column(row, 'changes')),
    approverRoles: plain('approver_roles'),
    maker: one(() => userRead, 'maker_id'),
    createdAt: instant('created_at'),
    expiresAt: instant('expires_at'),
    closedAt: instant('closed_at'),
    decisions: list(() => decisionRead, 'change_request_id', 'id'),
    revisions: list(() => changeRequestRevisionRead, 'change_request_id', 'revision'),
    timeline: listWhere(() => changeRequestMomentRead, ofItsTimeline, 'id'),
    canDecide: computed(decidable),
  },
  filters: {
    status: (row, wanted, viewing) => sql`${status(row, viewing)} = ${wanted}::text`,
    operation: equals('operation', 'text'),
    subjectType: equals('subject_type', 'text'),
    subjectId: equals('subject_id', 'uuid'),
    makerId: equals('maker_id', 'uuid'),
    accountId: equals('account_id', 'uuid'),
  },
  orders: {
    CREATED_AT: { column: 'created_at', type: 'timestamptz' },
    EXPIRES_AT: { column: 'expires_at', type: 'timestamptz' },
  },
});

export const decisionRead = declareRead('Decision', {
  table: 'decision',
  partOfWhole: true,
  fields: {
    ...plains('id', 'verdict', 'revision', 'comment'),
    decidedBy: one(() => userRead, 'decided_by_id'),
    at: instant('created_at'),
  },
});

export const changeRequestRevisionRead = declareRead('ChangeRequestRevision', {
  table: 'change_request_revision',
  partOfWhole: true,
  fields: {
    ...plains('id', 'revision', 'reason'),
    ...tokens('digest'),
    input: plain('input_shown'),
    changes: elements((row) => column(row, 'changes')),
    revisedAt: instant('created_at'),
  },
});

/** What was done about it, and what ended it though it was refused: no refusal else is anybody's but the trail's. */
function ofItsTimeline(event: string, request: string): Sql {
  return and([
    sql`${column(event, 'change_request_id')} = ${column(request, 'id')}`,
    sql`(${column(event, 'outcome')} = 'DONE' or exists (select from audit.content c where c.event_id = ${column(event, 'id')}
      and c.written_at = ${column(event, 'written_at')} and convert_from(c.bytes, 'UTF8')::jsonb -> 'changes' <> '[]'))`,
  ]);
}

/** An event of the trail, as far as whoever sees the request may see it. */
export const changeRequestMomentRead = declareRead('ChangeRequestMoment', {
  table: 'audit.event',
  partOfWhole: true,
  fields: {
    ...plains('id', 'outcome'),
    ...tokens('action'),
    at: instant('at'),
    actor: one(() => userRead, 'actor_id'),
    onBehalfOf: one(() => userRead, 'on_behalf_of_id'),
    reason: told('reason'),
    code: told('code'),
  },
});

/** The change requests that wait over a row: `pendingChanges` of every subject. */
export const pendingChanges = (subjectType: string): FieldRead =>
  listWhere(
    () => changeRequestRead,
    (child, parent, { now }) =>
      and([
        sql`${column(child, 'subject_type')} = ${literal(subjectType)}`,
        sql`${column(child, 'subject_id')} = ${column(parent, 'id')}`,
        sql`${column(child, 'status')} = 'PENDING'`,
        sql`${column(child, 'expires_at')} > ${now}::timestamptz`,
      ]),
    'id',
  );
