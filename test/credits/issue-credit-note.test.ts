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
} from '../support/outcomes';
import { givenAccount, givenClientOf, givenDraft, givenInvoice, linesOf } from '../support/scene';

let t: TestApp;
let accountId: string;
let invoiceId: string;
let lines: { id: string; total_minor: string }[];
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
beforeEach(async () => {
  accountId = await givenAccount(t);
  // 100.00 and 18.00 tax; 0.33 and 0.03 tax.
  invoiceId = await givenInvoice(t, accountId, {
    lines: [
      { description: 'Calls', quantity: '1', unitPrice: '100', taxRate: '18' },
      { description: 'Minutes', quantity: '1', unitPrice: '0.33', taxRate: '10' },
    ],
  });
  lines = await linesOf(t, invoiceId);
});

const op = { mutation: 'issueCreditNote', operation: 'creditNote.issue' };
const usd = (amount: string) => ({ amount, currency: 'USD' });
const input = (items: [line: number, amount: string][], more: object = {}) => ({
  invoiceId,
  reasonCode: 'WRONG_RATE',
  items: items.map(([line, amount]) => ({ lineId: lines[line]!.id, amount: usd(amount) })),
  note: 'the rate of last year',
  ...more,
});
const credit = (items: [number, string][], more: object = {}) =>
  countersigned(t, 'billing', 'issueCreditNote', input(items, more));
const NOTE = `query ($id: ID!) { creditNote(id: $id) { number reasonCode note subtotal { amount } tax { amount } total { amount }
  lines { lineNumber line { id } amount { amount } tax { amount } total { amount } } taxes { name category percent taxable { amount } tax { amount } }
  invoice { paymentStatus openAmount { amount } creditNotes { nodes { id } } } issuedBy { id } } }`;

describe('creditNote.issue', () => {
  it('gives back a share of a line with its tax, once somebody else approved it: rows, events and actors', async () => {
    const request = await proposed(t, 'billing', 'issueCreditNote', input([[0, '59.00']]));
    expect(await t.sql('SELECT FROM credit_note WHERE invoice_id = $1', [invoiceId])).toEqual([]);
    const { events } = await eventsOf(t, () => approve(t, request));
    const [row] = await t.sql<any>('SELECT id, number FROM credit_note WHERE invoice_id = $1', [invoiceId]);
    expect(row!.number).toMatch(/^CN-\d{4}-\d{6}$/);
    expect(told(events)[0]).toMatchObject({
      action: 'creditNote.issued',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing').userId,
      subject: { type: 'CreditNote', id: row!.id },
      reason: 'the rate of last year',
    });
    expect(events[0]!.changes).toEqual(
      expect.arrayContaining([
        { path: 'number', before: null, after: row!.number },
        { path: 'total', before: null, after: usd('59.00') },
        { path: 'lines.1', before: null, after: usd('59.00') },
        { path: 'invoice.paymentStatus', before: 'UNPAID', after: 'PARTIALLY_PAID' },
      ]),
    );
    const { data } = await t.as('auditor').gql(NOTE, { id: row!.id });
    expect(data!.creditNote).toEqual({
      number: row!.number,
      reasonCode: 'WRONG_RATE',
      note: 'the rate of last year',
      subtotal: { amount: '50.00' },
      tax: { amount: '9.00' },
      total: { amount: '59.00' },
      lines: [
        {
          lineNumber: 1,
          line: { id: lines[0]!.id },
          amount: { amount: '50.00' },
          tax: { amount: '9.00' },
          total: { amount: '59.00' },
        },
      ],
      taxes: [{ name: 'Tax', category: 'S', percent: '18', taxable: { amount: '50.00' }, tax: { amount: '9.00' } }],
      invoice: {
        paymentStatus: 'PARTIALLY_PAID',
        openAmount: { amount: '59.36' },
        creditNotes: { nodes: [{ id: row!.id }] },
      },
      issuedBy: { id: t.as('billing').userId },
    });
    expect(
      await t.sql(`SELECT state, document_type FROM document_number WHERE credit_note_id = $1`, [row!.id]),
    ).toEqual([{ state: 'USED', document_type: 'CREDIT_NOTE' }]);
  });

  it('gives back all of it in parts, to the last unit of tax, and then nothing more', async () => {
    for (const amount of ['0.11', '0.11', '0.14']) await credit([[1, amount]]);
    await credit([[0, '118.00']]);
    const [sums] = await t.sql(
      `SELECT sum(amount_minor) AS net, sum(tax_minor) AS tax FROM credit_note_line WHERE line_id = $1`,
      [lines[1]!.id],
    );
    expect(sums).toEqual({ net: '33', tax: '3' });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ payment_status: 'PAID', credited_minor: '11836' });
    await expectRefused(t, {
      as: 'billing',
      ...op,
      input: input([[1, '0.01']]),
      code: 'CREDIT_AMOUNT_EXCEEDED',
      details: { lineNumber: 2 },
    });
    await expectRefused(t, {
      as: 'billing',
      mutation: 'voidInvoice',
      operation: 'invoice.void',
      input: { invoiceId, reason: 'x' },
      code: 'INVOICE_NOT_VOIDABLE',
    });
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['an unknown invoice', 'billing', { invoiceId: NOBODYS_ID }, 'NOT_FOUND'],
    ['no items', 'billing', { items: [] }, 'BAD_USER_INPUT'],
    ['a reason that only disputes give', 'billing', { reasonCode: 'DISPUTE_CONCEDED' }, 'CREDIT_NOTE_NOT_ISSUABLE'],
    [
      'a line of another invoice',
      'billing',
      { items: [{ lineId: NOBODYS_ID, amount: { amount: '1', currency: 'USD' } }] },
      'NOT_FOUND',
    ],
  ] as const)('refuses: %s', (_what, as, more, code) =>
    expectRefused(t, { as, ...op, input: input([[0, '1.00']], more), code }),
  );

  it('refuses amounts that are not there, and lines twice', async () => {
    const refused = (items: [number, string][], code: string) =>
      expectRefused(t, { as: 'billing', ...op, input: input(items), code });
    await refused([[0, '0.00']], 'CREDIT_AMOUNT_INVALID');
    await refused([[0, '-1.00']], 'CREDIT_AMOUNT_INVALID');
    await refused([[0, '118.01']], 'CREDIT_AMOUNT_EXCEEDED');
    await refused(
      [
        [0, '1.00'],
        [0, '1.00'],
      ],
      'CREDIT_ITEM_REPEATED',
    );
    const euros = {
      invoiceId,
      reasonCode: 'OTHER',
      items: [{ lineId: lines[0]!.id, amount: { amount: '1', currency: 'EUR' } }],
    };
    await expectRefused(t, { as: 'billing', ...op, input: euros, code: 'CURRENCY_MISMATCH' });
    const draft = await givenDraft(t, accountId);
    await expectRefused(t, {
      as: 'billing',
      ...op,
      input: { ...input([]), invoiceId: draft, items: [{ lineId: lines[0]!.id, amount: usd('1') }] },
      code: 'CREDIT_NOTE_NOT_ISSUABLE',
    });
  });

  it('leaves alone what is disputed, and credits what is conceded once', async () => {
    const opened = await t
      .as('billing')
      .mutate(
        'openDispute',
        { invoiceId, reasonCode: 'RATE', items: [{ lineId: lines[0]!.id, amount: usd('100.00') }] },
        'dispute { id items { id } }',
      );
    await expectRefused(t, { as: 'billing', ...op, input: input([[0, '18.01']]), code: 'CREDIT_AMOUNT_EXCEEDED' });
    const { id, items } = opened.payload.dispute;
    await countersigned(t, 'billing2', 'resolveDispute', {
      disputeId: id,
      note: 'so it was',
      items: [{ itemId: items[0].id, acceptedAmount: usd('59.00') }],
    });
    expect(
      await t.sql('SELECT reason_code, subtotal_minor, tax_minor, note FROM credit_note WHERE invoice_id = $1', [
        invoiceId,
      ]),
    ).toEqual([{ reason_code: 'DISPUTE_CONCEDED', subtotal_minor: '5000', tax_minor: '900', note: 'so it was' }]);
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ credited_minor: '5900', disputed_minor: '0' });
  });

  it('is done once of several that race for the same line', async () => {
    const requests = [];
    for (let n = 0; n < 4; n += 1)
      requests.push(await proposed(t, 'billing', 'issueCreditNote', input([[0, '100.00']])));
    const answers = await Promise.all(
      requests.map((each, n) => approve(t, each, n % 2 ? 'supervisor' : 'supervisor2')),
    );
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_STALE: 3 });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ credited_minor: '10000' });
  });

  it('shows a client those of their account alone, and lets them issue none', async () => {
    const { result } = await credit([[0, '1.00']]);
    await givenClientOf(t, await givenAccount(t));
    expect((await t.as('client').gql(NOTE, { id: result.creditNote })).data?.creditNote ?? null).toBeNull();
    await givenClientOf(t, accountId);
    expect((await t.as('client').gql(NOTE, { id: result.creditNote })).data!.creditNote.total).toEqual({
      amount: '1.00',
    });
    await expectRefused(t, { as: 'client', ...op, input: input([[0, '1.00']]), code: 'FORBIDDEN' });
  });

  it('cannot be made up or changed with SQL, even by the API’s own login', async () => {
    await credit([[0, '1.00']]);
    await expect(t.apiSql('UPDATE credit_note SET total_minor = 2')).rejects.toMatchObject({ code: '42501' });
    await expect(t.apiSql('DELETE FROM credit_note_line')).rejects.toMatchObject({ code: '42501' });
    await expect(
      t.apiSql(`INSERT INTO credit_note SELECT gen_random_uuid(), version, created_at, invoice_id, account_id, legal_entity_id, reason_code, note, currency,
        subtotal_minor, tax_minor, total_minor, 'FORGED', fiscal_year, 999999, issued_at, issued_by_id FROM credit_note WHERE invoice_id = '${invoiceId}'`),
    ).rejects.toMatchObject({ code: '23514' });
    await expect(
      t.apiSql(`INSERT INTO credit_note_line (id, credit_note_id, line_number, line_id, currency, amount_minor, tax_minor, total_minor, taxes)
        SELECT gen_random_uuid(), credit_note_id, 2, '${lines[1]!.id}', currency, 1, 0, 1, '[]' FROM credit_note_line WHERE line_id = '${lines[0]!.id}'`),
    ).rejects.toMatchObject({ code: '23514' });
  });
});
