import { compareKeys, Instant, type Key, keyOf, type Row, type Table } from './naive-rows';

/** What the clock says, and every row there is: enough to tell whatever is not a column. */
export interface World {
  now: Date;
  all: (table: Table) => Row[];
  row: (table: Table, id: string | null) => Row | null;
}

type Filter = (row: Row, value: any, world: World) => boolean;

export interface NaiveType {
  table: Table;
  filters: Record<string, Filter>;
  /** Column by the name of the order; `exact` for whole numbers that no float holds. */
  orders: Record<string, { column: string; exact?: boolean }>;
  defaultOrder: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An ID is a UUID in whatever case; what is none names nothing. */
export const sameId = (id: string | null, wanted: string): boolean => UUID.test(wanted) && id === wanted.toLowerCase();

const text =
  (column: string): Filter =>
  (row, value) =>
    row[column] === value;
const id =
  (column: string): Filter =>
  (row, value) =>
    sameId(row[column] as string | null, value as string);
const search =
  (...columns: string[]): Filter =>
  (row, value) =>
    columns
      .map((column) => row[column] as string)
      .join(' ')
      .toLowerCase()
      .includes((value as string).toLowerCase());

export const us = (instant: unknown): bigint => (instant as Instant).us;
const usOf = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n;
export const nowUs = ({ now }: World): bigint => BigInt(now.getTime()) * 1000n;

/** The date of now in a zone. */
const today = ({ now }: World, zone: string): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now);

/** The assignments of an agent that are of today, where the line of business is. */
export const assignmentsToday = (world: World, agentId: string): Row[] =>
  world.all('assignment').filter((each) => {
    if (each.agent_id !== agentId) return false;
    const account = world.row('account', world.row('lob', each.lob_id as string)!.account_id as string)!;
    const date = today(world, account.time_zone as string);
    return each.starts_on <= date && (each.ends_on === null || date < each.ends_on);
  });

/** The version of an agreement that holds today, where its account is. */
export function versionToday(world: World, agreement: Row): Row | null {
  const date = today(world, world.row('account', agreement.account_id as string)!.time_zone as string);
  const holds = (each: Row) =>
    each.agreement_id === agreement.id &&
    each.effective_from <= date &&
    (each.effective_until === null || date < each.effective_until);
  return world.all('agreement_version').find(holds) ?? null;
}

export const runParts = (run: Row, world: World): Row[] =>
  world.all('billing_run_account').filter(({ run_id }) => run_id === run.id);

/** How far a billing run is: nothing waits, or something does. */
export function runState(run: Row, world: World): string {
  const states = new Set(runParts(run, world).map(({ state }) => state as string));
  return states.has('WAITING') ? 'RUNNING' : states.has('PARKED') ? 'PARKED' : 'DONE';
}

/** Whether a grant gives something now. */
export const lasts = ({ revoked_at, ends_at }: Row, world: World): boolean =>
  revoked_at === null && (ends_at === null || us(ends_at) > nowUs(world));

export const exceptionRuns = ({ ended_at, ends_at }: Row, world: World): boolean =>
  ended_at === null && us(ends_at) > nowUs(world);

export const grantsHeld = (world: World, userId: string): Row[] =>
  world.all('role_grant').filter((grant) => grant.user_id === userId && lasts(grant, world));

export const rolesHeld = (world: World, userId: string): string[] =>
  [...new Set(grantsHeld(world, userId).map(({ role }) => role as string))].toSorted();

/** What waits ends at the instant of its expiry. */
export const statusOf = (row: Row, world: World): string =>
  ['PENDING', 'RETURNED'].includes(row.status as string) && us(row.expires_at) <= nowUs(world)
    ? 'EXPIRED'
    : (row.status as string);

/** Whether a finding waits longer than it may. */
export const lateReview = (row: Row, world: World): boolean =>
  row.reviewed_at === null && us(row.due_at) <= nowUs(world);

/** Whether something is left of an allowance, and it is not over. */
export const isUsable = (row: Row, world: World): boolean =>
  Number(row.used) < Number(row.reveals) && us(row.expires_at) > nowUs(world);

/** Whether a delegation holds now. */
export const isRunning = (row: Row, world: World): boolean =>
  row.revoked_at === null && us(row.starts_at) <= nowUs(world) && nowUs(world) < us(row.ends_at);

/** Whether the bearer of a session is let in now. */
export const isOpen = (row: Row, world: World): boolean =>
  row.ended_at === null &&
  us(row.expires_at) > nowUs(world) &&
  (row.idle_until === null || us(row.idle_until) > nowUs(world));

/** Whether a key works: the session of its id says so. */
export const isActive = (row: Row, world: World): boolean => {
  const session = world.row('session', row.id as string);
  return session !== null && isOpen(session, world);
};

const overdue = (row: Row, world: World): boolean => row.status !== 'RESOLVED' && us(row.due_at) <= nowUs(world);
const breached = (row: Row, world: World): boolean => row.breached_at !== null || overdue(row, world);

/** The clocks of a complaint. */
export const clocks = {
  breached,
  breachedAt: (row: Row, world: World): Instant | null =>
    (row.breached_at ?? (overdue(row, world) ? row.due_at : null)) as Instant | null,
  acknowledgeBreachedAt: (row: Row, world: World): Instant | null =>
    (row.acknowledge_breached_at ??
      (row.status === 'FILED' && us(row.acknowledge_due_at) <= nowUs(world)
        ? row.acknowledge_due_at
        : null)) as Instant | null,
  remainingSeconds: (row: Row, world: World): number | null =>
    row.status === 'RESOLVED' ? null : Math.max(0, Math.ceil(Number(us(row.due_at) - nowUs(world)) / 1_000_000)),
};

const CREATED_AT = { column: 'created_at' };
const CODE = { column: 'code' };
const NAME = { column: 'name' };

/** Every type that is a table's, by its name; the rest of the schema lies within them. */
export const TYPES: Record<string, NaiveType> = {
  Account: {
    table: 'account',
    filters: {
      code: text('code'),
      search: search('code', 'legal_name'),
      status: text('status'),
      currency: text('currency'),
    },
    orders: { CODE, LEGAL_NAME: { column: 'legal_name' }, CREATED_AT },
    defaultOrder: 'CODE_ASC',
  },
  Lob: {
    table: 'lob',
    filters: { accountId: id('account_id'), code: text('code'), status: text('status') },
    orders: { CODE, CREATED_AT },
    defaultOrder: 'CODE_ASC',
  },
  LegalEntity: {
    table: 'legal_entity',
    filters: { code: text('code'), search: search('code', 'legal_name') },
    orders: { CODE, CREATED_AT },
    defaultOrder: 'CODE_ASC',
  },
  DocumentNumber: {
    table: 'document_number',
    filters: {
      legalEntityId: id('legal_entity_id'),
      documentType: text('document_type'),
      fiscalYear: text('fiscal_year'),
      state: text('state'),
      number: text('number'),
    },
    orders: { GIVEN_AT: { column: 'given_at' }, PLACE: { column: 'first_in_series' } },
    defaultOrder: 'GIVEN_AT_DESC',
  },
  TaxRule: {
    table: 'tax_rule',
    filters: {
      legalEntityId: id('legal_entity_id'),
      accountId: id('account_id'),
      country: text('country'),
      holdingOn: (row, value) => row.valid_from <= value && (row.valid_until === null || value < row.valid_until),
    },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  CreditNote: {
    table: 'credit_note',
    filters: {
      accountId: id('account_id'),
      invoiceId: id('invoice_id'),
      reasonCode: text('reason_code'),
      number: text('number'),
    },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  Agreement: {
    table: 'agreement',
    filters: {
      accountId: id('account_id'),
      code: text('code'),
      search: search('code', 'name'),
      holding: (row, value, world) => (versionToday(world, row) !== null) === value,
    },
    orders: { CODE, CREATED_AT },
    defaultOrder: 'CODE_ASC',
  },
  Agent: {
    table: 'agent',
    filters: {
      search: search('code', 'name'),
      lobId: (row, value, world) =>
        assignmentsToday(world, row.id as string).some(({ lob_id }) => sameId(lob_id as string, value as string)),
      free: (row, value, world) => value === (assignmentsToday(world, row.id as string).length === 0),
    },
    orders: { CODE, NAME },
    defaultOrder: 'CODE_ASC',
  },
  Invoice: {
    table: 'invoice',
    filters: {
      accountId: id('account_id'),
      legalEntityId: id('legal_entity_id'),
      status: text('status'),
      paymentStatus: text('payment_status'),
      number: text('number'),
      overdueOn: (row, value) =>
        row.status === 'ISSUED' && row.due_on < value && ['UNPAID', 'PARTIALLY_PAID'].includes(row.payment_status),
      disputed: (row, value) => BigInt(row.disputed_minor as string) > 0n === value,
    },
    orders: { CREATED_AT, TOTAL: { column: 'total_minor', exact: true } },
    defaultOrder: 'CREATED_AT_DESC',
  },
  Dispute: {
    table: 'dispute',
    filters: {
      accountId: id('account_id'),
      invoiceId: id('invoice_id'),
      status: text('status'),
      reasonCode: text('reason_code'),
    },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  Complaint: {
    table: 'complaint',
    filters: {
      accountId: id('account_id'),
      lobId: id('lob_id'),
      status: text('status'),
      channel: text('channel'),
      category: text('category'),
      sourceReference: text('source_reference'),
      breached: (row, value, world) => value === breached(row, world),
      overdue: (row, value, world) => value === overdue(row, world),
      receivedFrom: (row, value) => us(row.received_at) >= usOf(value as string),
      receivedTo: (row, value) => us(row.received_at) < usOf(value as string),
    },
    orders: { RECEIVED_AT: { column: 'received_at' }, DUE_AT: { column: 'due_at' }, CREATED_AT },
    defaultOrder: 'RECEIVED_AT_DESC',
  },
  ChangeRequest: {
    table: 'change_request',
    filters: {
      status: (row, value, world) => statusOf(row, world) === value,
      operation: text('operation'),
      subjectType: text('subject_type'),
      subjectId: id('subject_id'),
      makerId: id('maker_id'),
      accountId: id('account_id'),
    },
    orders: { CREATED_AT, EXPIRES_AT: { column: 'expires_at' } },
    defaultOrder: 'CREATED_AT_DESC',
  },
  ApprovalPolicy: {
    table: 'approval_policy',
    filters: { operation: text('operation'), active: text('active') },
    orders: { OPERATION: { column: 'operation' } },
    defaultOrder: 'OPERATION_ASC',
  },
  Session: {
    table: 'session',
    filters: { userId: id('user_id'), open: (row, value, world) => value === isOpen(row, world) },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  ApiKey: {
    table: 'api_key',
    filters: { userId: id('user_id'), active: (row, value, world) => value === isActive(row, world) },
    orders: { NAME, CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  UsageImport: {
    table: 'usage_import',
    filters: { accountId: id('account_id'), source: text('source'), state: text('state') },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  UsageRejection: {
    table: 'usage_rejection',
    filters: { code: text('code') },
    orders: { LINE_NUMBER: { column: 'line_number', exact: true } },
    defaultOrder: 'LINE_NUMBER_ASC',
  },
  UsageQuantity: {
    table: 'usage_quantity',
    filters: {
      accountId: id('account_id'),
      lobId: id('lob_id'),
      measure: text('measure'),
      from: (row, value) => row.day >= value,
      until: (row, value) => row.day < value,
    },
    orders: { DAY: { column: 'day' } },
    defaultOrder: 'DAY_DESC',
  },
  BillingRun: {
    table: 'billing_run',
    filters: { accountId: id('account_id'), state: (row, value, world) => runState(row, world) === value },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  BillingRunAccount: {
    table: 'billing_run_account',
    filters: { state: text('state'), accountId: id('account_id') },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_ASC',
  },
  CallRecord: {
    table: 'call_record',
    filters: {
      accountId: id('account_id'),
      lobId: id('lob_id'),
      agentId: id('agent_id'),
      importId: id('import_id'),
      sourceId: text('source_id'),
      outcome: text('outcome'),
      kind: text('kind'),
      flag: (row, value) => (row.flags as string[]).includes(value as string),
      from: (row, value) => us(row.started_at) >= usOf(value as string),
      to: (row, value) => us(row.started_at) < usOf(value as string),
    },
    orders: { STARTED_AT: { column: 'started_at' } },
    defaultOrder: 'STARTED_AT_DESC',
  },
  Webhook: {
    table: 'webhook',
    filters: { active: text('active') },
    orders: { NAME, CREATED_AT },
    defaultOrder: 'NAME_ASC',
  },
  WebhookDelivery: {
    table: 'webhook_delivery',
    filters: { webhookId: id('webhook_id'), subjectId: id('subject_id'), state: text('state') },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  ApprovalLimit: {
    table: 'approval_limit',
    filters: { userId: id('user_id'), currency: text('currency') },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  RevealAllowance: {
    table: 'reveal_allowance',
    filters: { userId: id('user_id') },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  AccessReview: {
    table: 'access_review',
    filters: { open: (row, value) => (row.closed_at === null) === value },
    orders: { CREATED_AT, DUE_AT: { column: 'due_at' } },
    defaultOrder: 'CREATED_AT_DESC',
  },
  AccessReviewItem: {
    table: 'access_review_item',
    filters: {
      accessReviewId: id('access_review_id'),
      reviewerId: id('reviewer_id'),
      userId: id('user_id'),
      verdict: text('verdict'),
      decided: (row, value) => (row.verdict !== null) === value,
    },
    orders: { CREATED_AT },
    defaultOrder: 'CREATED_AT_DESC',
  },
  DutyException: {
    table: 'duty_exception',
    filters: {
      userId: id('user_id'),
      ownerId: id('owner_id'),
      running: (row, value, world) => exceptionRuns(row, world) === value,
    },
    orders: { CREATED_AT, ENDS_AT: { column: 'ends_at' } },
    defaultOrder: 'CREATED_AT_DESC',
  },
  ExchangeRate: {
    table: 'exchange_rate',
    filters: { currency: text('currency') },
    orders: { VALID_ON: { column: 'valid_on' } },
    defaultOrder: 'VALID_ON_DESC',
  },
  Finding: {
    table: 'finding',
    filters: {
      reviewed: (row, value) => (row.reviewed_at !== null) === value,
      overdue: (row, value, world) => value === lateReview(row, world),
      changeRequestId: id('change_request_id'),
    },
    orders: { DUE_AT: { column: 'due_at' } },
    defaultOrder: 'DUE_AT_ASC',
  },
  Delegation: {
    table: 'delegation',
    filters: {
      delegatorId: id('delegator_id'),
      delegateId: id('delegate_id'),
      running: (row, value, world) => isRunning(row, world) === value,
    },
    orders: { CREATED_AT, ENDS_AT: { column: 'ends_at' } },
    defaultOrder: 'CREATED_AT_DESC',
  },
  User: {
    table: 'app_user',
    filters: {
      role: (row, value, world) => rolesHeld(world, row.id as string).includes(value as string),
      active: (row, value) => (row.deactivated_at === null) === value,
      email: (row, value) => row.email === (value as string).toLowerCase(),
    },
    orders: { CREATED_AT, NAME },
    defaultOrder: 'NAME_ASC',
  },
  AuditEvent: {
    table: 'audit.event',
    filters: {
      actorId: id('actor_id'),
      action: text('action'),
      subjectType: text('subject_type'),
      subjectId: id('subject_id'),
      outcome: text('outcome'),
      requestId: text('request_id'),
      changeRequestId: id('change_request_id'),
      from: (row, value) => us(row.at) >= usOf(value as string),
      to: (row, value) => us(row.at) < usOf(value as string),
    },
    orders: { AT: { column: 'at' } },
    defaultOrder: 'AT_DESC',
  },
  AuditCheckpoint: {
    table: 'audit.checkpoint',
    filters: {},
    orders: { SIZE: { column: 'size', exact: true } },
    defaultOrder: 'SIZE_DESC',
  },
};

/** An order by its name: what it sorts by, which way, and what its cursors say that they are of. */
export function orderOf(type: string, asked: string | null | undefined) {
  const order = asked ?? TYPES[type]!.defaultOrder;
  const { column, exact = false } = TYPES[type]!.orders[order.replace(/_(ASC|DESC)$/, '')]!;
  const sign = order.endsWith('_DESC') ? -1 : 1;
  const compare = (one: { key: Key; id: string }, other: { key: Key; id: string }) =>
    sign * (compareKeys(one.key, other.key) || compareKeys(one.id, other.id));
  const keyIn = (row: Row): Key => keyOf(row[column], exact);
  const keyFrom = (value: string): Key =>
    exact || !(column.endsWith('_at') || column === 'at') ? keyOf(value, exact) : Instant.parse(value).us;
  return { name: `${type}.${order}`, column, compare, keyIn, keyFrom };
}
