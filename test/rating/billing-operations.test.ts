import { startTestApp, type TestApp } from '../support/app';
import {
  approve,
  countersigned,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  tally,
  told,
} from '../support/outcomes';
import { freshCode, givenClientOf } from '../support/scene';
import { type Client, givenClient } from '../usage/support';
import {
  amended,
  billed,
  callsBehind,
  CALLS,
  FEE,
  givenAgreement,
  givenCalls,
  goOn,
  invoicesOf,
  linesIn,
  readRun,
  RUN,
} from './support';

let t: TestApp;
let client: Client;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(async () => t.close());
beforeEach(async () => {
  client = await givenClient(t, ['CARDS', 'LOANS'], 'UTC');
});

const PERIOD = { from: '2026-02-01', until: '2026-03-01' };
const input = (more: object = {}) => ({ accountId: client.id, ...PERIOD, ...more });
const calls = (month: string, count: number) =>
  Array.from({ length: count }, (_x, n) => ({
    sourceId: `${month}-${n}`,
    startedAt: `${month}-10T10:00:${String(n % 60).padStart(2, '0')}Z`,
  }));

describe('billing.run', () => {
  const op = { mutation: 'runBilling', operation: 'billing.run' };

  it('starts a run, tells of it, and how far it is', async () => {
    // What others of this file started.
    await goOn(t);
    await givenAgreement(t, client.id, [FEE('10')]);
    const { answer, events } = await eventsOf(t, () => t.as('billing').mutate('runBilling', input(), RUN));
    const { id } = answer.payload.billingRun;
    expect(answer.payload.billingRun).toMatchObject({ state: 'RUNNING', accountsTotal: 1, accountsSettled: 0 });
    expect(told(events)).toMatchObject([{ action: 'billing.started', actor: t.as('billing').userId, outcome: 'DONE' }]);
    const settled = await eventsOf(t, () => goOn(t));
    expect(settled.events.map(({ action, actor }) => [action, actor])).toEqual([
      ['invoice.drafted', null],
      ['billing.drafted', null],
    ]);
    const run = await readRun(t, id);
    expect(run).toMatchObject({ state: 'DONE', accountsSettled: 1, accounts: { nodes: [{ state: 'DRAFTED' }] } });
    expect(run.invoices.nodes).toHaveLength(1);
    const [row] = await t.sql('SELECT drafted_by_id AS by, billing_run_id AS run FROM invoice WHERE account_id = $1', [
      client.id,
    ]);
    expect(row).toEqual({ by: t.as('billing').userId, run: id });
  });

  it('bills every account that is open', async () => {
    await givenAgreement(t, client.id, [FEE('10')]);
    const other = await givenClient(t, ['CARDS'], 'Asia/Tokyo');
    await givenAgreement(t, other.id, [FEE('20')]);
    const { payload } = await t.as('billing').mutate('runBilling', { ...PERIOD }, RUN);
    await goOn(t);
    expect(await readRun(t, payload.billingRun.id)).toMatchObject({ state: 'DONE' });
    for (const { id } of [client, other]) expect(await invoicesOf(t, id)).toHaveLength(1);
  });

  it.each([
    ['FORBIDDEN', 'operations', {}],
    ['UNAUTHENTICATED', 'nobody', {}],
    ['NOT_FOUND', 'billing', { accountId: NOBODYS_ID }],
    ['BILLING_PERIOD_INVALID', 'billing', { until: '2026-02-01' }],
    ['BILLING_PERIOD_INVALID', 'billing', { until: '2027-03-01' }],
    ['BILLING_PERIOD_NOT_OVER', 'billing', { from: '2098-12-01', until: '2099-01-01' }],
  ] as const)('is refused with %s to %s with %j', (code, as, more) =>
    expectRefused(t, { as, ...op, input: input(more), code }),
  );

  it('waits for a second person where a policy says so, and is run when they approve', async () => {
    await givenAgreement(t, client.id, [FEE('10')]);
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'billing.run'`);
    const request = await proposed(t, 'billing', 'runBilling', input());
    await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'billing.run'`);
    await goOn(t);
    expect(await invoicesOf(t, client.id)).toEqual([]);
    await approve(t, request);
    await goOn(t);
    expect(await invoicesOf(t, client.id)).toHaveLength(1);
  });

  it('with one key is started once', async () => {
    const keyed = input({ idempotencyKey: freshCode('K') });
    const answers = await Promise.all([1, 2, 3].map(() => t.as('billing').mutate('runBilling', keyed, RUN)));
    expect(new Set(answers.flatMap(({ payload }) => payload?.billingRun?.id ?? [])).size).toBe(1);
    expect(await t.sql('SELECT FROM billing_run WHERE account_id = $1', [client.id])).toHaveLength(1);
  });

  it('says why an account could not be billed', async () => {
    await givenAgreement(t, client.id, [FEE('10')]);
    const { payload } = await t.as('billing').mutate('runBilling', input(), RUN);
    await countersigned(t, 'operations', 'closeAccount', { accountId: client.id, reason: 'gone' });
    await goOn(t);
    expect((await readRun(t, payload.billingRun.id)).accounts.nodes).toMatchObject([
      { state: 'FAILED', code: expect.stringMatching(/^ACCOUNT_/) },
    ]);
  });

  it('counts what no rate is for', async () => {
    await givenAgreement(t, client.id, [CALLS('1', { lobId: client.lobs.CARDS })], { lobIds: [client.lobs.CARDS] });
    await givenCalls(t, client.id, [
      ...calls('2026-02', 2),
      { sourceId: 'loan', startedAt: '2026-02-03T10:00:00Z', lob: 'LOANS' },
    ]);
    const run = await billed(t, client.id, PERIOD.from, PERIOD.until);
    expect(run.accounts.nodes).toMatchObject([{ state: 'DRAFTED', unratedCalls: 1 }]);
  });
});

describe('the fuse', () => {
  const months = ['2026-01', '2026-02', '2026-03', '2026-04', '2026-05'];
  const run = (index: number) => billed(t, client.id, `${months[index]}-01`, `${months[index + 1]}-01`);

  beforeEach(async () => {
    await givenAgreement(t, client.id, [CALLS('1')]);
    for (const month of months.slice(0, 3)) await givenCalls(t, client.id, calls(month, 10));
    for (const index of [0, 1, 2]) expect((await run(index)).accounts.nodes[0].state).toBe('DRAFTED');
    await givenCalls(t, client.id, calls('2026-04', 16));
  });

  it('stops what is far off, until two people let it go on', async () => {
    const { answer, events } = await eventsOf(t, () => run(3));
    const [part] = answer.accounts.nodes;
    expect(answer.state).toBe('PARKED');
    expect(part).toMatchObject({
      state: 'PARKED',
      figures: [{ currency: 'USD', subtotal: '16.00', lines: 1, usualSubtotal: '10.00', usualLines: 1, blown: true }],
    });
    expect(events.at(-1)).toMatchObject({ action: 'billing.parked', subject: { id: part.id } });
    expect(await invoicesOf(t, client.id)).toHaveLength(3);
    await goOn(t);
    expect(await invoicesOf(t, client.id)).toHaveLength(3);
    const release = { billingRunAccountId: part.id, reason: 'a campaign' };
    const released = await eventsOf(t, () => countersigned(t, 'billing', 'releaseBilling', release));
    expect(told(released.events).find(({ action }) => action === 'billing.released')).toMatchObject({
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing').userId,
      reason: 'a campaign',
    });
    await goOn(t);
    expect(await invoicesOf(t, client.id)).toHaveLength(4);
    await expectRefused(t, {
      as: 'billing',
      mutation: 'releaseBilling',
      operation: 'billing.release',
      input: release,
      code: 'BILLING_NOT_PARKED',
    });
  });

  it('compares what rates come to, with the tax that is in them', async () => {
    const other = await givenClient(t, ['CARDS'], 'UTC');
    await givenAgreement(t, other.id, [CALLS('1')], { taxRate: '100', taxInclusive: true });
    for (const month of months.slice(0, 4)) await givenCalls(t, other.id, calls(month, 10));
    for (const index of [0, 1, 2]) await billed(t, other.id, `${months[index]}-01`, `${months[index + 1]}-01`);
    const [part] = (await billed(t, other.id, '2026-04-01', '2026-05-01')).accounts.nodes;
    expect(part).toMatchObject({
      state: 'DRAFTED',
      figures: [{ subtotal: '10.00', usualSubtotal: '10.00', blown: false }],
    });
  });

  it('stops again what is not any more what was looked at', async () => {
    const [part] = (await run(3)).accounts.nodes;
    await givenCalls(t, client.id, calls('2026-04', 40).slice(16));
    await countersigned(t, 'billing', 'releaseBilling', { billingRunAccountId: part.id, reason: 'a campaign' });
    await goOn(t);
    const [again] = await t.sql('SELECT state, figures FROM billing_run_account WHERE id = $1', [part.id]);
    expect(again).toMatchObject({ state: 'PARKED', figures: [{ subtotalMinor: '4000' }] });
  });

  it.each([
    ['FORBIDDEN', 'supervisor', {}],
    ['NOT_FOUND', 'billing', { billingRunAccountId: NOBODYS_ID }],
  ] as const)('lets nothing go on: %s to %s with %j', async (code, as, more) => {
    const [part] = (await run(3)).accounts.nodes;
    const refused = { mutation: 'releaseBilling', operation: 'billing.release' };
    await expectRefused(t, { as, ...refused, input: { billingRunAccountId: part.id, reason: 'x', ...more }, code });
  });

  it('lets what is usual go on', async () => {
    const other = await givenClient(t, ['CARDS'], 'UTC');
    await givenAgreement(t, other.id, [CALLS('1')]);
    for (const month of months.slice(0, 4))
      await givenCalls(t, other.id, calls(month, 10).slice(0, month === '2026-04' ? 5 : 10));
    for (const index of [0, 1, 2, 3])
      expect((await billed(t, other.id, `${months[index]}-01`, `${months[index + 1]}-01`)).state).toBe('DONE');
  });
});

describe('billingPreview', () => {
  const PREVIEW = `query ($accountId: ID!, $from: LocalDate!, $until: LocalDate!) { billingPreview(accountId: $accountId, from: $from, until: $until) {
    unratedCalls heldBackCycles invoices { periodFrom periodUntil total { amount currency } figures { subtotal lines blown }
      lines { lineNumber kind description quantity unitPrice amount { amount } detail { kind tier quantity unitPrice amount } } } } }`;
  const preview = (as: 'billing' | 'operations' | 'client' = 'billing', more: object = {}) =>
    t.as(as).gql(PREVIEW, { accountId: client.id, ...PERIOD, ...more });

  it('shows what a run would draft, and saves nothing', async () => {
    const tiers = [
      { upTo: '3', perUnit: '2' },
      { perUnit: '1', flat: '5' },
    ];
    await givenAgreement(t, client.id, [CALLS('0', { model: 'GRADUATED', perUnit: null, tiers, minimum: '20' })]);
    await givenCalls(t, client.id, calls('2026-02', 5));
    const { data, errors } = await preview();
    expect(errors).toEqual([]);
    expect(await invoicesOf(t, client.id)).toEqual([]);
    expect(data!.billingPreview).toMatchObject({ unratedCalls: 0, heldBackCycles: 0 });
    const [shown] = data!.billingPreview.invoices;
    expect(shown.lines[0].detail).toEqual([
      { kind: 'USAGE', tier: 1, quantity: '3', unitPrice: '2', amount: '6' },
      { kind: 'USAGE', tier: 2, quantity: '2', unitPrice: '1', amount: '2' },
      { kind: 'FLAT', tier: 2, quantity: null, unitPrice: null, amount: '5' },
      { kind: 'MINIMUM', tier: null, quantity: null, unitPrice: null, amount: '7' },
    ]);
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    const [invoice] = await invoicesOf(t, client.id);
    expect(shown.total).toEqual(invoice!.total);
    expect(shown.lines).toEqual(
      invoice!.lines.map(
        ({ lineNumber, kind, description, quantity, unitPrice, amount, detail }: Record<string, any>) => ({
          lineNumber,
          kind,
          description,
          quantity,
          unitPrice,
          amount: { amount: amount.amount },
          detail,
        }),
      ),
    );
  });

  it('is for those who may bill that account', async () => {
    expect((await preview('operations')).code).toBe('FORBIDDEN');
    expect((await preview('client')).code).toBe('FORBIDDEN');
    expect((await preview('billing', { accountId: NOBODYS_ID })).code).toBe('NOT_FOUND');
    expect((await preview('billing', { until: '2026-01-31' })).code).toBe('BILLING_PERIOD_INVALID');
  });
});

describe('what is behind a line', () => {
  it('is seen by the client whose it is, once the invoice is shown to them', async () => {
    await givenAgreement(t, client.id, [CALLS('1')]);
    await givenCalls(t, client.id, calls('2026-02', 2));
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    const [invoice] = await invoicesOf(t, client.id);
    await givenClientOf(t, client.id);
    const ask = () =>
      t
        .as('client')
        .gql(`query ($id: ID!) { invoice(id: $id) { lines { usage { nodes { sourceId } } agreement { code } } } }`, {
          id: invoice!.id,
        });
    expect((await ask()).data!.invoice).toBeNull();
    await countersigned(t, 'billing', 'issueInvoice', { invoiceId: invoice!.id });
    expect((await ask()).data!.invoice.lines[0].usage.nodes).toHaveLength(2);
  });

  it('is told apart by service and hour', async () => {
    const windows = [{ weekdays: [1, 2, 3, 4, 5], from: '08:00', until: '18:00' }];
    await givenAgreement(t, client.id, [
      CALLS('1', { name: 'Day', windows }),
      CALLS('2', { name: 'Night' }),
      CALLS('9', { name: 'Gold', service: 'gold' }),
    ]);
    await givenCalls(t, client.id, [
      { sourceId: 'day', startedAt: '2026-02-02T08:00:00Z' },
      { sourceId: 'dusk', startedAt: '2026-02-02T18:00:00Z' },
      { sourceId: 'saturday', startedAt: '2026-02-07T10:00:00Z', service: 'silver' },
      { sourceId: 'gold', startedAt: '2026-02-02T10:00:00Z', service: 'gold' },
    ]);
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    const [invoice] = await invoicesOf(t, client.id);
    expect(linesIn(invoice!).map(([, quantity, amount]) => [quantity, amount])).toEqual([
      ['1', '1.00'],
      ['2', '4.00'],
      ['1', '9.00'],
    ]);
    expect(await callsBehind(t, invoice!.id, 1)).toEqual(['day']);
    expect(await callsBehind(t, invoice!.id, 2)).toEqual(['dusk', 'saturday']);
    expect(await callsBehind(t, invoice!.id, 3)).toEqual(['gold']);
  });
});

describe('invoice.void of what a run drafted', () => {
  it('lets its cycle be billed anew, but not while a later invoice corrects it', async () => {
    await givenAgreement(t, client.id, [CALLS('1')]);
    await givenCalls(t, client.id, [...calls('2026-02', 2), ...calls('2026-03', 1)]);
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    await givenCalls(t, client.id, [{ sourceId: 'late', startedAt: '2026-02-20T10:00:00Z' }]);
    await billed(t, client.id, '2026-03-01', '2026-04-01');
    const [february, march] = await invoicesOf(t, client.id);
    const voiding = (invoiceId: string) => ({ invoiceId, reason: 'wrong' });
    await expectRefused(t, {
      as: 'billing',
      mutation: 'voidInvoice',
      operation: 'invoice.void',
      input: voiding(february!.id),
      code: 'INVOICE_NOT_VOIDABLE',
      details: { invoiceId: march!.id },
    });
    await countersigned(t, 'billing', 'voidInvoice', voiding(march!.id));
    await countersigned(t, 'billing', 'voidInvoice', voiding(february!.id));
    await billed(t, client.id, '2026-02-01', '2026-04-01');
    expect((await invoicesOf(t, client.id)).map((invoice) => [invoice.periodFrom, linesIn(invoice)[0]![1]])).toEqual([
      ['2026-02-01', '3'],
      ['2026-03-01', '1'],
    ]);
  });
});

describe('an amendment within a cycle', () => {
  it('lets tiers go on that it left alone, and divides fees by days', async () => {
    const tiers = [{ upTo: '3', perUnit: '2' }, { perUnit: '1' }];
    const graduated = CALLS('0', { model: 'GRADUATED', perUnit: null, tiers });
    const agreementId = await givenAgreement(t, client.id, [graduated, FEE('280')]);
    await amended(t, agreementId, '2026-02-08', [graduated, FEE('560')]);
    await givenCalls(t, client.id, [
      { sourceId: 'a', startedAt: '2026-02-01T10:00:00Z' },
      { sourceId: 'b', startedAt: '2026-02-02T10:00:00Z' },
      ...calls('2026-02', 3),
    ]);
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    const [invoice] = await invoicesOf(t, client.id);
    // 2 units of the first tier, then one of it and two of the second; 7 of 28 days at 280, 21 at 560.
    expect(linesIn(invoice!)).toEqual([
      ['Handled calls, 2026-02-01 to 2026-02-07', '2', '4.00'],
      ['Platform, 2026-02-01 to 2026-02-07', '0.25', '70.00'],
      ['Handled calls, 2026-02-08 to 2026-02-28', '3', '4.00'],
      ['Platform, 2026-02-08 to 2026-02-28', '0.75', '420.00'],
    ]);
  });
});

describe('what an agreement says', () => {
  it('of waiting, of settled matters, and of taxes in its rates and days to look at a draft stands on the invoice', async () => {
    const rates = [
      { name: 'Waiting', measure: 'WAIT_TIME', model: 'PER_UNIT', perUnit: '0.01' },
      { name: 'Settled', measure: 'RESOLVED_CONTACTS', model: 'PER_UNIT', perUnit: '11.90' },
    ];
    await givenAgreement(t, client.id, rates, { taxRate: '19', taxInclusive: true, reviewDays: 7, paymentDays: 14 });
    await givenCalls(t, client.id, [
      { sourceId: 'settled', startedAt: '2026-02-02T10:00:00Z', waitSeconds: 40, resolved: true },
      {
        sourceId: 'passed on',
        startedAt: '2026-02-02T10:00:00Z',
        waitSeconds: 20,
        outcome: 'TRANSFERRED',
        resolved: false,
      },
      { sourceId: 'gone', startedAt: '2026-02-02T10:00:00Z', waitSeconds: 59, talkSeconds: 0, outcome: 'ABANDONED' },
      { sourceId: 'no call', startedAt: '2026-02-02T10:00:00Z', waitSeconds: 99, talkSeconds: 0, outcome: 'FAILED' },
    ]);
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    const [invoice] = await invoicesOf(t, client.id);
    // 119 seconds at 0.01, and one at 11.90: 13.09 with a tax of 19 percent, which is 11.00 and 2.09.
    expect(invoice).toMatchObject({
      subtotal: { amount: '11.00' },
      tax: { amount: '2.09' },
      total: { amount: '13.09' },
    });
    expect(invoice!.lines.map(({ quantity }: { quantity: string }) => quantity)).toEqual(['119', '1']);
    expect(await callsBehind(t, invoice!.id, 1)).toEqual(['gone', 'passed on', 'settled']);
    expect(await callsBehind(t, invoice!.id, 2)).toEqual(['settled']);
    const [row] = await t.sql('SELECT review_days, due_in_days FROM invoice WHERE id = $1', [invoice!.id]);
    expect(row).toEqual({ review_days: 7, due_in_days: 14 });
    await expectRefused(t, {
      as: 'billing',
      mutation: 'issueInvoice',
      operation: 'invoice.issue',
      input: { invoiceId: invoice!.id },
      code: 'INVOICE_NOT_ISSUABLE',
      details: { why: 'NOT_REVIEWED' },
    });
  });
});

describe('what is taken back', () => {
  it('waits for an invoice that it leaves something to pay on', async () => {
    await givenAgreement(t, client.id, [CALLS('10')]);
    await givenCalls(t, client.id, [...calls('2026-02', 3), ...calls('2026-03', 1), ...calls('2026-04', 4)]);
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    const reversals = calls('2026-02', 2).map((call) => ({
      ...call,
      sourceId: `no ${call.sourceId}`,
      corrects: call.sourceId,
      kind: 'REVERSAL',
    }));
    await givenCalls(t, client.id, reversals);
    const asked = `query ($id: ID!) { billingPreview(accountId: $id, from: "2026-03-01", until: "2026-04-01") { heldBackCycles } }`;
    expect((await t.as('billing').gql(asked, { id: client.id })).data!.billingPreview).toEqual({ heldBackCycles: 1 });
    const heldBack = async (from: string, until: string) =>
      (await billed(t, client.id, from, until)).accounts.nodes.map((of: Record<string, unknown>) => of.heldBackCycles);
    expect(await heldBack('2026-03-01', '2026-04-01')).toEqual([1]);
    expect(await heldBack('2026-04-01', '2026-05-01')).toEqual([0]);
    expect((await invoicesOf(t, client.id)).map((invoice) => linesIn(invoice).map(([, , amount]) => amount))).toEqual([
      ['30.00'],
      ['10.00'],
      ['40.00', '-20.00'],
    ]);
  });
});

describe('a client that moves to another zone', () => {
  it('is billed each call once: what was billed ends where it ended, and the next cycle begins there', async () => {
    await givenAgreement(t, client.id, [CALLS('1')]);
    // Midnight in UTC and, nine hours earlier, in Tokyo.
    const call = (sourceId: string, startedAt: string) => ({ sourceId, startedAt });
    await givenCalls(t, client.id, [
      call('february', '2026-02-28T14:59:59Z'),
      call('still february', '2026-02-28T23:59:59Z'),
      call('march', '2026-03-01T00:00:00Z'),
      call('last of march there', '2026-03-31T14:59:59Z'),
      call('april there', '2026-03-31T15:00:00Z'),
    ]);
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    expect(
      (await t.as('operations').mutate('changeAccount', { accountId: client.id, timeZone: 'Asia/Tokyo' })).errors,
    ).toEqual([]);
    await givenCalls(t, client.id, [call('late', '2026-02-28T20:00:00Z')]);
    await billed(t, client.id, '2026-03-01', '2026-04-01');
    const [february, march] = await invoicesOf(t, client.id);
    expect(await callsBehind(t, february!.id)).toEqual(['february', 'still february']);
    expect(await callsBehind(t, march!.id)).toEqual(['last of march there', 'march']);
    expect(await callsBehind(t, march!.id, 2)).toEqual(['late']);
  });
});

describe('usage.report', () => {
  const report = (sourceId: string, more: object = {}) => ({
    sourceId,
    lobId: client.lobs.CARDS,
    measure: 'SEATS',
    day: '2026-02-10',
    quantity: '14',
    ...more,
  });
  const reporting = (reports: object[], more: object = {}) => ({
    accountId: client.id,
    source: 'wfm',
    reports,
    ...more,
  });
  const REPORTED = 'outcome quantities { sourceId measure quantity corrects { sourceId } }';
  const op = { mutation: 'reportUsage', operation: 'usage.report' };

  it('keeps what is told once, and bills it: seats by days, hours and money as they are', async () => {
    await givenAgreement(t, client.id, [
      { name: 'Seats', measure: 'SEATS', model: 'PER_UNIT', perUnit: '100' },
      { name: 'Hours', measure: 'AGENT_HOURS', model: 'PER_UNIT', perUnit: '20' },
      { name: 'Success', measure: 'COLLECTED_AMOUNT', model: 'PERCENTAGE', percent: '15' },
    ]);
    const reports = [
      report('s1'),
      report('s2', { day: '2026-02-11' }),
      report('h1', { measure: 'AGENT_HOURS', quantity: '7.5' }),
      report('m1', { measure: 'COLLECTED_AMOUNT', quantity: '1000.10' }),
    ];
    const { answer, events } = await eventsOf(t, () =>
      t.as('operations').mutate('reportUsage', reporting(reports), REPORTED),
    );
    expect(answer.payload.quantities).toHaveLength(4);
    expect(events).toMatchObject([{ action: 'usage.reported', subject: { type: 'Account', id: client.id } }]);
    const again = await t.as('operations').mutate('reportUsage', reporting(reports), REPORTED);
    expect(again.payload.quantities).toHaveLength(4);
    expect(await t.sql('SELECT FROM usage_quantity WHERE account_id = $1', [client.id])).toHaveLength(4);
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    const [invoice] = await invoicesOf(t, client.id);
    expect(linesIn(invoice!).map(([, quantity, amount]) => [quantity, amount])).toEqual([
      ['1', '100.00'],
      ['7.5', '150.00'],
      ['1000.1', '150.02'],
    ]);
    const { data } = await t
      .as('auditor')
      .gql(
        `query ($id: ID!) { invoice(id: $id) { lines { quantities { nodes { sourceId } } usage { totalCount } } } }`,
        { id: invoice!.id },
      );
    expect(
      data!.invoice.lines.map(({ quantities }: any) => quantities.nodes.map((each: any) => each.sourceId).toSorted()),
    ).toEqual([['s1', 's2'], ['h1'], ['m1']]);
    // A correction after the bill is on the next one.
    const corrected = [
      report('s3', { corrects: 's1', quantity: '0' }),
      report('s4', { day: '2026-03-05', quantity: '31' }),
    ];
    await t.as('operations').mutate('reportUsage', reporting(corrected), REPORTED);
    await billed(t, client.id, '2026-03-01', '2026-04-01');
    const [, march] = await invoicesOf(t, client.id);
    expect(linesIn(march!).map(([, quantity, amount]) => [quantity, amount])).toEqual([
      ['1', '100.00'],
      ['-0.5', '-50.00'],
    ]);
  });

  it.each([
    ['FORBIDDEN', 'supervisor', () => [report('x')]],
    ['NOT_FOUND', 'operations', () => [report('x', { lobId: NOBODYS_ID })]],
    ['USAGE_QUANTITY_INVALID', 'operations', () => [report('x', { quantity: '-1' })]],
    ['USAGE_QUANTITY_INVALID', 'operations', () => [report('x', { day: '2099-01-01' })]],
    ['USAGE_QUANTITY_INVALID', 'operations', () => [report('x', { corrects: 'nothing' })]],
    [
      'USAGE_QUANTITY_INVALID',
      'operations',
      () => [report('x'), report('y', { corrects: 'x' }), report('z', { corrects: 'y' })],
    ],
    ['SOURCE_ID_REUSED', 'operations', () => [report('x'), report('x', { quantity: '15' })]],
  ] as const)('is refused with %s to %s', (code, as, reports) =>
    expectRefused(t, { as, ...op, input: reporting(reports()), code }),
  );

  it('raced, keeps each once', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => t.as('operations').mutate('reportUsage', reporting([report('race')]), REPORTED)),
    );
    expect(tally(answers)).toEqual({ DONE: 4 });
    expect(await t.sql('SELECT FROM usage_quantity WHERE account_id = $1', [client.id])).toHaveLength(1);
  });
});
