import { startTestApp, type TestApp } from '../support/app';
import { countersigned, eventsOf, expectRefused, NOBODYS_ID, rowOf, tally, told } from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf, givenDraft, givenInvoice, linesOf } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'openDispute', operation: 'dispute.open' };
const usd = (amount: string) => ({ amount, currency: 'USD' });

/** An issued invoice of two lines, 123.40 and 0.32. */
async function scene() {
  const accountId = await givenAccount(t);
  const invoiceId = await givenInvoice(t, accountId);
  const [first, second] = await linesOf(t, invoiceId);
  return { accountId, invoiceId, first: first!.id, second: second!.id };
}

describe('dispute.open', () => {
  it('opens: payload, rows, event and actor; what is open stays open, what is disputed shows', async () => {
    const { accountId, invoiceId, first, second } = await scene();
    const { answer, events } = await eventsOf(t, () =>
      t.as('billing').mutate(
        'openDispute',
        {
          invoiceId,
          reasonCode: 'QUANTITY',
          note: 'Too many calls',
          expectedVersion: 2,
          items: [
            { lineId: first, amount: usd('100.00') },
            { lineId: second, amount: usd('0.3') },
          ],
        },
        `outcome changeRequest { id } dispute { id status resolution reasonCode note version claimedAmount { amount currency } acceptedAmount { amount }
          account { id } openedBy { id } resolvedBy { id } items { line { id disputedAmount { amount } openAmount { amount } } amount { amount } acceptedAmount { amount } }
          invoice { id disputedAmount { amount } openAmount { amount } paymentStatus version } }`,
      ),
    );
    const { id } = answer.payload.dispute;
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      changeRequest: null,
      dispute: {
        id,
        status: 'OPEN',
        resolution: null,
        reasonCode: 'QUANTITY',
        note: 'Too many calls',
        version: 1,
        claimedAmount: { amount: '100.30', currency: 'USD' },
        acceptedAmount: { amount: '0.00' },
        account: { id: accountId },
        openedBy: { id: t.as('billing').userId },
        resolvedBy: null,
        items: [
          {
            line: { id: first, disputedAmount: { amount: '100.00' }, openAmount: { amount: '123.40' } },
            amount: { amount: '100.00' },
            acceptedAmount: null,
          },
          {
            line: { id: second, disputedAmount: { amount: '0.30' }, openAmount: { amount: '0.32' } },
            amount: { amount: '0.30' },
            acceptedAmount: null,
          },
        ],
        invoice: {
          id: invoiceId,
          disputedAmount: { amount: '100.30' },
          openAmount: { amount: '123.72' },
          paymentStatus: 'UNPAID',
          version: 3,
        },
      },
    });
    expect(await rowOf(t, 'dispute', id)).toMatchObject({
      claimed_minor: '10030',
      accepted_minor: '0',
      opened_by_id: t.as('billing').userId,
      resolved_by_id: null,
    });
    expect(told(events)).toEqual([
      {
        action: 'dispute.opened',
        outcome: 'DONE',
        actor: t.as('billing').userId,
        onBehalfOf: null,
        subject: { type: 'Dispute', id, version: 1 },
        reason: 'QUANTITY',
      },
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'status', before: null, after: 'OPEN' },
      { path: 'invoice', before: null, after: invoiceId },
      { path: 'claimed', before: null, after: usd('100.30') },
      { path: 'lines.1', before: null, after: usd('100.00') },
      { path: 'lines.2', before: null, after: usd('0.30') },
    ]);
    const found = await t
      .as('auditor')
      .gql(
        'query ($id: ID) { invoices(filter: { accountId: $id, disputed: true }) { nodes { id disputes { nodes { id } } } } }',
        { id: accountId },
      );
    expect(found.data!.invoices.nodes).toEqual([{ id: invoiceId, disputes: { nodes: [{ id }] } }]);
  });

  it('is for the client of the account, not of another one', async () => {
    const { accountId, invoiceId, first } = await scene();
    const foreign = await scene();
    await givenClientOf(t, accountId);
    const input = { invoiceId, reasonCode: 'RATE', items: [{ lineId: first, amount: usd('1') }] };
    expect(
      (await t.as('client').mutate('openDispute', input, 'outcome dispute { openedBy { id } }')).payload.outcome,
    ).toBe('DONE');
    const theirs = { ...input, invoiceId: foreign.invoiceId, items: [{ lineId: foreign.first, amount: usd('1') }] };
    const { errors } = await expectRefused(t, { as: 'client', ...op, input: theirs, code: 'NOT_FOUND' });
    const unknown = await expectRefused(t, {
      as: 'client',
      ...op,
      input: { ...theirs, invoiceId: NOBODYS_ID },
      code: 'NOT_FOUND',
    });
    expect(errors[0]).toEqual(unknown.errors[0]);
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, {}, 'FORBIDDEN'],
    ['a reason that is no code', 'billing', { reasonCode: 'too much' }, {}, 'BAD_USER_INPUT'],
    ['a currency that is none', 'billing', {}, { amount: { amount: '1', currency: 'usd' } }, 'BAD_USER_INPUT'],
    ['no items', 'billing', { items: [] }, {}, 'BAD_USER_INPUT'],
    ['a note of 2001 characters', 'billing', { note: 'x'.repeat(2001) }, {}, 'BAD_USER_INPUT'],
    ['an unknown invoice', 'billing', { invoiceId: NOBODYS_ID }, {}, 'NOT_FOUND'],
    ['another version than there is', 'billing', { expectedVersion: 1 }, { lineId: NOBODYS_ID }, 'VERSION_CONFLICT'],
    ['an unknown line, before its amount', 'billing', {}, { lineId: NOBODYS_ID, amount: usd('0') }, 'NOT_FOUND'],
    [
      'another currency, before the amount',
      'billing',
      {},
      { amount: { amount: '0', currency: 'EUR' } },
      'CURRENCY_MISMATCH',
    ],
    ['too many decimals', 'billing', {}, { amount: usd('1.001') }, 'AMOUNT_INVALID'],
    ['nothing', 'billing', {}, { amount: usd('0.00') }, 'DISPUTE_AMOUNT_INVALID'],
    ['less than nothing', 'billing', {}, { amount: usd('-1') }, 'DISPUTE_AMOUNT_INVALID'],
    ['a cent more than the line', 'billing', {}, { amount: usd('123.41') }, 'DISPUTE_AMOUNT_EXCEEDED'],
    ['more than can be kept', 'billing', {}, { amount: usd('99999999999999999999') }, 'AMOUNT_OUT_OF_RANGE'],
  ] as const)('refuses: %s', async (_what, as, more, item, code) => {
    const { invoiceId, first } = await scene();
    const items = [{ lineId: first, amount: usd('1.00'), ...item }];
    await expectRefused(t, { as, ...op, input: { invoiceId, reasonCode: 'RATE', items, ...more }, code });
  });

  it('refuses a line of another invoice, and a line twice, before what else is wrong', async () => {
    const { invoiceId, first } = await scene();
    const foreign = await scene();
    const input = { invoiceId, reasonCode: 'RATE' };
    await expectRefused(t, {
      as: 'billing',
      ...op,
      input: { ...input, items: [{ lineId: foreign.first, amount: usd('1') }] },
      code: 'NOT_FOUND',
    });
    for (const lineId of [first, NOBODYS_ID]) {
      const items = [lineId, lineId].map((each) => ({ lineId: each, amount: usd('1000') }));
      await expectRefused(t, { as: 'billing', ...op, input: { ...input, items }, code: 'DISPUTE_ITEM_REPEATED' });
    }
  });

  it.each(['DRAFT', 'VOIDED'])('refuses an invoice that is %s, before its lines', async (status) => {
    const accountId = await givenAccount(t);
    const invoiceId = await givenDraft(t, accountId);
    if (status === 'VOIDED') await countersigned(t, 'billing', 'voidInvoice', { invoiceId, reason: 'x' });
    const twice = [NOBODYS_ID, NOBODYS_ID].map((lineId) => ({ lineId, amount: usd('0') }));
    await expectRefused(t, {
      as: 'billing',
      ...op,
      input: { invoiceId, reasonCode: 'RATE', items: twice },
      code: 'DISPUTE_NOT_OPENABLE',
      details: { status },
    });
  });

  it('never claims more than is open of a line, in steps and after a part was accepted', async () => {
    const { invoiceId, first } = await scene();
    const input = (amount: string) => ({
      invoiceId,
      reasonCode: 'RATE',
      items: [{ lineId: first, amount: usd(amount) }],
    });
    const opened = await t.as('billing').mutate('openDispute', input('100.00'), 'dispute { id items { id } }');
    await expectRefused(t, { as: 'billing', ...op, input: input('23.41'), code: 'DISPUTE_AMOUNT_EXCEEDED' });
    const { id: disputeId, items } = opened.payload.dispute;
    await countersigned(t, 'billing2', 'resolveDispute', {
      disputeId,
      note: 'part',
      items: [{ itemId: items[0].id, acceptedAmount: usd('60.00') }],
    });
    await expectRefused(t, { as: 'billing', ...op, input: input('63.41'), code: 'DISPUTE_AMOUNT_EXCEEDED' });
    expect((await t.as('billing').mutate('openDispute', input('63.40'))).errors).toEqual([]);
    await expectRefused(t, { as: 'billing', ...op, input: input('0.01'), code: 'DISPUTE_AMOUNT_EXCEEDED' });
  });

  it('is opened once for one key', async () => {
    const { invoiceId, first } = await scene();
    const input = {
      invoiceId,
      reasonCode: 'RATE',
      items: [{ lineId: first, amount: usd('100') }],
      idempotencyKey: freshCode('KEY'),
    };
    const same = await Promise.all(
      Array.from({ length: 5 }, () => t.as('billing').mutate('openDispute', input, 'outcome dispute { id }')),
    );
    expect(tally(same)).toEqual({ DONE: 5 });
    expect(new Set(same.map(({ payload }) => payload.dispute.id)).size).toBe(1);
    const { idempotencyKey: _, ...again } = input;
    await expectRefused(t, { as: 'billing', ...op, input: again, code: 'DISPUTE_AMOUNT_EXCEEDED' });
  });

  it('never claims more than is open when two race for a line, twenty times', async () => {
    const accountId = await givenAccount(t);
    for (let round = 0; round < 20; round += 1) {
      const invoiceId = await givenInvoice(t, accountId);
      const [line] = await linesOf(t, invoiceId);
      const amounts = ['62.00', '61.41'];
      const answers = await Promise.all(
        amounts.map((amount, n) =>
          t.as(n ? 'billing' : 'billing2').mutate('openDispute', {
            invoiceId,
            reasonCode: 'RATE',
            items: [{ lineId: line!.id, amount: usd(amount) }],
          }),
        ),
      );
      expect(tally(answers)).toEqual({ DONE: 1, DISPUTE_AMOUNT_EXCEEDED: 1 });
      const claimed = answers[0]!.code ? '6141' : '6200';
      expect(await rowOf(t, 'invoice_line', line!.id)).toMatchObject({ disputed_minor: claimed });
      expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ disputed_minor: claimed, version: 3 });
    }
  });

  it('cannot claim more in the database either', async () => {
    const { invoiceId, first } = await scene();
    await expect(
      t.apiSql('UPDATE invoice_line SET disputed_minor = total_minor + 1 WHERE id = $1', [first]),
    ).rejects.toMatchObject({
      constraint: 'dispute_amount_exceeded',
    });
    await expect(
      t.apiSql('UPDATE invoice_line SET disputed_minor = 1, credited_minor = total_minor WHERE id = $1', [first]),
    ).rejects.toMatchObject({
      constraint: 'dispute_amount_exceeded',
    });
    await expect(
      t.apiSql('UPDATE invoice SET credited_minor = total_minor + 1 WHERE id = $1', [invoiceId]),
    ).rejects.toMatchObject({
      constraint: 'invoice_credit_exceeded',
    });
    await expect(t.apiSql('UPDATE dispute SET claimed_minor = 1')).rejects.toMatchObject({ code: '42501' });
    await expect(t.apiSql('UPDATE dispute SET opened_by_id = resolved_by_id')).rejects.toMatchObject({ code: '42501' });
    await expect(t.apiSql('DELETE FROM dispute_item')).rejects.toMatchObject({ code: '42501' });
  });
});
