import { userRead } from '../access/user.read';
import { accountRead } from '../accounts/account.read';
import { agreementRead } from '../agreements/agreement.read';
import { pendingChanges } from '../approvals/change-request.read';
import { eventsBelong } from '../audit/event.read';
import { invoiceLineRead, invoiceRead } from '../billing/invoice.read';
import {
  column,
  computed,
  connection,
  CREATED_AT,
  declareRead,
  elements,
  equals,
  extendRead,
  instant,
  one,
  plains,
} from '../platform/read';
import { raw, sql, type Sql } from '../platform/sql';
import { behindCut, seenBy } from './behind-line';
import { callRecordRead } from '../usage/call-record.read';
import { usageQuantityRead } from '../usage/usage-quantity.read';

const parts = (run: string, where = 'true'): Sql =>
  sql`(select count(*)::int from billing_run_account p where p.run_id = ${column(run, 'id')} and ${raw(where)})`;

const stateOf = (run: string): Sql =>
  sql`case when ${parts(run, "p.state = 'WAITING'")} > 0 then 'RUNNING' when ${parts(run, "p.state = 'PARKED'")} > 0 then 'PARKED' else 'DONE' end`;

export const billingRunRead = declareRead('BillingRun', {
  table: 'billing_run',
  fields: {
    ...plains('id', 'periodFrom', 'periodUntil'),
    account: one(() => accountRead, 'account_id'),
    state: computed(stateOf),
    accountsTotal: computed((row) => parts(row)),
    accountsSettled: computed((row) => parts(row, "p.state not in ('WAITING', 'PARKED')")),
    startedBy: one(() => userRead, 'started_by_id'),
    createdAt: instant('created_at'),
    accounts: connection(() => billingRunAccountRead, 'run_id'),
    invoices: connection(() => invoiceRead, 'billing_run_id'),
  },
  filters: {
    accountId: equals('account_id', 'uuid'),
    state: (row, state) => sql`${stateOf(row)} = ${state}::text`,
  },
  orders: { CREATED_AT },
});

/** An amount of figures, which are minor units as text, with the decimals of their currency. */
const amountIn = (of: string): Sql => sql`amount_text((f ->> ${raw(`'${of}'`)})::bigint, f ->> 'currency')`;

const figures = (row: string): Sql =>
  sql`(select coalesce(jsonb_agg(jsonb_build_object('periodFrom', f ->> 'periodFrom', 'periodUntil', f ->> 'periodUntil', 'currency', f ->> 'currency', 'subtotal', ${amountIn('subtotalMinor')},
    'lines', f -> 'lines', 'usualSubtotal', ${amountIn('usualMinor')},
    'usualLines', f -> 'usualLines', 'blown', f -> 'blown') order by n), '[]') from jsonb_array_elements(${column(row, 'figures')}) with ordinality as e (f, n))`;

export const billingRunAccountRead = declareRead('BillingRunAccount', {
  table: 'billing_run_account',
  fields: {
    ...plains('id', 'state', 'unratedCalls', 'heldBackCycles', 'code', 'version'),
    account: one(() => accountRead, 'account_id'),
    figures: elements(figures),
    settledAt: instant('settled_at'),
    pendingChanges: pendingChanges('BillingRunAccount'),
  },
  filters: { state: equals('state', 'text'), accountId: equals('account_id', 'uuid') },
  orders: { CREATED_AT },
  defaultOrder: 'CREATED_AT_ASC',
});

/** Of a line, what one of its cuts says. */
const cut = (line: string, of: string): Sql =>
  sql`(select ${raw(of)} from usage_cut c where c.line_id = ${column(line, 'id')})`;

extendRead(invoiceLineRead, {
  agreement: {
    kind: 'one',
    read: () => agreementRead,
    on: (agreement, line) =>
      sql`${column(agreement, 'id')} = (select v.agreement_id from agreement_version v where v.id = ${column(line, 'agreement_version_id')})`,
  },
  agreementVersionNumber: computed(
    (line) =>
      sql`(select v.version_number from agreement_version v where v.id = ${column(line, 'agreement_version_id')})`,
  ),
  // Account and first and last instant say which months to look in; the cuts say the rest.
  usage: {
    kind: 'connection',
    read: () => callRecordRead,
    on: (call, line) => sql`${column(call, 'account_id')} = ${cut(line, 'min(c.account_id::text)::uuid')}
      and ${column(call, 'started_at')} >= ${cut(line, 'min(lower(c.stretches))')} and ${column(call, 'started_at')} < ${cut(line, 'max(upper(c.stretches))')}
      and exists (select from usage_cut c where c.line_id = ${column(line, 'id')} and ${raw(behindCut(call, 'c'))})
      and ${column(line, 'measure')} in ('HANDLED_CALLS', 'TALK_TIME', 'WAIT_TIME', 'RESOLVED_CONTACTS')
      and (${column(call, 'started_at')}, ${column(call, 'id')}) not in (select s.started_at, s.id from superseded_calls(
        ${cut(line, 'min(c.account_id::text)::uuid')}, ${cut(line, 'max(c.sequence_upto)')}) s)`,
  },
  quantities: {
    kind: 'connection',
    read: () => usageQuantityRead,
    on: (quantity, line) => sql`${column(quantity, 'measure')} = ${column(line, 'measure')}
      and ${column(quantity, 'day')} >= ${column(line, 'period_from')} and ${column(quantity, 'day')} < ${column(line, 'period_until')}
      and exists (select from usage_cut c where c.line_id = ${column(line, 'id')} and ${raw(seenBy(quantity, 'c'))})`,
  },
});
extendRead(invoiceRead, { billingRun: one(() => billingRunRead, 'billing_run_id') });

eventsBelong('BillingRunAccount', 'billing_run_account', 'accountId', 'account_id');
