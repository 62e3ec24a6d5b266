import { notApart } from '../access/duties';
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
  money,
  one,
  plain,
  plains,
  tokens,
  type Viewing,
} from '../platform/read';
import { reachedThrough } from '../platform/scope';
import { and, literal, sql, type Sql } from '../platform/sql';

/** Waiting, for an approver or for its maker, ends at the instant of expiry, whether or not anything has noticed yet. */
const status = (row: string, { now }: Viewing): Sql =>
  sql`case when ${column(row, 'status')} in ('PENDING', 'RETURNED') and ${column(row, 'expires_at')} <= ${now}::timestamptz then 'EXPIRED' else ${column(row, 'status')} end`;

/**
 * Whether any of its steps could be the viewer's, at first sight: one that was done is open again when a role was revoked since. The rest asks
 * for their turn in the same words as whatever decides.
 */
const mayBeTheirs = (row: string, { viewerId, viewerRoles, now }: Viewing): Sql =>
  sql`(coalesce(jsonb_path_query_array(${column(row, 'steps')}, '$[*].roles[*]'), to_jsonb(${column(row, 'approver_roles')})) ?| ${viewerRoles}::text[]
    or jsonb_path_exists(${column(row, 'steps')}, '$[*].people[*] ? (@ == $viewer)', jsonb_build_object('viewer', ${viewerId}::uuid))
    or ${column(row, 'escalate_to_roles')} && ${viewerRoles}::text[]
    or exists (select from delegation d where d.delegate_id = ${viewerId}::uuid and d.revoked_at is null and d.ends_at > ${now}::timestamptz))`;

/** What a change request may be called beside `decidable`: no name that its conditions give to a row of theirs. */
export const ROW = 'request';

/** What assertPending, assertStanding and assertApart would let through. */
export function decidable(row: string, viewing: Viewing): Sql {
  return and([
    sql`${status(row, viewing)} = 'PENDING'`,
    sql`${column(row, 'maker_id')} <> ${viewing.viewerId}::uuid`,
    mayBeTheirs(row, viewing),
    viewing.may('approve', 'ChangeRequest', row),
    sql`(select s.code is null from change_request r, change_request_standing(r, ${viewing.viewerId}::uuid, ${viewing.now}::timestamptz) s
      where r.id = ${column(row, 'id')})`,
    sql`${column(row, 'operation')} <> all (${notApart(viewing)})`,
  ]);
}

const stepsOf = (row: string, { now }: Viewing): Sql =>
  sql`(select jsonb_agg(jsonb_build_object('step', s.step, 'stage', s.stage, 'name', s.name, 'roles', s.roles, 'people', s.people, 'quorum', s.quorum,
    'approvals', s.approvals, 'state', case when s.open then 'OPEN' when s.approvals < s.quorum then 'LATER' else 'DONE' end) order by s.step)
    from change_request r, change_request_steps(r, ${now}::timestamptz) s where r.id = ${column(row, 'id')})`;

export const changeRequestRead = declareRead('ChangeRequest', {
  table: 'change_request',
  fields: {
    ...plains('id', 'revision', 'subjectId', 'reason', 'failureCode', 'result'),
    ...tokens('operation', 'digest', 'subjectType'),
    status: computed(status),
    input: plain('input_shown'),
    changes: elements((row) => column(row, 'changes')),
    steps: elements(stepsOf),
    deceptiveTexts: elements((row) => sql`deceptive_texts(${column(row, 'changes')}, ${column(row, 'reason')})`),
    approverRoles: plain('approver_roles'),
    approverIds: computed((row) => sql`coalesce(${column(row, 'approver_ids')}, '{}')`),
    assignee: one(() => userRead, 'assignee_id'),
    amount: money('amount_minor', 'amount_currency'),
    warnings: computed((row) => sql`coalesce(${column(row, 'warnings')}, '{}')`),
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
    ...plains('id', 'verdict', 'revision', 'step', 'comment'),
    decidedBy: one(() => userRead, 'decided_by_id'),
    onBehalfOf: one(() => userRead, 'on_behalf_of_id'),
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

/** What was done about a change request belongs to the account and the LOB that it concerns, whatever it was done to. */
for (const [attribute, of] of Object.entries({ accountId: 'account_id', lobId: 'lob_id' }))
  reachedThrough(
    'AuditEvent',
    attribute,
    (row, id) =>
      sql`${column(row, 'change_request_id')} in (select s.id from change_request s where ${column('s', of)} = ${id}::uuid)`,
  );
