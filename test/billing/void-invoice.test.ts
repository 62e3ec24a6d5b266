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
  times,
} from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf, givenDraft, givenInvoice, linesOf } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'voidInvoice', operation: 'invoice.void' };

async function disputed(invoiceId: string) {
  const [line] = await linesOf(t, invoiceId);
  const items = [{ lineId: line!.id, amount: { amount: '5.00', currency: 'USD' } }];
  const { payload } = await t
    .as('billing')
    .mutate('openDispute', { invoiceId, reasonCode: 'RATE', items }, 'dispute { id items { id } }');
  return payload.dispute as { id: string; items: { id: string }[] };
}

describe('invoice.void', () => {
  it('waits, then voids and keeps the number: rows, events and actors', async () => {
    const invoiceId = await givenInvoice(t, await givenAccount(t));
    const { number } = await rowOf(t, 'invoice', invoiceId);
    const request = await proposed(t, 'billing', 'voidInvoice', {
      invoiceId,
      reason: 'billed twice',
      expectedVersion: 2,
    });
    expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('ISSUED');
    const { events } = await eventsOf(t, () => approve(t, request));
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({
      status: 'VOIDED',
      number,
      void_reason: 'billed twice',
      version: 3,
      voided_at: expect.any(Date),
    });
    expect(told(events)[0]).toEqual({
      action: 'invoice.voided',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing').userId,
      subject: { type: 'Invoice', id: invoiceId, version: 3 },
      reason: 'billed twice',
    });
    expect(events[0]!.changes).toEqual([
      { path: 'status', before: 'ISSUED', after: 'VOIDED' },
      { path: 'total', before: { amount: '123.72', currency: 'USD' }, after: null },
    ]);
    const { data } = await t
      .as('auditor')
      .gql(
        'query ($id: ID!) { invoice(id: $id) { status number openAmount { amount } total { amount } voidReason } }',
        { id: invoiceId },
      );
    expect(data!.invoice).toEqual({
      status: 'VOIDED',
      number,
      openAmount: { amount: '0.00' },
      total: { amount: '123.72' },
      voidReason: 'billed twice',
    });
  });

  it('voids a draft, which has no number', async () => {
    const invoiceId = await givenDraft(t, await givenAccount(t));
    await countersigned(t, 'billing', 'voidInvoice', { invoiceId, reason: 'not needed' });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ status: 'VOIDED', number: null, issued_at: null });
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['an administrator', 'admin', {}, 'FORBIDDEN'],
    ['a blank reason', 'billing', { reason: ' ' }, 'BAD_USER_INPUT'],
    ['an unknown invoice', 'billing', { invoiceId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'billing', { invoiceId: '' }, 'NOT_FOUND'],
    ['another version than there is', 'billing', { expectedVersion: 1 }, 'VERSION_CONFLICT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, {
      as,
      ...op,
      input: { invoiceId: await givenInvoice(t, await givenAccount(t)), reason: 'twice', ...more },
      code,
    });
  });

  it('refuses a client also for their own invoice, and says nothing of others’', async () => {
    const accountId = await givenAccount(t);
    await givenClientOf(t, accountId);
    await expectRefused(t, {
      as: 'client',
      ...op,
      input: { invoiceId: await givenInvoice(t, accountId), reason: 'x' },
      code: 'FORBIDDEN',
    });
  });

  it('refuses what is voided already, disputed, or settled in part, in this order', async () => {
    const accountId = await givenAccount(t);
    const invoiceId = await givenInvoice(t, accountId);
    const input = { invoiceId, reason: 'twice' };
    const { id: disputeId, items } = await disputed(invoiceId);
    const refused = await expectRefused(t, { as: 'billing', ...op, input, code: 'INVOICE_NOT_VOIDABLE' });
    expect(refused.errors[0]!.message).toMatch(/disputed/);
    const answer = [{ itemId: items[0]!.id, acceptedAmount: { amount: '1.00', currency: 'USD' } }];
    await countersigned(t, 'billing2', 'resolveDispute', { disputeId, items: answer, note: 'in part' });
    const partly = await expectRefused(t, {
      as: 'billing',
      ...op,
      input,
      code: 'INVOICE_NOT_VOIDABLE',
      details: { paymentStatus: 'PARTIALLY_PAID' },
    });
    expect(partly.errors[0]!.message).toMatch(/settled/);
    const other = await givenInvoice(t, accountId);
    await countersigned(t, 'billing', 'voidInvoice', { invoiceId: other, reason: 'twice' });
    await expectRefused(t, {
      as: 'billing',
      ...op,
      input: { invoiceId: other, reason: 'x' },
      code: 'INVOICE_NOT_VOIDABLE',
      details: { status: 'VOIDED' },
    });
  });

  it('is not carried out when it was disputed meanwhile', async () => {
    const invoiceId = await givenInvoice(t, await givenAccount(t));
    const request = await proposed(t, 'billing', 'voidInvoice', { invoiceId, reason: 'twice' });
    await disputed(invoiceId);
    expect((await approve(t, request)).code).toBe('CHANGE_REQUEST_STALE');
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ status: 'ISSUED', disputed_minor: '500' });
  });

  it('or a dispute wins, never both, when they race', async () => {
    for (let round = 0; round < 6; round += 1) {
      const invoiceId = await givenInvoice(t, await givenAccount(t));
      const [line] = await linesOf(t, invoiceId);
      const items = [{ lineId: line!.id, amount: { amount: '5.00', currency: 'USD' } }];
      const answers = await withoutPolicy(t, 'invoice.void', () =>
        Promise.all([
          t.as('billing').mutate('voidInvoice', { invoiceId, reason: 'twice' }),
          t.as('billing2').mutate('openDispute', { invoiceId, reasonCode: 'RATE', items }),
        ]),
      );
      const row = await rowOf(t, 'invoice', invoiceId);
      expect([
        [undefined, 'DISPUTE_NOT_OPENABLE', 'VOIDED', '0'],
        ['INVOICE_NOT_VOIDABLE', undefined, 'ISSUED', '500'],
      ]).toContainEqual([...answers.map(({ code }) => code), row.status, row.disputed_minor]);
    }
  });

  it('is done once: by key alike, without one refused, also raced', async () => {
    const accountId = await givenAccount(t);
    const [first, second, third] = [
      await givenInvoice(t, accountId),
      await givenInvoice(t, accountId),
      await givenInvoice(t, accountId),
    ];
    await withoutPolicy(t, 'invoice.void', async () => {
      const keyed = { invoiceId: first, reason: 'twice', idempotencyKey: freshCode('KEY') };
      const same = await Promise.all(
        Array.from({ length: 5 }, () => t.as('billing').mutate('voidInvoice', keyed, 'outcome invoice { version }')),
      );
      expect(same.map(({ payload }) => payload)).toEqual(times(5, { outcome: 'DONE', invoice: { version: 3 } }));
      const raced = await Promise.all(
        Array.from({ length: 5 }, () => t.as('billing').mutate('voidInvoice', { invoiceId: second, reason: 'twice' })),
      );
      expect(tally(raced)).toEqual({ DONE: 1, INVOICE_NOT_VOIDABLE: 4 });
    });
    const requests = [];
    for (let n = 0; n < 4; n += 1)
      requests.push(await proposed(t, 'billing', 'voidInvoice', { invoiceId: third, reason: `try ${n}` }));
    const approvals = await Promise.all(
      requests.map((request, n) => approve(t, request, n % 2 ? 'supervisor' : 'supervisor2')),
    );
    expect(tally(approvals)).toEqual({ DONE: 1, CHANGE_REQUEST_STALE: 3 });
    expect(
      await t.sql(`SELECT count(*)::int AS n FROM audit.event WHERE action = 'invoice.voided' AND subject_id = $1`, [
        third,
      ]),
    ).toEqual([{ n: 1 }]);
  });
});
