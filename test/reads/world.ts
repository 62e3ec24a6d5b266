import { CANARY_CUSTOMER, CANARY_TEXT } from '../support/canaries';
import request from 'supertest';
import { draftBilling } from '../../src/rating/draft-billing';
import { record } from '../../src/audit/record';
import { ownContext } from '../../src/platform/context';
import { newId } from '../../src/platform/ids';
import { inTransaction } from '../../src/platform/transaction';
import type { TestApp } from '../support/app';
import { type CastName, PASSWORD } from '../support/cast';
import { givenAccount, givenAgent, givenDraft, givenInvoice, givenLob, linesOf } from '../support/scene';
import { givenBusiness } from './scene';
import { givenViewers, READ_AT, type Viewer } from './viewers';

/** The instant at which everything is read. Nothing else tells the time, so that answers can be compared. */
export const NOW = READ_AT;
const at = (day: string) => new Date(`2026-${day}T10:00:00.000Z`);

let keys = 0;
const key = () => `world-${(keys += 1)}`;

/**
 * Something of everything: each field of each type has a value here and none there, and each state is met. The clock
 * stands at NOW when it is done.
 */
export async function givenWorld(t: TestApp): Promise<Viewer[]> {
  t.clock.at = at('01-05');
  const { accountIds } = await givenBusiness(t);
  const submit = (who: CastName, operation: string, input: object) => t.person(who).submit(operation, input, key());
  const settled = (by: CastName, operation: string, input: object) =>
    t.person(by).countersigned(t.person('supervisor'), operation, input, key());
  const [second, third] = [accountIds[3]!, accountIds[5]!];
  const bare = await givenAccount(t, {
    code: 'Z-A',
    legalName: 'Ångström & Söhne "😀" \\ \'x\'',
    taxId: null,
    bankAccountNumber: null,
    timeZone: 'Asia/Kolkata',
  });
  const lobs = [await givenLob(t, bare, { code: 'M1' }), await givenLob(t, bare, { code: 'M2', name: 'Ümlaut' })];
  await givenAgents(t, lobs, submit);
  await givenDisputes(t, second, submit, settled);
  await givenDisputes(t, accountIds[2]!, submit, settled);
  await givenComplaints(t, second, submit);
  await givenComplaints(t, accountIds[2]!, submit);
  await givenComplaints(t, bare, submit);
  const closed = await givenAccount(t, { code: 'CLOSED', currency: 'KWD', bankAccountNumber: null });
  await givenLob(t, closed, { code: 'GONE' });
  t.clock.at = at('02-10');
  await settled('operations', 'account.close', { accountId: closed, reason: 'they left' });
  const viewers = await givenViewers(t, [accountIds[2]!, second, third]);
  await givenRequests(t, bare, lobs, submit);
  await givenWebhooks(t, submit);
  await givenKeys(t, submit);
  await givenAgreements([bare, second], lobs, settled);
  await givenUsage(t, [accountIds[2]!, second, bare], submit);
  await givenIssuing(t, [bare, accountIds[2]!], submit, settled);
  await givenBilling(t, [accountIds[2]!, second, bare], submit);
  await givenRefusals(t, bare);
  t.clock.at = NOW;
  return viewers;
}

/** A legal entity that says all of itself, taxes by place and account, an invoice that was shown, refused and accepted, and credit notes. */
async function givenIssuing(t: TestApp, [bare, second]: string[], submit: Submit, settled: Settled): Promise<void> {
  const address = { street: 'Hauptstraße 1', city: 'Köln', postalCode: '50667', country: 'DE', subdivision: 'DE-NW' };
  const opened = await settled('billing', 'legalEntity.open', {
    code: 'DE-1',
    legalName: 'Countersign "Köln" GmbH',
    address,
    taxId: 'DE811907980',
    email: 'accounts@firm.example',
    iban: 'DE89370400440532013000',
    bic: 'COBADEFFXXX',
    timeZone: 'Europe/Berlin',
    reason: 'founded',
  });
  const legalEntityId = opened.legalEntity as string;
  await submit('billing', 'legalEntity.change', { legalEntityId, legalName: 'Other GmbH', reason: 'renamed' });
  await submit('operations', 'account.change', {
    accountId: bare,
    legalEntityId,
    address: { ...address, city: 'Bonn' },
    buyerReference: '04011000-12345-03',
    email: 'billing@client.example',
  });
  const exempt = { name: 'USt', category: 'E', percent: '0', exemptionReason: '§ 4 Nr. 8 UStG' };
  const rules = [
    { country: 'DE', validUntil: '2026-02-01', components: [{ name: 'USt', category: 'S', percent: '19' }] },
    { country: 'DE', validFrom: '2026-02-01', components: [exempt] },
    { country: 'DE', subdivision: 'DE-BE', components: [{ name: 'USt', category: 'S', percent: '7.5' }] },
    { accountId: second, components: [exempt] },
  ];
  for (const rule of rules)
    await settled('billing', 'taxRule.set', { legalEntityId, validFrom: '2025-01-01', reason: 'the law', ...rule });
  const shown = await givenDraft(t, bare!, { reviewDays: 5 });
  await submit('billing', 'invoice.review', { invoiceId: shown });
  await submit('billing', 'invoice.object', { invoiceId: shown, reason: 'too much' });
  await submit('billing', 'invoice.review', { invoiceId: shown });
  await submit('billing', 'invoice.accept', { invoiceId: shown, note: 'by mail' });
  for (const accountId of [bare!, second!]) {
    const invoiceId = await givenInvoice(t, accountId);
    const [{ currency }] = (await t.sql('SELECT currency FROM invoice WHERE id = $1', [invoiceId])) as [any];
    const [line] = await linesOf(t, invoiceId);
    for (const note of ['as agreed', undefined])
      await settled('billing', 'creditNote.issue', {
        invoiceId,
        reasonCode: 'GOODWILL',
        items: [{ lineId: line!.id, amount: { amount: '1', currency } }],
        note,
      });
  }
  // Theirs to see: what was shown to them, and what they said of it.
  const theirs = await givenDraft(t, second!, { reviewDays: 5 });
  await submit('billing', 'invoice.review', { invoiceId: theirs });
  await submit('billing', 'invoice.object', { invoiceId: theirs, reason: 'too much' });
  await submit('billing', 'invoice.review', { invoiceId: theirs });
  await settled('billing', 'documentNumber.burn', {
    legalEntityId,
    documentType: 'CREDIT_NOTE',
    fiscalYear: 2025,
    upTo: 7,
    reason: 'used before',
  });
}

/** Runs in every state, what they drafted and corrected, and what was reported beside calls. */
async function givenBilling(t: TestApp, accountIds: string[], submit: Submit): Promise<void> {
  t.clock.at = NOW;
  const goOn = () => draftBilling.run(t.served.app, {}, new AbortController().signal);
  for (const accountId of accountIds) {
    const [lob] = await t.sql<{ id: string; code: string }>(
      'SELECT id, code FROM lob WHERE account_id = $1 ORDER BY code LIMIT 1',
      [accountId],
    );
    const report = (sourceId: string, more: object = {}) => ({
      sourceId,
      lobId: lob!.id,
      measure: 'SEATS',
      day: '2026-02-10',
      quantity: '14.50',
      ...more,
    });
    const reports = [
      report('s "1"'),
      report('s2', { corrects: 's "1"', quantity: '7' }),
      report('h', { measure: 'AGENT_HOURS', day: '2026-03-01' }),
    ];
    await submit('operations', 'usage.report', { accountId, source: 'wfm', reports });
    await submit('billing', 'billing.run', { accountId, from: '2026-02-01', until: '2026-03-01' });
    await goOn();
    const late = { sourceId: 'late', lob: lob!.code, startedAt: '2026-02-03T09:00:00Z', talkSeconds: 700 };
    await submit('operations', 'usage.import', { accountId, source: 'acd', records: [late] });
    await submit('billing', 'billing.run', { accountId, from: '2026-03-01', until: '2026-03-10' });
    await goOn();
    await submit('billing', 'billing.run', { accountId, from: '2026-01-01', until: '2026-03-10' });
    await goOn();
  }
  await submit('billing', 'billing.run', { from: '2025-12-01', until: '2025-12-15' });
  const figures = {
    currency: 'KWD',
    periodFrom: '2025-12-01',
    periodUntil: '2025-12-15',
    subtotalMinor: '-1234',
    lines: 3,
    usualMinor: '7',
    usualLines: 1,
    blown: true,
  };
  await t.sql(
    `UPDATE billing_run_account p SET state = s.state, figures = s.figures, code = s.code, unrated_calls = 4, held_back_cycles = 3, version = 2 FROM (
       SELECT id, row_number() OVER (ORDER BY id) AS n FROM billing_run_account WHERE state = 'WAITING') w
     JOIN (VALUES (1, 'PARKED', jsonb_build_array($1::jsonb), NULL), (2, 'FAILED', '[]', 'ACCOUNT_CLOSED')) s (n, state, figures, code) ON s.n = w.n WHERE p.id = w.id`,
    [JSON.stringify(figures)],
  );
}

type Submit = (who: CastName, operation: string, input: object) => Promise<{ result: Record<string, unknown> }>;
type Settled = (by: CastName, operation: string, input: object) => Promise<Record<string, unknown>>;

async function givenAgents(t: TestApp, [lob, other]: string[], submit: Submit): Promise<void> {
  const agents = [];
  for (const [code, name] of [
    ['A-1', 'Zoë'],
    ['A-2', 'Ann'],
    ['A-3', 'Ann'],
    ['a-4', 'Émile'],
  ])
    agents.push(await givenAgent(t, { code, name, hiredOn: '2025-12-01' }));
  const assign = async (agentId: string, lobId: string, startsOn: string) =>
    (await submit('operations', 'agent.assign', { agentId, lobId, startsOn })).result.assignment as string;
  const ended = await assign(agents[0]!, lob!, '2026-01-10');
  await submit('operations', 'assignment.end', { assignmentId: ended, endsOn: '2026-02-01', reason: 'moved on' });
  await assign(agents[0]!, other!, '2026-02-01');
  await assign(agents[1]!, lob!, '2026-03-10');
  await assign(agents[2]!, lob!, '2026-03-11');
}

async function givenDisputes(t: TestApp, accountId: string, submit: Submit, settled: Settled): Promise<void> {
  t.clock.at = at('01-20');
  const invoiceIds = [];
  for (const price of ['100', '20', '7', '3']) {
    const line = { description: 'Calls', quantity: '3.5', unitPrice: price };
    invoiceIds.push(
      await givenInvoice(t, accountId, { lines: [line, { ...line, description: 'Minutes', taxRate: '7.5' }] }),
    );
  }
  const [{ currency }] = (await t.sql('SELECT currency FROM account WHERE id = $1', [accountId])) as [any];
  const open = async (invoiceId: string, reasonCode: string, count: number, note?: string) => {
    const lines = (await linesOf(t, invoiceId)).slice(0, count);
    const items = lines.map(({ id }) => ({ lineId: id, amount: { amount: '5', currency } }));
    const { result } = await submit('billing', 'dispute.open', { invoiceId, reasonCode, items, note });
    const disputeId = result.dispute as string;
    const made = await t.sql<{ id: string }>('SELECT id FROM dispute_item WHERE dispute_id = $1 ORDER BY id', [
      disputeId,
    ]);
    const answer = (amounts: string[]) => ({
      disputeId,
      note: 'Looked into',
      items: made.map(({ id }, index) => ({ itemId: id, acceptedAmount: { amount: amounts[index]!, currency } })),
    });
    return { disputeId, answer };
  };
  const accepted = await open(invoiceIds[0]!, 'RATE', 2, 'Too much');
  await settled('billing2', 'dispute.resolve', accepted.answer(['5', '5']));
  const partly = await open(invoiceIds[0]!, 'RATE', 2);
  await settled('billing2', 'dispute.resolve', partly.answer(['5', '0']));
  const rejected = await open(invoiceIds[1]!, 'QUANTITY', 1);
  await submit('billing2', 'dispute.resolve', rejected.answer(['0']));
  const withdrawn = await open(invoiceIds[1]!, 'DUPLICATE', 1);
  await submit('billing', 'dispute.withdraw', { disputeId: withdrawn.disputeId });
  const waiting = await open(invoiceIds[1]!, 'RATE', 2);
  t.clock.at = at('03-09');
  await submit('billing2', 'dispute.resolve', waiting.answer(['1', '0']));
  await settled('billing', 'invoice.void', { invoiceId: invoiceIds[2], reason: 'billed twice' });
  // Its client does not see it any more, but still its disputes, whose invoice may not be null.
  await t.sql(`UPDATE invoice SET status = 'PENDING_APPROVAL' WHERE id = $1`, [invoiceIds[1]]);
}

async function givenComplaints(t: TestApp, accountId: string, submit: Submit): Promise<void> {
  const lobs = await t.sql<{ id: string }>('SELECT id FROM lob WHERE account_id = $1 ORDER BY code', [accountId]);
  const lobId = lobs[0]?.id ?? (await givenLob(t, accountId, { code: 'C1' }));
  const customer = {
    name: 'Jo Doe',
    ...CANARY_CUSTOMER,
  };
  const file = async (day: string, channel: string, category: string, more: object = {}) => {
    t.clock.at = at(day);
    const receivedAt = `2026-${day}T09:00:00.123Z`;
    const input = { accountId, lobId, channel, category, receivedAt, ...more };
    return (await submit('operations', 'complaint.file', input)).result.complaint as string;
  };
  const resolve = (complaintId: string, day: string, resolution: string, note?: string) => {
    t.clock.at = at(day);
    return submit('operations', 'complaint.resolve', { complaintId, resolution, note });
  };
  await file('03-09', 'PHONE', 'Fees', {
    customer,
    narrative: `They "charged" me\ttwice, ${CANARY_TEXT}`,
    sourceReference: 'CRM-1',
  });
  await file('01-06', 'EMAIL', 'Fees');
  const acknowledged = await file('01-07', 'SOCIAL_MEDIA', 'Tone', { customer: { name: 'Zoë' } });
  t.clock.at = at('02-20');
  await submit('operations', 'complaint.acknowledge', { complaintId: acknowledged });
  await resolve(await file('03-02', 'WEB', 'Tone', { customer }), '03-03', 'UPHELD', 'Paid back');
  const late = await file('01-08', 'POSTAL_MAIL', 'Delay', { sourceReference: 'CRM-2' });
  await resolve(late, '03-04', 'NOT_UPHELD');
  const reopened = await file('03-01', 'CHAT', 'Delay');
  await resolve(reopened, '03-02', 'PARTLY_UPHELD');
  t.clock.at = at('03-08');
  await submit('compliance', 'complaint.reopen', { complaintId: reopened, reason: 'new facts' });
}

/** Change requests in every state, over every kind of subject. */
async function givenRequests(t: TestApp, accountId: string, lobs: string[], submit: Submit): Promise<void> {
  const bank = async (day: string, bankAccountNumber: string, more: object = {}) => {
    t.clock.at = at(day);
    const input = { accountId, bankAccountNumber, reason: 'a new house bank', ...more };
    const { changeRequestId } = await t.person('operations').submit('account.change', input, key());
    return (await t.sql('SELECT * FROM change_request WHERE id = $1', [changeRequestId]))[0]!;
  };
  const approve = ({ id, revision, digest }: Record<string, any>) =>
    submit('supervisor', 'changeRequest.approve', { id, revision, digest, comment: 'Checked' });
  const refused = (work: Promise<unknown>) =>
    work.then(
      () => Promise.reject(new Error('not refused')),
      () => undefined,
    );
  await approve(await bank('02-01', '000111222333', { legalName: 'Ångström & Söhne "😀" \\ \'x\'' }));
  const rejected = await bank('02-02', '000111222444');
  await submit('supervisor2', 'changeRequest.reject', { id: rejected.id, reason: 'Not their bank' });
  const withdrawn = await bank('02-03', '000111222555');
  await submit('operations', 'changeRequest.withdraw', { id: withdrawn.id });
  const [stale, other] = [await bank('02-04', '000111222666'), await bank('02-04', '000111222777')];
  await approve(other);
  await refused(approve(stale));
  const expired = await bank('02-05', '000111222888');
  t.clock.at = at('02-20');
  await refused(approve(expired));
  const returned = await bank('02-21', '000111222999');
  await submit('supervisor', 'changeRequest.return', { id: returned.id, reason: 'Which branch?' });
  const revised = await bank('02-21', '000111222998');
  const input = { accountId, bankAccountNumber: '000111222997', reason: 'the main branch' };
  await submit('operations', 'changeRequest.revise', { id: revised.id, input });
  await t.sql(`UPDATE approval_policy SET active = true WHERE operation IN ('lob.close', 'complaint.resolve')`);
  const waiting = await bank('03-09', '000111222000', { reason: 'a new\u200B hоuse bank' });
  // The house's own clock does things, too.
  const reminded = { action: 'changeRequest.reminded', subjectType: 'ChangeRequest', subjectId: waiting.id as string };
  await inTransaction(ownContext(t.served.app, 'clock'), (tx) =>
    record(tx, { ...reminded, outcome: 'DONE', changeRequestId: waiting.id as string }),
  );
  await submit('operations', 'lob.close', { lobId: lobs[1], reason: 'no calls' });
  const [{ id: complaintId }] = (await t.sql(
    `SELECT id FROM complaint WHERE status <> 'RESOLVED' AND account_id = $1 ORDER BY id LIMIT 1`,
    [accountId],
  )) as [any];
  const { changeRequestId: resolving } = await t
    .person('operations')
    .submit('complaint.resolve', { complaintId, resolution: 'UPHELD' }, key());
  await submit('operations', 'changeRequest.revise', {
    id: resolving,
    input: { complaintId, resolution: 'NOT_UPHELD' },
  });
  const [{ id: agentId }] = (await t.sql(`SELECT id FROM agent WHERE code = 'A-2'`)) as [any];
  await submit('operations', 'agent.transfer', { agentId, toLobId: lobs[1], startsOn: '2026-04-01', reason: 'asked' });
  const [{ id: invoiceId }] = (await t.sql(
    `SELECT id FROM invoice WHERE status = 'ISSUED' AND disputed_minor = 0 AND payment_status = 'UNPAID' LIMIT 1`,
  )) as [any];
  await submit('billing', 'invoice.void', { invoiceId, reason: 'Billed twice' });
  await submit('admin', 'role.grant', { userId: t.as('stranger').userId, role: 'auditor', reason: 'a new colleague' });
  const policies = await t.sql(
    `SELECT id FROM approval_policy WHERE operation IN ('lob.open', 'dispute.open') ORDER BY operation`,
  );
  for (const { id } of policies)
    await submit('admin2', 'approvalPolicy.change', { approvalPolicyId: id, expiresAfterHours: 24, reason: 'quicker' });
  await t.sql(
    `UPDATE approval_policy SET when_amount_above_minor = 12345, when_currency = 'KWD' WHERE operation = 'dispute.open'`,
  );
  const closing = await givenSteps(t, lobs[0]!, waiting.id as string);
  await approve((await t.sql('SELECT * FROM change_request WHERE id = $1', [closing]))[0]!);
  await t.rewind(
    `UPDATE change_request SET status = 'FAILED', failure_code = 'ACCOUNT_CLOSED', closed_at = created_at WHERE id = $1`,
    [stale.id],
  );
}

/** Policies with steps and conditions, somebody who stands in for another, limits and rates, and a request whose turn is one person's alone. */
async function givenSteps(t: TestApp, lobId: string, waitingId: string): Promise<string> {
  const id = (who: CastName) => t.as(who).userId;
  const step = (stage: number, more: object) => ({ stage, roles: [], people: [], quorum: 1, ...more });
  const steps = [
    step(1, { name: 'Named', people: [id('admin2')] }),
    step(1, { roles: ['compliance'], quorum: 9 }),
    step(2, { roles: ['supervisor'] }),
  ];
  await t.sql(
    `INSERT INTO approval_policy (id, operation, name, active, tier, steps, when_account_ids, when_lob_ids, when_categories, when_risk_at_least,
       freshness, expires_after_hours, remind_after_hours, escalate_after_hours, escalate_to_roles)
     SELECT gen_random_uuid(), 'lob.close', 'of-one', true, 2, $1, ARRAY[account_id], ARRAY[id], '{Fees}', 'LOW', 'FIELDS', 90, 24, 48, '{auditor}'
     FROM lob WHERE id = $2`,
    [JSON.stringify(steps), lobId],
  );
  await t.sql(
    `INSERT INTO delegation (id, delegator_id, delegate_id, starts_at, ends_at, reason)
     SELECT gen_random_uuid(), d.one, d.other, '2026-01-01', '2026-12-31', 'away' FROM (VALUES ($1::uuid, $2::uuid), ($3, $4)) d (one, other)`,
    [id('admin2'), id('supervisor'), id('billing'), id('supervisor2')],
  );
  // One that is over, one that was ended, one that is to come; over some operations, over some accounts.
  await t.sql(
    `INSERT INTO delegation (id, delegator_id, delegate_id, starts_at, ends_at, operations, account_ids, out_of_office, reason, revoked_at, revoked_by_id)
     SELECT gen_random_uuid(), d.one::uuid, d.other::uuid, d.starts::timestamptz, d.ends::timestamptz, d.operations::text[],
       (SELECT array_agg(account_id) FROM lob WHERE id = $5 AND d.of_one), d.away, 'on leave', d.revoked::timestamptz, CASE WHEN d.revoked IS NOT NULL THEN $1::uuid END
     FROM (VALUES
       ($1, $2, '2026-01-01', '2026-03-10 12:00:00.25Z', NULL, false, true, NULL),
       ($2, $1, '2026-03-10 12:00:00.25Z', '2026-04-01', '{lob.close,role.grant}', false, true, NULL),
       ($3, $1, '2026-03-01', '2026-04-01', NULL, true, false, NULL),
       ($1, $4, '2026-03-10 12:00:01Z', '2026-04-01', '{invoice.void}', true, false, NULL),
       ($4, $3, '2026-01-01', '2026-12-31', NULL, false, false, '2026-02-02')
     ) d (one, other, starts, ends, operations, of_one, away, revoked)`,
    [id('compliance'), id('supervisor'), id('supervisor2'), id('client'), lobId],
  );
  await t.sql(
    `WITH reviews AS (INSERT INTO access_review (id, name, due_at, started_by_id, reason, closed_at, json_digest, csv_digest)
       SELECT gen_random_uuid(), r.name, r.due::timestamptz, $1, 'quarterly', r.closed::timestamptz, r.digest, r.digest
       FROM (VALUES ('Q1', '2026-02-01', '2026-02-01', 'ab'), ('Q2', '2026-03-10 12:00:00.25Z', NULL, NULL), ('Q3', '2027-01-01', NULL, NULL)) r (name, due, closed, digest)
       RETURNING id, name),
     grants AS (SELECT g.*, row_number() OVER (ORDER BY id) AS n FROM role_grant g WHERE user_id NOT IN ($1, $2) AND granted_by_id IS DISTINCT FROM user_id)
     INSERT INTO access_review_item (id, access_review_id, role_grant_id, user_id, role, account_id, lob_id, ends_at, granted_at, granted_by_id, last_used_at,
       reviewer_id, verdict, reason, decided_at, decided_by_id, reduce_to_account_id, reduce_to_lob_id, reduce_to_ends_at, remedied_at, change_request_ids, remedy_code)
     SELECT gen_random_uuid(), r.id, g.id, g.user_id, g.role, g.account_id, g.lob_id, g.ends_at, g.created_at, g.granted_by_id,
       CASE WHEN n % 2 = 0 THEN timestamptz '2026-03-01' END, CASE WHEN n % 3 = 0 THEN $1 ELSE $2 END::uuid,
       CASE WHEN r.name = 'Q1' THEN (ARRAY['KEEP','REDUCE','REVOKE'])[1 + n % 3] END, CASE WHEN r.name = 'Q1' THEN 'looked at' END,
       CASE WHEN r.name = 'Q1' THEN timestamptz '2026-01-20' END, CASE WHEN r.name = 'Q1' AND (n % 3 < 2 OR n % 2 = 0) THEN $2::uuid END,
       CASE WHEN r.name = 'Q1' AND n % 3 = 1 THEN g.id END, CASE WHEN r.name = 'Q1' AND n % 3 = 1 THEN g.id END,
       CASE WHEN r.name = 'Q1' AND n % 3 = 1 THEN timestamptz '2026-12-31' END,
       CASE WHEN r.name = 'Q1' AND n % 3 > 0 THEN timestamptz '2026-02-02' END, CASE WHEN r.name = 'Q1' AND n % 3 > 0 THEN ARRAY[g.id] END,
       CASE WHEN r.name = 'Q1' AND n % 3 = 2 THEN 'FORBIDDEN' END
     FROM reviews r, grants g WHERE n < 7 OR r.name <> 'Q3'`,
    [id('admin'), id('supervisor')],
  );
  await t.sql(
    `INSERT INTO duty_exception (id, user_id, duty, other_duty, matrix_version, owner_id, reason, ends_at, allowed_by_id, ended_at, ended_by_id)
     SELECT gen_random_uuid(), $1, 'INVOICE_APPROVAL', d.duty, 1, $2, 'a small team', d.ends::timestamptz, $3, d.ended::timestamptz, CASE WHEN d.ended IS NOT NULL THEN $2::uuid END
     FROM (VALUES ('INVOICING', '2026-12-31', NULL), ('INVOICING', '2026-03-10 12:00:00.25Z', NULL), ('INVOICING', '2026-12-31', '2026-02-02')) d (duty, ends, ended)`,
    [id('billing'), id('compliance'), id('admin')],
  );
  await t.sql(
    `INSERT INTO approval_limit (id, user_id, currency, per_request_minor, per_day_minor)
     SELECT gen_random_uuid(), $1, l.* FROM (VALUES ('USD', 100, 500), ('KWD', NULL, 10), ('JPY', 9, NULL)) l`,
    [id('supervisor2')],
  );
  await t.sql(
    `INSERT INTO reveal_allowance (id, user_id, reveals, used, expires_at, created_at)
     SELECT gen_random_uuid(), $1, a.* FROM (VALUES (5, 0, timestamptz '2999-01-01', timestamptz '2026-03-01'), (3, 3, '2999-01-01', '2026-03-02'), (2, 1, '2020-01-01', '2026-03-02')) a`,
    [id('billing')],
  );
  await t.sql(
    `INSERT INTO exchange_rate (id, currency, per_euro, valid_on)
     SELECT gen_random_uuid(), r.* FROM (VALUES ('USD', 1.1, date '2026-01-01'), ('KWD', 0.35, '2026-02-01')) r`,
  );
  await t.sql('UPDATE app_user SET person_id = $2 WHERE id = $1', [id('stranger'), id('billing2')]);
  await t.sql(
    `INSERT INTO finding (id, kind, change_request_id, revision, raised_by_id, reason, due_at, reviewed_by_id, reviewed_at, verdict, comment)
     SELECT gen_random_uuid(), 'BREAK_GLASS', r.id, 1, $1, 'it could not "wait"', f.due_at, f.by, f.at, f.verdict, f.comment
     FROM (VALUES (1, timestamptz '2026-03-01', $2::uuid, timestamptz '2026-03-02', 'NOT_JUSTIFIED', 'it could'), (2, '2026-03-09', NULL, NULL, NULL, NULL),
       (3, '2026-03-11', NULL, NULL, NULL, NULL)) f (n, due_at, by, at, verdict, comment)
     JOIN (SELECT id, row_number() OVER (ORDER BY created_at) AS n FROM change_request) r ON r.n = f.n`,
    [id('supervisor2'), id('compliance')],
  );
  await t.sql('UPDATE change_request SET assignee_id = $2 WHERE id = $1', [waitingId, id('supervisor2')]);
  // One whose assignee can decide nothing (any more) is everybody's.
  await t.sql(
    `UPDATE change_request SET assignee_id = $1 WHERE id = (SELECT id FROM change_request WHERE status = 'PENDING' AND operation = 'invoice.void' LIMIT 1)`,
    [id('stranger')],
  );
  const closing = await t.person('operations').submit('lob.close', { lobId, reason: 'over' }, key());
  return closing.changeRequestId!;
}

/** Of every model, with versions that held, hold, will hold and never did. */
async function givenAgreements(accountIds: string[], [lob, other]: string[], settled: Settled): Promise<void> {
  const tiers = [
    { upTo: '5', flat: '100' },
    { upTo: '9', perUnit: '0.5' },
    { upTo: null, perUnit: '0.25' },
  ];
  const windows = [{ weekdays: [7, 6], from: '22:00', until: '06:00', holidays: 'SAME' }];
  const rate = (name: string, more: object) => ({
    name,
    measure: 'HANDLED_CALLS',
    model: 'PER_UNIT',
    unitRounding: 'NONE',
    ...more,
  });
  const rates = [
    rate('Calls "all"', { perUnit: '1.50', minimum: '10', maximum: '99.9' }),
    rate('Talk', {
      measure: 'TALK_TIME',
      model: 'GRADUATED',
      tiers,
      divideBy: '60',
      unitRounding: 'CEIL',
      initialSeconds: 30,
      incrementSeconds: 6,
    }),
    rate('Nights', {
      measure: 'WAIT_TIME',
      model: 'VOLUME',
      tiers,
      windows,
      service: 'PS',
      freeUnits: '1',
      discountPercent: '5',
    }),
    rate('Seats', { measure: 'SEATS', model: 'PACKAGE', packageSize: '10', packageAmount: '15' }),
    rate('On top', { measure: 'FIXED_FEE', model: 'PERCENTAGE', percent: '133.3' }),
  ];
  const terms = (effectiveFrom: string, more: object = {}) => ({
    effectiveFrom,
    cycle: 'MONTHLY',
    paymentDays: 30,
    disputeDays: 30,
    reviewDays: 5,
    taxRate: '18.5',
    taxInclusive: false,
    rounding: 'HALF_EVEN',
    rates,
    ...more,
  });
  for (const accountId of accountIds) {
    const lobIds = accountId === accountIds[0] ? [lob] : null;
    const signed = await settled('billing', 'agreement.sign', {
      accountId,
      code: 'MSA',
      name: 'Master "agreement"',
      reason: 'new',
      terms: terms('2026-01-01', { lobIds }),
    });
    const amend = (effectiveFrom: string, more: object) =>
      settled('billing', 'agreement.amend', {
        agreementId: signed.agreement,
        terms: terms(effectiveFrom, { lobIds, ...more }),
        reason: 'dearer',
      });
    await amend('2026-03-10', { cycle: 'ANNUAL', anchorOn: '2026-01-31' });
    await amend('2026-06-01', { taxRate: null });
    await amend('2026-03-11', { rounding: 'UP', rates: [{ ...rates[0], lobId: lobIds?.[0] ?? null }] });
    if (lobIds)
      await settled('billing', 'agreement.end', {
        agreementId: signed.agreement,
        endsOn: '2026-12-31',
        reason: 'over',
      });
  }
  const over = await settled('billing', 'agreement.sign', {
    accountId: accountIds[0],
    code: 'OLD',
    name: 'x',
    currency: 'JPY',
    reason: 'old',
    terms: terms('2025-01-01', { lobIds: [other], calendarCode: 'IN' }),
  });
  await settled('billing', 'agreement.end', { agreementId: over.agreement, endsOn: '2025-12-31', reason: 'over' });
}

/** Calls of every kind with everything and with nothing said, lines that made none, and imports in every state. */
async function givenUsage(t: TestApp, accountIds: string[], submit: Submit): Promise<void> {
  t.clock.at = at('03-01');
  for (const accountId of accountIds) {
    const [lob] = await t.sql<{ code: string }>('SELECT code FROM lob WHERE account_id = $1 ORDER BY code LIMIT 1', [
      accountId,
    ]);
    const call = (sourceId: string, more: object = {}) => ({
      sourceId,
      lob: lob!.code,
      startedAt: '2026-02-27T09:00:00.5Z',
      ...more,
    });
    const whole = { service: 'Ümlaut "x" \\', agent: 'A-1', answeredAt: '2026-02-27T09:00:10Z', resolved: true };
    const records = [
      call('1', { ...whole, endedAt: '2026-02-27T09:05:00Z', waitSeconds: 9 }),
      call('2', { agent: 'nobody', talkSeconds: 30, startedAt: '2026-03-01T09:59:00Z' }),
      call('3', { outcome: 'VOICEMAIL', talkSeconds: 1, resolved: false }),
      call('1-b', { corrects: '1', talkSeconds: 5 }),
      call('3-b', { corrects: '3', kind: 'REVERSAL' }),
      call('4', { lob: 'NONE' }),
      call('5', { startedAt: 'some "time"' }),
    ];
    await submit('operations', 'usage.import', { accountId, source: 'acd', records });
    await submit('billing', 'usage.import', { accountId, source: 'crm', records: [call('1')] });
  }
  await t.sql(
    `INSERT INTO usage_import SELECT gen_random_uuid(), 2, created_at + n * interval '1 minute', account_id, source, 'calls.csv', repeat('0f', 32), '{}',
       s.state, 0, 0, 0, 0, 7, 5000000000, 6000000000, started_by_id, updated_at, NULL, s.code
     FROM usage_import i, (VALUES (1, 'RUNNING', NULL), (2, 'FAILED', 'INTERNAL'), (3, 'ABANDONED', 'USAGE_IMPORT_SILENT')) s (n, state, code)
     WHERE i.source = 'crm'`,
  );
  await t.sql(
    `INSERT INTO usage_rejection SELECT gen_random_uuid(), account_id, id, 2, 'QUOTE_UNCLOSED', NULL, '"half' FROM usage_import WHERE state = 'FAILED'`,
  );
}

/** Somebody outside who is told everything, somebody who is told nothing, and messages in every state. */
async function givenWebhooks(t: TestApp, submit: Submit): Promise<void> {
  const create = async (name: string) => {
    const input = {
      name,
      url: 'https://example.com/"hook"',
      events: ['changeRequest.proposed', 'changeRequest.failed'],
    };
    const made = await t
      .person('admin')
      .countersigned(t.person('compliance'), 'webhook.create', { ...input, reason: 'chat' }, key());
    return made.webhook as string;
  };
  const [told] = [await create('Desk "😀"'), await create('Äther')];
  await submit('admin', 'webhookSecret.draw', { webhookId: told, reason: 'new' });
  await t.sql(`UPDATE webhook SET active = false WHERE id <> $1`, [told]);
  await t.sql(
    `INSERT INTO webhook_delivery
     SELECT gen_random_uuid(), $1, m.id, m.position, m.kind, m.subject_type, m.subject_id, s.state, s.attempts, m.created_at + interval '1 hour',
       s.status, s.error, CASE s.state WHEN 'DELIVERED' THEN m.created_at END, m.created_at
     FROM outbox_message m JOIN (VALUES (0, 'PENDING', 0, NULL, NULL), (1, 'PENDING', 3, 503, 'STATUS'), (2, 'DELIVERED', 1, 204, NULL),
       (3, 'DEAD', 12, NULL, 'TIMEOUT')) s (n, state, attempts, status, error) ON s.n = m.position % 4`,
    [told],
  );
}

/** A system whose key was replaced, one whose key was revoked, one whose key nobody has drawn; and sessions that rested too long, or not yet. */
async function givenKeys(t: TestApp, submit: Submit): Promise<void> {
  const made = async (operation: string, input: object) =>
    t.person('admin').countersigned(t.person('compliance'), operation, { ...input, reason: 'imports' }, key());
  const create = async (name: string) =>
    (await made('apiKey.create', { name, scopes: ['invoice.read', 'complaint.file'] })).apiKey;
  const [first, second] = [await create('Dialler "1"'), await create('Ümport'), await create('Later')];
  for (const apiKeyId of [first, second]) await submit('admin', 'apiKeySecret.draw', { apiKeyId });
  const { replacement } = await made('apiKey.rotate', { apiKeyId: first, overlapHours: 1 });
  await submit('admin', 'apiKeySecret.draw', { apiKeyId: replacement });
  await submit('admin', 'apiKey.revoke', { apiKeyId: second, reason: 'over' });
  await t.sql(`UPDATE session SET last_seen_at = '2026-02-11 09:08:07.654321Z' WHERE id = $1`, [first]);
  await t.sql(
    `INSERT INTO access_review_item (id, access_review_id, api_key_id, scopes, user_id, ends_at, granted_at, granted_by_id, reviewer_id)
     SELECT gen_random_uuid(), r.id, k.id, k.scopes, k.user_id, k.expires_at, k.created_at, k.created_by_id, $1
     FROM access_review r, api_key k WHERE r.name = 'Q3'`,
    [t.as('supervisor').userId],
  );
  await t.sql(
    `INSERT INTO session (id, user_id, token_hash, roles, expires_at, last_seen_at, idle_until) SELECT gen_random_uuid(), $1, sha256(i::text::bytea), '{billing}',
       '2999-01-01', '2026-01-01', i::timestamptz FROM unnest($2::text[]) i`,
    [t.as('billing').userId, ['2026-03-10 11:59:59Z', '2026-03-10 12:00:00.25Z', '2026-12-31']],
  );
}

/** What the trail tells beside what was done. */
async function givenRefusals(t: TestApp, accountId: string): Promise<void> {
  await t.as('billing').mutate('closeAccount', { accountId, reason: 'x' }, 'outcome');
  await t.as('stranger').gql('{ accounts { totalCount } }');
  await t.nobody.gql('{ accounts { totalCount } }');
  for (const password of ['wrong', PASSWORD])
    await request(t.served.server)
      .post('/graphql')
      .set('user-agent', 'Browser "1" \\')
      .send({
        query: `mutation { signIn(input: { email: "billing@test.example", password: "${password}" }) { token } }`,
      });
  const columns = 'at, action, actor_id, subject_type, subject_id, request_id, hash';
  for (const [index, place] of ['41', '2147483647'].entries())
    await t.sql(
      `WITH like_it AS (SELECT * FROM audit.told ORDER BY id OFFSET $3 LIMIT 1),
         e AS (INSERT INTO audit.event (id, outcome, ${columns}) SELECT $1::uuid, 'FAILED', ${columns} FROM like_it RETURNING id, hash),
         c AS (INSERT INTO audit.content (event_id, bytes, mac, key_id) SELECT $1::uuid, content, mac, key_id FROM like_it)
       INSERT INTO audit.leaf (place, event_id, hash) SELECT $2, id, hash FROM e`,
      [newId(), place, index],
    );
  // What it said was dropped, since its time was over.
  await t.sql(
    `INSERT INTO audit.event (id, outcome, ${columns}) SELECT $1, 'DONE', ${columns} FROM audit.event ORDER BY id OFFSET 5 LIMIT 1`,
    [newId()],
  );
  for (const size of [1, 7, 1_000_000_007])
    await t.sql('INSERT INTO audit.checkpoint VALUES ($1, $2, sha256($3), $4, $5)', [
      newId(),
      size,
      Buffer.from(`head ${size}`),
      `head\n${size}\n\n— "signed"\n`,
      new Date(size),
    ]);
}
