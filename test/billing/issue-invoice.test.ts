import { startTestApp, type TestApp } from '../support/app';
import {
  approve,
  countersigned,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  rowOf,
  tally,
  told,
  withoutPolicy,
} from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf, givenDraft } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterEach(() => {
  t.clock.at = null;
});
afterAll(() => t.close());

const op = { mutation: 'issueInvoice', operation: 'invoice.issue' };
const numberOf = (fiscalYear: number, number: number) => `INV-${fiscalYear}-${String(number).padStart(6, '0')}`;
const lastOf = async (fiscalYear: number): Promise<number> =>
  (
    await t.sql('SELECT last_number FROM number_series WHERE document_type = $1 AND fiscal_year = $2', [
      'INVOICE',
      fiscalYear,
    ])
  )[0]?.last_number ?? 0;

describe('invoice.issue', () => {
  it('waits, then issues with the next number: rows, events and actors', async () => {
    t.clock.at = new Date('2026-05-31T23:30:00Z');
    const accountId = await givenAccount(t, { timeZone: 'Asia/Kolkata' });
    const invoiceId = await givenDraft(t, accountId, { dueInDays: 10 });
    const before = await lastOf(2026);
    const request = await proposed(t, 'billing', 'issueInvoice', { invoiceId, reason: 'month end' });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ status: 'DRAFT', number: null, version: 1 });
    expect(await lastOf(2026)).toBe(before);
    const { events } = await eventsOf(t, () => approve(t, request));
    const number = numberOf(2026, before + 1);
    const { data } = await t.as('client').gql('query ($id: ID!) { invoice(id: $id) { id } }', { id: invoiceId });
    expect(data?.invoice ?? null).toBeNull();
    const seen = await t
      .as('auditor')
      .gql('query ($id: ID!) { invoice(id: $id) { number status issuedAt dueOn paymentStatus version } }', {
        id: invoiceId,
      });
    expect(seen.data!.invoice).toEqual({
      number,
      status: 'ISSUED',
      issuedAt: '2026-05-31T23:30:00.000Z',
      dueOn: '2026-06-11',
      paymentStatus: 'UNPAID',
      version: 2,
    });
    expect(told(events)[0]).toEqual({
      action: 'invoice.issued',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing').userId,
      subject: { type: 'Invoice', id: invoiceId, version: 2 },
      reason: 'month end',
    });
    expect(events[0]!.changes).toEqual([
      { path: 'status', before: 'DRAFT', after: 'ISSUED' },
      { path: 'number', before: null, after: number },
      { path: 'dueOn', before: null, after: '2026-06-11' },
      { path: 'total', before: null, after: { amount: '123.72', currency: 'USD' } },
    ]);
    const found = await t
      .as('auditor')
      .gql('query ($number: String) { invoices(filter: { number: $number }) { nodes { id } } }', { number });
    expect(found.data!.invoices.nodes).toEqual([{ id: invoiceId }]);
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['a reason of 501 characters', 'billing', { reason: 'x'.repeat(501) }, 'BAD_USER_INPUT'],
    ['an unknown invoice', 'billing', { invoiceId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'billing', { invoiceId: 'INV-2026-000001' }, 'NOT_FOUND'],
    ['another version than there is', 'billing', { expectedVersion: 5 }, 'VERSION_CONFLICT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, {
      as,
      ...op,
      input: { invoiceId: await givenDraft(t, await givenAccount(t)), ...more },
      code,
    });
  });

  it('refuses what is no draft any more, before the account that is closed', async () => {
    const accountId = await givenAccount(t);
    const [issued, voided, draft] = [
      await givenDraft(t, accountId),
      await givenDraft(t, accountId),
      await givenDraft(t, accountId),
    ];
    await countersigned(t, 'billing', 'issueInvoice', { invoiceId: issued });
    await countersigned(t, 'billing', 'voidInvoice', { invoiceId: voided, reason: 'twice' });
    await t.sql(`UPDATE account SET status = 'CLOSED', closed_at = now() WHERE id = $1`, [accountId]);
    for (const [invoiceId, status] of [
      [issued, 'ISSUED'],
      [voided, 'VOIDED'],
    ])
      await expectRefused(t, {
        as: 'billing',
        ...op,
        input: { invoiceId },
        code: 'INVOICE_NOT_ISSUABLE',
        details: { status },
      });
    await expectRefused(t, { as: 'billing', ...op, input: { invoiceId: draft }, code: 'ACCOUNT_CLOSED' });
  });

  it('refuses a client also for their own invoice', async () => {
    const accountId = await givenAccount(t);
    await givenClientOf(t, accountId);
    await expectRefused(t, {
      as: 'client',
      ...op,
      input: { invoiceId: await givenDraft(t, accountId) },
      code: 'FORBIDDEN',
    });
  });

  it('is issued once for one key, and refused without one', async () => {
    const invoiceId = await givenDraft(t, await givenAccount(t));
    await withoutPolicy(t, 'invoice.issue', async () => {
      const input = { invoiceId, idempotencyKey: freshCode('KEY') };
      const same = await Promise.all(
        Array.from({ length: 5 }, () => t.as('billing').mutate('issueInvoice', input, 'outcome invoice { number }')),
      );
      expect(tally(same)).toEqual({ DONE: 5 });
      expect(new Set(same.map(({ payload }) => payload.invoice.number)).size).toBe(1);
      await expectRefused(t, { as: 'billing', ...op, input: { invoiceId }, code: 'INVOICE_NOT_ISSUABLE' });
    });
  });

  it('takes one number, however many requests for one invoice race', async () => {
    const invoiceId = await givenDraft(t, await givenAccount(t));
    const before = await lastOf(new Date().getUTCFullYear());
    const requests = [];
    for (let n = 0; n < 4; n += 1) requests.push(await proposed(t, 'billing', 'issueInvoice', { invoiceId }));
    const answers = await Promise.all(
      requests.map((request, n) => approve(t, request, n % 2 ? 'supervisor' : 'supervisor2')),
    );
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_STALE: 3 });
    expect(await lastOf(new Date().getUTCFullYear())).toBe(before + 1);
  });
});

describe('numbers of invoices', () => {
  it('are gapless and in order, approved in parallel with failures in between', async () => {
    t.clock.at = new Date('2041-06-01T12:00:00Z');
    const accountId = await givenAccount(t);
    const drafts: string[] = [];
    for (let n = 0; n < 40; n += 1) drafts.push(await givenDraft(t, accountId));
    const requests = await Promise.all(
      drafts.map((invoiceId) => proposed(t, 'billing', 'issueInvoice', { invoiceId })),
    );
    // Every fourth is doomed: some drafts moved on meanwhile, and the trail will swallow or refuse the event of others.
    const stale = drafts.filter((_, n) => n % 8 === 3);
    const faulty = drafts.filter((_, n) => n % 8 === 7);
    await t.sql('UPDATE invoice SET version = version + 1 WHERE id = ANY($1)', [stale]);
    await t.sql(`CREATE FUNCTION test_faulty_trail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_sleep(0.01); RAISE EXCEPTION 'the disk is full' USING ERRCODE = 'disk_full'; END $$`);
    await t.sql(`CREATE TRIGGER test_faulty_trail BEFORE INSERT ON audit.event FOR EACH ROW
      WHEN (NEW.action = 'invoice.issued' AND NEW.subject_id IN (${faulty.map((id) => `'${id}'`).join(', ')})) EXECUTE FUNCTION test_faulty_trail()`);
    const answers = await Promise.all(
      requests.map((request, n) => approve(t, request, n % 2 ? 'supervisor' : 'supervisor2')),
    );
    await t.sql('DROP TRIGGER test_faulty_trail ON audit.event');
    expect(tally(answers)).toEqual({ DONE: 30, CHANGE_REQUEST_STALE: 5, INTERNAL: 5 });
    const numbers = async () =>
      (
        await t.sql(`SELECT number, number_in_series FROM invoice WHERE fiscal_year = 2041 ORDER BY number_in_series`)
      ).map((each) => ({ ...each }));
    expect(await numbers()).toEqual(
      Array.from({ length: 30 }, (_, n) => ({ number: numberOf(2041, n + 1), number_in_series: n + 1 })),
    );
    expect(await lastOf(2041)).toBe(30);
    expect(
      await t.sql(`SELECT count(*)::int AS n FROM invoice WHERE id = ANY($1) AND number IS NOT NULL`, [
        [...stale, ...faulty],
      ]),
    ).toEqual([{ n: 0 }]);
    // In the order in which they were committed: whoever waited for the series got the next one.
    const issued = await t.sql<{ content: Buffer }>(
      `SELECT content FROM audit.told WHERE action = 'invoice.issued' AND at = $1`,
      [t.clock.at],
    );
    const recorded: string[] = issued.map(
      ({ content }) => JSON.parse(content.toString()).changes.find((each: any) => each.path === 'number').after,
    );
    expect(recorded.toSorted()).toEqual((await numbers()).map(({ number }) => number));
    // What failed by a fault of ours is still there, and gets the next numbers when it is approved again.
    for (const invoiceId of faulty) {
      const request = requests[drafts.indexOf(invoiceId)]!;
      expect((await rowOf(t, 'change_request', request.id)).status).toBe('PENDING');
      expect((await approve(t, request)).errors).toEqual([]);
    }
    expect((await numbers()).map(({ number_in_series }) => number_in_series)).toEqual(
      Array.from({ length: 35 }, (_, n) => n + 1),
    );
  });

  it('begin anew with the fiscal year: New Year’s Eve in the zone of the books', async () => {
    const accountId = await givenAccount(t, { timeZone: 'Pacific/Auckland' });
    const issuedAt = async (at: string) => {
      t.clock.at = new Date(at);
      const invoiceId = await givenDraft(t, accountId, { dueInDays: 0 });
      await countersigned(t, 'billing', 'issueInvoice', { invoiceId });
      const [row] = await t.sql('SELECT number, fiscal_year, due_on::text FROM invoice WHERE id = $1', [invoiceId]);
      return row;
    };
    expect(await issuedAt('2051-12-31T23:59:58Z')).toEqual({
      number: numberOf(2051, 1),
      fiscal_year: 2051,
      due_on: '2052-01-01',
    });
    expect(await issuedAt('2051-12-31T23:59:59.999Z')).toEqual({
      number: numberOf(2051, 2),
      fiscal_year: 2051,
      due_on: '2052-01-01',
    });
    expect(await issuedAt('2052-01-01T00:00:00Z')).toEqual({
      number: numberOf(2052, 1),
      fiscal_year: 2052,
      due_on: '2052-01-01',
    });
    expect(await issuedAt('2051-12-31T23:59:59Z')).toEqual({
      number: numberOf(2051, 3),
      fiscal_year: 2051,
      due_on: '2052-01-01',
    });
  });

  it('are never given again after a void', async () => {
    t.clock.at = new Date('2042-06-01T12:00:00Z');
    const accountId = await givenAccount(t);
    const issue = async () => {
      const invoiceId = await givenDraft(t, accountId);
      await countersigned(t, 'billing', 'issueInvoice', { invoiceId });
      return { invoiceId, number: (await rowOf(t, 'invoice', invoiceId)).number as string };
    };
    const first = await issue();
    await countersigned(t, 'billing', 'voidInvoice', { invoiceId: first.invoiceId, reason: 'wrong' });
    expect(await rowOf(t, 'invoice', first.invoiceId)).toMatchObject({
      status: 'VOIDED',
      number: numberOf(2042, 1),
      number_in_series: 1,
    });
    expect((await issue()).number).toBe(numberOf(2042, 2));
  });
});

describe('the database, for the API’s own role', () => {
  let issued: string;
  let draft: string;
  beforeAll(async () => {
    const accountId = await givenAccount(t);
    [issued, draft] = [await givenDraft(t, accountId), await givenDraft(t, accountId)];
    await countersigned(t, 'billing', 'issueInvoice', { invoiceId: issued });
  });

  it.each([
    ['another number', `number = 'INV-1999-000001'`],
    ['no number', 'number = NULL, issued_at = NULL'],
    ['another place in the series', 'number_in_series = 999999'],
    ['another fiscal year', 'fiscal_year = 1999'],
    ['another series', `series = 'X'`],
    ['another day of issue', `issued_at = now() - interval '1 day'`],
  ])('refuses an issued invoice %s', async (_what, set) => {
    const before = await rowOf(t, 'invoice', issued);
    await expect(t.apiSql(`UPDATE invoice SET ${set} WHERE id = $1`, [issued])).rejects.toMatchObject({
      code: '23514',
    });
    expect(await rowOf(t, 'invoice', issued)).toEqual(before);
  });

  it.each([
    'subtotal_minor',
    'tax_minor',
    'total_minor',
    'currency',
    'account_id',
    'due_in_days',
    'drafted_by_id',
    'created_at',
    'id',
  ])('refuses to change an invoice’s %s', async (column) => {
    await expect(t.apiSql(`UPDATE invoice SET ${column} = ${column} WHERE id = $1`, [draft])).rejects.toMatchObject({
      code: '42501',
    });
  });

  it.each([
    'amount_minor',
    'tax_minor',
    'total_minor',
    'quantity',
    'unit_price',
    'tax_rate',
    'description',
    'currency',
    'invoice_id',
    'line_number',
    'lob_id',
  ])('refuses to change a line’s %s', async (column) => {
    await expect(
      t.apiSql(`UPDATE invoice_line SET ${column} = ${column} WHERE invoice_id = $1`, [draft]),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it.each(['invoice', 'invoice_line', 'invoice_tax', 'number_series', 'document_number'])(
    'refuses to delete from or truncate %s',
    async (table) => {
      await expect(t.apiSql(`DELETE FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
      await expect(t.apiSql(`TRUNCATE ${table} CASCADE`)).rejects.toMatchObject({ code: '42501' });
    },
  );

  it('refuses a second invoice with a number or a place that is given', async () => {
    const { number, series, fiscal_year, number_in_series } = await rowOf(t, 'invoice', issued);
    const give = (values: unknown[]) =>
      t.apiSql(
        `UPDATE invoice SET status = 'ISSUED', issued_at = now(), number = $2, series = $3, fiscal_year = $4, number_in_series = $5 WHERE id = $1`,
        [draft, ...values],
      );
    await expect(give([number, 'X', fiscal_year, number_in_series])).rejects.toMatchObject({
      constraint: 'invoice_number',
    });
    await expect(give(['INV-X', series, fiscal_year, number_in_series])).rejects.toMatchObject({
      constraint: 'invoice_place_in_series',
    });
  });

  it('refuses an issued invoice without a number, and a total that is not its sum', async () => {
    await expect(t.apiSql(`UPDATE invoice SET status = 'ISSUED' WHERE id = $1`, [draft])).rejects.toMatchObject({
      constraint: 'invoice_issued_with_number',
    });
    await expect(
      t.apiSql(
        `INSERT INTO invoice (id, account_id, status, payment_status, currency, subtotal_minor, tax_minor, total_minor, disputed_minor, credited_minor, due_in_days, drafted_by_id)
         SELECT gen_random_uuid(), account_id, 'DRAFT', 'UNPAID', currency, 100, 10, 111, 0, 0, 30, drafted_by_id FROM invoice WHERE id = $1`,
        [draft],
      ),
    ).rejects.toMatchObject({ constraint: 'invoice_total' });
  });

  it.each([2, -1, 0])('refuses a series that moves by %p instead of one', async (step) => {
    await expect(t.apiSql('UPDATE number_series SET last_number = last_number + $1', [step])).rejects.toMatchObject({
      code: '23514',
    });
  });

  it('refuses a series that begins with another number than one', async () => {
    await expect(
      t.apiSql(
        `INSERT INTO number_series (legal_entity_id, document_type, fiscal_year, last_number) SELECT id, 'INVOICE', 1990, 7 FROM legal_entity`,
      ),
    ).rejects.toMatchObject({ code: '23514' });
  });
});
