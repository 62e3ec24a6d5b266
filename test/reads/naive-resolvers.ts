import { formatMinor } from '../../src/platform/money';
import { GraphQLError } from 'graphql';
import { knowsPersons, type Looker, sees, seesAny } from './naive-access';
import { mayDecide, stepsOf } from './naive-approvals';
import { deceptiveTexts } from './naive-deception';
import { connection, type PageOf } from './naive-connection';
import type { Row, Table } from './naive-rows';
import { callsBehind, quantitiesBehind } from './naive-usage';
import {
  assignmentsToday,
  clocks,
  isActive,
  isOpen,
  exceptionRuns,
  isRunning,
  isUsable,
  lasts,
  nowUs,
  us,
  lateReview,
  rolesHeld,
  runParts,
  runState,
  statusOf,
  TYPES,
  versionToday,
  type World,
} from './naive-types';

type Resolver = (row: Row, args: PageOf) => unknown;

/** Where rows are looked up. */
export interface Rows {
  readonly cursorKey: Buffer;
  world(): World;
  where(table: Table, column: string, value: unknown): readonly Row[];
}

const trimmed = (numeric: string) => (numeric.includes('.') ? numeric.replace(/\.?0+$/, '') : numeric);

/** What is no column of its own name, by type and field; everything else is. */
export function resolversOf(rows: Rows, who: Looker | null): Record<string, Record<string, Resolver>> {
  /** Whoever asks, with what is bound to no account alone. */
  const unbound = who && { ...who, grants: who.grants.filter(({ accountId }) => accountId === null) };
  const one = (type: string, table: Table, column: string) => (row: Row) => {
    const found = rows.world().row(table, row[column] as string | null);
    return found && sees(who, type, found, rows.world()) ? found : null;
  };
  const list =
    (type: string, table: Table, column: string, order = 'id') =>
    (row: Row) =>
      rows
        .where(table, column, row.id)
        .filter((each) => sees(who, type, each, rows.world()))
        .toSorted((a, b) => (a[order] < b[order] ? -1 : a[order] > b[order] ? 1 : 0));
  const page = (type: string, column: string) => (row: Row, args: PageOf) =>
    connection(
      type,
      rows.where(TYPES[type]!.table, column, row.id).filter((each) => sees(who, type, each, rows.world())),
      args,
      rows.world(),
      rows.cursorKey,
    );
  const among = (type: string, of: (row: Row, world: World) => Row[]) => (row: Row, args: PageOf) =>
    connection(
      type,
      of(row, rows.world()).filter((each) => sees(who, type, each, rows.world())),
      args,
      rows.world(),
      rows.cursorKey,
    );
  /** Of a type of which the viewer may see nothing: null with an error, and not as if there were none. */
  const forThoseWhoSee =
    (type: string, resolver: Resolver): Resolver =>
    (row, args) => {
      if (!seesAny(who, type)) throw new GraphQLError('hidden', { extensions: { code: 'FORBIDDEN' } });
      return resolver(row, args);
    };
  const money =
    (column: string, currency = 'currency') =>
    (row: Row) =>
      moneyOf(row[column] as string | null, row[currency] as string | null);
  const open = (row: Row) => String(BigInt(row.total_minor as string) - BigInt(row.credited_minor as string));
  const user = (column: string) => one('User', 'app_user', column);
  const account = one('Account', 'account', 'account_id');
  const legalEntity = one('LegalEntity', 'legal_entity', 'legal_entity_id');
  const taxTotal = {
    percent: (row: Row) => trimmed(row.percent as string),
    taxable: money('taxable_minor'),
    tax: money('tax_minor'),
  };
  const lob = one('Lob', 'lob', 'lob_id');
  const pendingChanges = (subject: string) => (row: Row) =>
    rows
      .where('change_request', 'subject_id', row.id)
      .filter(
        (each) =>
          each.subject_type === subject &&
          statusOf(each, rows.world()) === 'PENDING' &&
          sees(who, 'ChangeRequest', each, rows.world()),
      );
  const openedFrom = (row: Row) => {
    const opened = rows
      .where('audit.event', 'subject_id', row.id)
      .find((each) => each.subject_type === 'Session' && each.action === 'session.opened');
    return opened ? toldBy(opened) : {};
  };
  return {
    LegalEntity: { pendingChanges: pendingChanges('LegalEntity') },
    DocumentNumber: { legalEntity },
    TaxRule: { legalEntity, account },
    InvoiceTax: taxTotal,
    CreditNoteTax: taxTotal,
    InvoiceObjection: { objectedBy: user('objected_by_id') },
    CreditNote: {
      account,
      legalEntity,
      invoice: one('Invoice', 'invoice', 'invoice_id'),
      lines: list('CreditNoteLine', 'credit_note_line', 'credit_note_id', 'line_number'),
      taxes: list('CreditNoteTax', 'credit_note_tax', 'credit_note_id', 'place'),
      subtotal: money('subtotal_minor'),
      tax: money('tax_minor'),
      total: money('total_minor'),
      issuedBy: user('issued_by_id'),
    },
    CreditNoteLine: {
      line: one('InvoiceLine', 'invoice_line', 'line_id'),
      amount: money('amount_minor'),
      tax: money('tax_minor'),
      total: money('total_minor'),
    },
    Account: {
      legalEntity,
      email: (row) => row.email_masked as unknown,
      taxId: (row) => row.tax_id_masked as unknown,
      bankAccountNumber: (row) => row.bank_account_number_masked as unknown,
      pendingChanges: pendingChanges('Account'),
      lobs: page('Lob', 'account_id'),
      agreements: page('Agreement', 'account_id'),
      invoices: page('Invoice', 'account_id'),
      complaints: forThoseWhoSee('Complaint', page('Complaint', 'account_id')),
    },
    Lob: {
      account,
      pendingChanges: pendingChanges('Lob'),
      complaints: forThoseWhoSee('Complaint', page('Complaint', 'lob_id')),
    },
    Agent: {
      assignments: list('Assignment', 'assignment', 'agent_id', 'starts_on'),
      currentLob: (row) => {
        const [today] = assignmentsToday(rows.world(), row.id as string);
        return today ? lob(today) : null;
      },
      pendingChanges: pendingChanges('Agent'),
    },
    Assignment: { pendingChanges: pendingChanges('Assignment'), agent: one('Agent', 'agent', 'agent_id'), lob },
    Agreement: {
      account,
      versions: list('AgreementVersion', 'agreement_version', 'agreement_id', 'version_number'),
      current: (row) => versionToday(rows.world(), row),
      pendingChanges: pendingChanges('Agreement'),
    },
    AgreementVersion: {
      taxRate: (row) => (row.tax_rate === null ? null : trimmed(row.tax_rate as string)),
      rates: list('AgreementRate', 'agreement_rate', 'agreement_version_id', 'line_number'),
    },
    AgreementRate: { lob, ...chargeOf },
    Invoice: {
      account,
      legalEntity,
      billingRun: one('BillingRun', 'billing_run', 'billing_run_id'),
      taxes: list('InvoiceTax', 'invoice_tax', 'invoice_id', 'place'),
      objections: list('InvoiceObjection', 'invoice_objection', 'invoice_id', 'objected_at'),
      acceptedBy: user('accepted_by_id'),
      creditNotes: page('CreditNote', 'invoice_id'),
      lines: list('InvoiceLine', 'invoice_line', 'invoice_id', 'line_number'),
      subtotal: money('subtotal_minor'),
      tax: money('tax_minor'),
      total: money('total_minor'),
      disputedAmount: money('disputed_minor'),
      openAmount: (row) => moneyOf(row.status === 'VOIDED' ? '0' : open(row), row.currency as string),
      pendingChanges: pendingChanges('Invoice'),
      disputes: page('Dispute', 'invoice_id'),
    },
    UsageQuantity: {
      account,
      lob,
      quantity: (row) => trimmed(row.quantity as string),
      corrects: one('UsageQuantity', 'usage_quantity', 'corrects_id'),
      reportedBy: user('reported_by_id'),
    },
    BillingRun: {
      account,
      state: (row) => runState(row, rows.world()),
      accountsTotal: (row) => runParts(row, rows.world()).length,
      accountsSettled: (row) =>
        runParts(row, rows.world()).filter(({ state }) => !['WAITING', 'PARKED'].includes(state as string)).length,
      startedBy: user('started_by_id'),
      accounts: page('BillingRunAccount', 'run_id'),
      invoices: page('Invoice', 'billing_run_id'),
    },
    BillingRunAccount: {
      account,
      pendingChanges: pendingChanges('BillingRunAccount'),
      figures: (row) =>
        (row.figures as Row[]).map(({ subtotalMinor, usualMinor, ...figures }) => ({
          ...figures,
          subtotal: formatMinor(BigInt(subtotalMinor as string), figures.currency as string),
          usualSubtotal:
            usualMinor === null ? null : formatMinor(BigInt(usualMinor as string), figures.currency as string),
        })),
    },
    InvoiceLine: {
      lob,
      detail: (row) => row.detail ?? [],
      corrects: one('Invoice', 'invoice', 'corrects_invoice_id'),
      agreement: (row) => {
        const version = rows.world().row('agreement_version', row.agreement_version_id as string | null);
        const agreement = version && rows.world().row('agreement', version.agreement_id as string);
        return agreement && sees(who, 'Agreement', agreement, rows.world()) ? agreement : null;
      },
      agreementVersionNumber: (row) =>
        rows.world().row('agreement_version', row.agreement_version_id as string | null)?.version_number ?? null,
      usage: among('CallRecord', callsBehind),
      quantities: among('UsageQuantity', quantitiesBehind),
      quantity: (row) => trimmed(row.quantity as string),
      unitPrice: (row) => trimmed(row.unit_price as string),
      taxRate: (row) => trimmed(row.tax_rate as string),
      amount: money('amount_minor'),
      tax: money('tax_minor'),
      total: money('total_minor'),
      disputedAmount: money('disputed_minor'),
      openAmount: (row) => moneyOf(open(row), row.currency as string),
    },
    Dispute: {
      invoice: one('Invoice', 'invoice', 'invoice_id'),
      account,
      items: list('DisputeItem', 'dispute_item', 'dispute_id'),
      claimedAmount: money('claimed_minor'),
      acceptedAmount: money('accepted_minor'),
      openedBy: user('opened_by_id'),
      resolvedBy: user('resolved_by_id'),
      pendingChanges: pendingChanges('Dispute'),
    },
    DisputeItem: {
      line: one('InvoiceLine', 'invoice_line', 'line_id'),
      amount: money('amount_minor'),
      acceptedAmount: money('accepted_minor'),
    },
    Complaint: {
      account,
      lob,
      customer: (row) => ({
        name: row.customer_name as unknown,
        email: row.customer_email_masked as unknown,
        phone: row.customer_phone_masked as unknown,
        cardNumber: row.customer_card_number_masked as unknown,
      }),
      filedBy: user('filed_by_id'),
      rule: one('ComplaintRule', 'complaint_rule', 'rule_id'),
      acknowledgeBreachedAt: (row) => clocks.acknowledgeBreachedAt(row, rows.world()),
      breachedAt: (row) => clocks.breachedAt(row, rows.world()),
      breached: (row) => clocks.breached(row, rows.world()),
      remainingSeconds: (row) => clocks.remainingSeconds(row, rows.world()),
      pendingChanges: pendingChanges('Complaint'),
    },
    ComplaintRule: { version: (row) => row.rule_version as unknown },
    ChangeRequest: {
      status: (row) => statusOf(row, rows.world()),
      input: (row) => row.input_shown as unknown,
      maker: user('maker_id'),
      decisions: list('Decision', 'decision', 'change_request_id'),
      revisions: list('ChangeRequestRevision', 'change_request_revision', 'change_request_id', 'revision'),
      timeline: (row) =>
        rows
          .where('audit.event', 'change_request_id', row.id)
          .filter(
            (each) => each.outcome === 'DONE' || ((toldBy(each).changes as unknown[] | undefined) ?? []).length > 0,
          ),
      deceptiveTexts,
      steps: (row) =>
        stepsOf(row, rows.world()).map((step) => ({
          ...step,
          state: step.open ? 'OPEN' : step.approvals < step.quorum ? 'LATER' : 'DONE',
        })),
      approverIds: (row) => row.approver_ids ?? [],
      assignee: user('assignee_id'),
      amount: money('amount_minor', 'amount_currency'),
      warnings: (row) => row.warnings ?? [],
      canDecide: (row) => who !== null && mayDecide(who, row, rows.world()),
    },
    ChangeRequestMoment: {
      actor: user('actor_id'),
      onBehalfOf: user('on_behalf_of_id'),
      reason: (row) => toldBy(row).reason ?? null,
      code: (row) => toldBy(row).code ?? null,
    },
    ChangeRequestRevision: {
      input: (row) => row.input_shown as unknown,
      revisedAt: (row) => row.created_at as unknown,
    },
    Decision: {
      decidedBy: user('decided_by_id'),
      onBehalfOf: user('on_behalf_of_id'),
      at: (row) => row.created_at as unknown,
    },
    ApprovalPolicy: {
      pendingChanges: pendingChanges('ApprovalPolicy'),
      steps: (row) => (row.steps as Row[]).map((step) => ({ ...step, name: step.name ?? null })),
      approverRoles: (row) =>
        [...new Set((row.steps as { roles: string[] }[]).flatMap(({ roles }) => roles))].toSorted(),
      whenAmountAbove: money('when_amount_above_minor', 'when_currency'),
      whenAmountPositive: (row) => row.when_amount_above_minor !== null && row.when_currency === null,
    },
    Session: {
      user: user('user_id'),
      openedAt: (row) => row.created_at as unknown,
      open: (row) => isOpen(row, rows.world()),
      current: (row) => row.id === who?.sessionId,
      address: (row) => openedFrom(row).address ?? null,
      userAgent: (row) => openedFrom(row).userAgent ?? null,
    },
    ApiKey: {
      pendingChanges: pendingChanges('ApiKey'),
      user: user('user_id'),
      createdBy: user('created_by_id'),
      active: (row) => isActive(row, rows.world()),
      lastUsedAt: (row) => rows.world().row('session', row.id as string)?.last_seen_at ?? null,
      replaces: one('ApiKey', 'api_key', 'replaces_id'),
    },
    UsageImport: {
      account,
      startedBy: user('started_by_id'),
      pendingChanges: pendingChanges('UsageImport'),
      rejections: page('UsageRejection', 'import_id'),
    },
    CallRecord: {
      account,
      lob,
      agent: one('Agent', 'agent', 'agent_id'),
      agentCode: (row) => (seesAny(unbound, 'Agent') ? (row.agent_code as unknown) : null),
      source: (row) =>
        rows
          .world()
          .all('usage_source')
          .find(({ number }) => number === row.source_number)!.code as unknown,
    },
    Webhook: { pendingChanges: pendingChanges('Webhook'), createdBy: user('created_by_id') },
    WebhookDelivery: {
      webhook: one('Webhook', 'webhook', 'webhook_id'),
      nextAttemptAt: (row) => (row.state === 'PENDING' ? (row.next_attempt_at as unknown) : null),
    },
    Delegation: {
      pendingChanges: pendingChanges('Delegation'),
      delegator: user('delegator_id'),
      delegate: user('delegate_id'),
      running: (row) => isRunning(row, rows.world()),
      revokedBy: user('revoked_by_id'),
    },
    User: {
      pendingChanges: pendingChanges('User'),
      active: (row) => row.deactivated_at === null,
      roles: (row) => rolesHeld(rows.world(), row.id as string),
      samePersonAs: (row) => (knowsPersons(who) ? user('person_id')(row) : null),
      secondFactor: (row) => (knowsPersons(who) || row.id === who?.id ? row.second_factor_at !== null : null),
      roleGrants: forThoseWhoSee('RoleGrant', list('RoleGrant', 'role_grant', 'user_id')),
    },
    ApprovalLimit: {
      pendingChanges: pendingChanges('ApprovalLimit'),
      user: user('user_id'),
      perRequest: money('per_request_minor'),
      perDay: money('per_day_minor'),
    },
    RevealAllowance: {
      user: user('user_id'),
      usable: (row) => isUsable(row, rows.world()),
    },
    AccessReview: {
      pendingChanges: pendingChanges('AccessReview'),
      startedBy: user('started_by_id'),
      open: (row) => row.closed_at === null,
      overdue: (row) => row.closed_at === null && us(row.due_at) <= nowUs(rows.world()),
      itemCount: (row) => rows.where('access_review_item', 'access_review_id', row.id).length,
      undecidedCount: (row) =>
        rows.where('access_review_item', 'access_review_id', row.id).filter(({ verdict }) => verdict === null).length,
      items: page('AccessReviewItem', 'access_review_id'),
    },
    AccessReviewItem: {
      pendingChanges: pendingChanges('AccessReviewItem'),
      accessReview: one('AccessReview', 'access_review', 'access_review_id'),
      roleGrant: one('RoleGrant', 'role_grant', 'role_grant_id'),
      apiKey: one('ApiKey', 'api_key', 'api_key_id'),
      user: user('user_id'),
      grantedBy: user('granted_by_id'),
      reviewer: user('reviewer_id'),
      decidedBy: user('decided_by_id'),
      changeRequestIds: (row) => row.change_request_ids ?? [],
    },
    DutyException: {
      pendingChanges: pendingChanges('DutyException'),
      user: user('user_id'),
      owner: user('owner_id'),
      allowedBy: user('allowed_by_id'),
      endedBy: user('ended_by_id'),
      running: (row) => exceptionRuns(row, rows.world()),
    },
    ExchangeRate: { perEuro: (row) => trimmed(row.per_euro as string) },
    Finding: {
      pendingChanges: pendingChanges('Finding'),
      changeRequest: one('ChangeRequest', 'change_request', 'change_request_id'),
      raisedBy: user('raised_by_id'),
      overdue: (row) => lateReview(row, rows.world()),
      reviewedBy: user('reviewed_by_id'),
    },
    RoleGrant: {
      pendingChanges: pendingChanges('RoleGrant'),
      user: user('user_id'),
      grantedBy: user('granted_by_id'),
      revokedBy: user('revoked_by_id'),
      lasts: (row) => lasts(row, rows.world()),
    },
    AuditEvent: {
      actor: user('actor_id'),
      onBehalfOf: user('on_behalf_of_id'),
      ...Object.fromEntries(
        Object.entries(TOLD).map(([field, told]): [string, Resolver] => [
          field,
          (row) => toldBy(row)[told] ?? (LISTS.has(field) ? [] : null),
        ]),
      ),
      subjectVersion: (row) => (toldBy(row).subject as Row | undefined)?.version ?? null,
      sequence: (row) => (row.sequence === null ? null : Number(row.sequence)),
      hash: (row) => (row.hash as Buffer).toString('hex'),
      content: (row) => (row.content as Buffer | null)?.toString('utf8') ?? null,
    },
    AuditCheckpoint: {
      size: (row) => Number(row.size),
      rootHash: (row) => (row.root as Buffer).toString('hex'),
      at: (row) => row.created_at as unknown,
    },
  };
}

/** What a rate says in its charge. */
const charge = (row: Row) => row.charge as { price: Row; increment?: Row } & Row;
const ofPrice = (member: string) => (row: Row) => (charge(row).price[member] as unknown) ?? null;
const ofCharge = (member: string) => (row: Row) => (charge(row)[member] as unknown) ?? null;
const chargeOf: Record<string, (row: Row) => unknown> = {
  model: ofPrice('model'),
  perUnit: ofPrice('perUnit'),
  tiers: (row) => (charge(row).price.tiers as unknown) ?? [],
  windows: (row) => (row.windows as unknown) ?? [],
  packageSize: ofPrice('size'),
  packageAmount: ofPrice('amount'),
  percent: ofPrice('percent'),
  divideBy: (row) => (charge(row).increment?.divideBy as unknown) ?? null,
  unitRounding: (row) => (charge(row).increment?.rounding as unknown) ?? 'NONE',
  freeUnits: ofCharge('freeUnits'),
  discountPercent: ofCharge('discountPercent'),
  minimum: ofCharge('minimum'),
  maximum: ofCharge('maximum'),
};

/** What an event tells in its content, by the field that shows it. */
const TOLD = {
  roles: 'roles',
  changes: 'changes',
  reason: 'reason',
  code: 'code',
  sessionId: 'session',
  ipAddress: 'address',
  userAgent: 'userAgent',
};
const LISTS = new Set(['roles', 'changes']);
/** Nothing, once it was dropped. */
const toldBy = (row: Row) => JSON.parse((row.content as Buffer | null)?.toString('utf8') ?? '{}') as Row;

const moneyOf = (minor: string | null, currency: string | null) =>
  minor === null || currency === null ? null : { amount: formatMinor(BigInt(minor), currency), currency };
