import { userRead } from '../access/user.read';
import { accountRead } from '../accounts/account.read';
import { lobRead } from '../accounts/lob.read';
import { eventsBelong } from '../audit/event.read';
import { pendingChanges } from '../approvals/change-request.read';
import {
  column,
  computed,
  connection,
  CREATED_AT,
  declareRead,
  equals,
  extendRead,
  group,
  instant,
  instantOf,
  masked,
  one,
  plain,
  plains,
  type Viewing,
} from '../platform/read';
import { sql, type Sql } from '../platform/sql';

/** Unresolved, and the deadline has passed. Written like the index complaint_due. */
const overdue = (row: string, { now }: Viewing): Sql =>
  sql`(${column(row, 'status')} <> 'RESOLVED' and ${column(row, 'due_at')} <= ${now}::timestamptz)`;

/** The instant of the first breach: kept when somebody acted late, else told from the clock. */
const breachedAt = (row: string, viewing: Viewing): Sql =>
  sql`coalesce(${column(row, 'breached_at')}, case when ${overdue(row, viewing)} then ${column(row, 'due_at')} end)`;

const acknowledgeBreachedAt = (row: string, { now }: Viewing): Sql =>
  sql`coalesce(${column(row, 'acknowledge_breached_at')}, case when ${column(row, 'status')} = 'FILED'
    and ${column(row, 'acknowledge_due_at')} <= ${now}::timestamptz then ${column(row, 'acknowledge_due_at')} end)`;

const breached = (row: string, viewing: Viewing): Sql =>
  sql`(${column(row, 'breached_at')} is not null or ${overdue(row, viewing)})`;

/** Rounded up, so that it is 0 exactly when the deadline has passed. */
const remainingSeconds = (row: string, { now }: Viewing): Sql =>
  sql`case when ${column(row, 'status')} <> 'RESOLVED'
    then greatest(0, ceil(extract(epoch from ${column(row, 'due_at')} - ${now}::timestamptz)))::int end`;

const isOrNot = (wanted: boolean, condition: Sql): Sql => (wanted ? condition : sql`not ${condition}`);

export const complaintRead = declareRead('Complaint', {
  table: 'complaint',
  fields: {
    ...plains('id', 'channel', 'category', 'narrative', 'sourceReference', 'status', 'resolution', 'resolutionNote'),
    ...plains('reopenedCount', 'version'),
    account: one(() => accountRead, 'account_id'),
    lob: one(() => lobRead, 'lob_id'),
    customer: group({
      name: plain('customer_name'),
      email: masked('customer_email'),
      phone: masked('customer_phone'),
      cardNumber: masked('customer_card_number'),
    }),
    filedBy: one(() => userRead, 'filed_by_id'),
    rule: one(() => complaintRuleRead, 'rule_id'),
    receivedAt: instant('received_at'),
    acknowledgeDueAt: instant('acknowledge_due_at'),
    acknowledgedAt: instant('acknowledged_at'),
    acknowledgeBreachedAt: computed((row, viewing) => instantOf(acknowledgeBreachedAt(row, viewing))),
    dueAt: instant('due_at'),
    resolvedAt: instant('resolved_at'),
    breachedAt: computed((row, viewing) => instantOf(breachedAt(row, viewing))),
    breached: computed(breached),
    remainingSeconds: computed(remainingSeconds),
    reopenedAt: instant('reopened_at'),
    pendingChanges: pendingChanges('Complaint'),
    createdAt: instant('created_at'),
  },
  filters: {
    accountId: equals('account_id', 'uuid'),
    lobId: equals('lob_id', 'uuid'),
    status: equals('status', 'text'),
    channel: equals('channel', 'text'),
    category: equals('category', 'text'),
    sourceReference: equals('source_reference', 'text'),
    breached: (row, wanted, viewing) => isOrNot(wanted, breached(row, viewing)),
    overdue: (row, wanted, viewing) => isOrNot(wanted, overdue(row, viewing)),
    receivedFrom: (row, at) => sql`${column(row, 'received_at')} >= ${at}::timestamptz`,
    receivedTo: (row, at) => sql`${column(row, 'received_at')} < ${at}::timestamptz`,
  },
  orders: {
    RECEIVED_AT: { column: 'received_at', type: 'timestamptz' },
    DUE_AT: { column: 'due_at', type: 'timestamptz' },
    CREATED_AT,
  },
  defaultOrder: 'RECEIVED_AT_DESC',
});

export const complaintRuleRead = declareRead('ComplaintRule', {
  table: 'complaint_rule',
  partOfWhole: true,
  fields: {
    ...plains('code', 'effectiveFrom', 'channel', 'calendarCode', 'source'),
    ...plains('acknowledgeDays', 'acknowledgeKind', 'resolveDays', 'resolveKind'),
    version: plain('rule_version'),
  },
});

extendRead(accountRead, { complaints: connection(() => complaintRead, 'account_id') });
extendRead(lobRead, { complaints: connection(() => complaintRead, 'lob_id') });

eventsBelong('Complaint', 'complaint', 'accountId', 'account_id');
eventsBelong('Complaint', 'complaint', 'lobId', 'lob_id');
