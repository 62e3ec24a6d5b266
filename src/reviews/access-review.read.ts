import { apiKeyRead } from '../access/api-key.read';
import { roleGrantRead, userRead } from '../access/user.read';
import { pendingChanges } from '../approvals/change-request.read';
import {
  column,
  computed,
  connection,
  CREATED_AT,
  declareRead,
  equals,
  instant,
  one,
  plains,
  type Viewing,
} from '../platform/read';
import { sql, type Sql } from '../platform/sql';

const isOpen = (row: string): Sql => sql`(${column(row, 'closed_at')} is null)`;

const counted = (row: string, which: Sql): Sql =>
  sql`(select count(*)::int from access_review_item i where i.access_review_id = ${column(row, 'id')} and ${which})`;

export const accessReviewRead = declareRead('AccessReview', {
  table: 'access_review',
  fields: {
    ...plains('id', 'name', 'reason', 'jsonDigest', 'csvDigest', 'version'),
    startedBy: one(() => userRead, 'started_by_id'),
    open: computed(isOpen),
    overdue: computed(
      (row, { now }: Viewing) => sql`(${isOpen(row)} and ${column(row, 'due_at')} <= ${now}::timestamptz)`,
    ),
    itemCount: computed((row) => counted(row, sql`true`)),
    undecidedCount: computed((row) => counted(row, sql`i.verdict is null`)),
    items: connection(() => accessReviewItemRead, 'access_review_id'),
    pendingChanges: pendingChanges('AccessReview'),
    createdAt: instant('created_at'),
    dueAt: instant('due_at'),
    closedAt: instant('closed_at'),
  },
  filters: { open: (row, wanted) => sql`${isOpen(row)} = ${wanted}::boolean` },
  orders: { CREATED_AT, DUE_AT: { column: 'due_at', type: 'timestamptz' } },
});

export const accessReviewItemRead = declareRead('AccessReviewItem', {
  table: 'access_review_item',
  fields: {
    ...plains('id', 'role', 'scopes', 'accountId', 'lobId', 'verdict', 'reason', 'remedyCode', 'version'),
    ...plains('reduceToAccountId', 'reduceToLobId'),
    accessReview: one(() => accessReviewRead, 'access_review_id'),
    roleGrant: one(() => roleGrantRead, 'role_grant_id'),
    apiKey: one(() => apiKeyRead, 'api_key_id'),
    user: one(() => userRead, 'user_id'),
    grantedBy: one(() => userRead, 'granted_by_id'),
    reviewer: one(() => userRead, 'reviewer_id'),
    decidedBy: one(() => userRead, 'decided_by_id'),
    changeRequestIds: computed((row) => sql`coalesce(${column(row, 'change_request_ids')}, '{}')`),
    pendingChanges: pendingChanges('AccessReviewItem'),
    grantedAt: instant('granted_at'),
    endsAt: instant('ends_at'),
    lastUsedAt: instant('last_used_at'),
    decidedAt: instant('decided_at'),
    reduceToEndsAt: instant('reduce_to_ends_at'),
    remediedAt: instant('remedied_at'),
    createdAt: instant('created_at'),
  },
  filters: {
    accessReviewId: equals('access_review_id', 'uuid'),
    reviewerId: equals('reviewer_id', 'uuid'),
    userId: equals('user_id', 'uuid'),
    verdict: equals('verdict', 'text'),
    decided: (row, wanted) => sql`(${column(row, 'verdict')} is not null) = ${wanted}::boolean`,
  },
  orders: { CREATED_AT },
});
