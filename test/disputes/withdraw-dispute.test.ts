import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, expectRefused, NOBODYS_ID, rowOf, tally, told, times } from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf, givenInvoice, linesOf } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'withdrawDispute', operation: 'dispute.withdraw' };

async function scene(opener: 'billing' | 'client' = 'billing', given?: string) {
  const accountId = given ?? (await givenAccount(t));
  if (opener === 'client' && !given) await givenClientOf(t, accountId);
  const invoiceId = await givenInvoice(t, accountId);
  const [line] = await linesOf(t, invoiceId);
  const items = [{ lineId: line!.id, amount: { amount: '123.40', currency: 'USD' } }];
  const { payload, errors } = await t
    .as(opener)
    .mutate('openDispute', { invoiceId, reasonCode: 'RATE', items }, 'dispute { id }');
  expect(errors).toEqual([]);
  return { accountId, invoiceId, lineId: line!.id, items, disputeId: payload.dispute.id as string };
}

describe('dispute.withdraw', () => {
  it('takes the claims off again: payload, rows, event and actor', async () => {
    const { invoiceId, lineId, items, disputeId } = await scene();
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('billing')
        .mutate(
          'withdrawDispute',
          { disputeId, reason: 'our mistake', expectedVersion: 1 },
          'outcome dispute { id status resolution version closedAt resolvedBy { id } claimedAmount { amount } invoice { disputedAmount { amount } openAmount { amount } paymentStatus } }',
        ),
    );
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      dispute: {
        id: disputeId,
        status: 'WITHDRAWN',
        resolution: null,
        version: 2,
        closedAt: expect.any(String),
        resolvedBy: null,
        claimedAmount: { amount: '123.40' },
        invoice: { disputedAmount: { amount: '0.00' }, openAmount: { amount: '123.72' }, paymentStatus: 'UNPAID' },
      },
    });
    expect(await rowOf(t, 'invoice_line', lineId)).toMatchObject({ disputed_minor: '0', credited_minor: '0' });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({
      disputed_minor: '0',
      credited_minor: '0',
      payment_status: 'UNPAID',
    });
    expect(told(events)).toEqual([
      {
        action: 'dispute.withdrawn',
        outcome: 'DONE',
        actor: t.as('billing').userId,
        onBehalfOf: null,
        subject: { type: 'Dispute', id: disputeId, version: 2 },
        reason: 'our mistake',
      },
    ]);
    expect(events[0]!.changes).toEqual([{ path: 'status', before: 'OPEN', after: 'WITHDRAWN' }]);
    const again = await t.as('billing').mutate('openDispute', { invoiceId, reasonCode: 'RATE', items });
    expect(again.payload.outcome).toBe('DONE');
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['a reason of 501 characters', 'billing', { reason: 'x'.repeat(501) }, 'BAD_USER_INPUT'],
    ['an unknown dispute', 'billing', { disputeId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'billing', { disputeId: 'null' }, 'NOT_FOUND'],
    ['another version than there is', 'billing', { expectedVersion: 3 }, 'VERSION_CONFLICT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: { disputeId: (await scene()).disputeId, ...more }, code });
  });

  it('is a client’s own to take back: not one that billing opened for it, nor one of another account', async () => {
    const own = await scene('client');
    expect((await t.as('client').mutate('withdrawDispute', { disputeId: own.disputeId })).payload.outcome).toBe('DONE');
    const forThem = await scene('billing', own.accountId);
    await expectRefused(t, { as: 'client', ...op, input: { disputeId: forThem.disputeId }, code: 'FORBIDDEN' });
    const foreign = await scene();
    await expectRefused(t, { as: 'client', ...op, input: { disputeId: foreign.disputeId }, code: 'NOT_FOUND' });
  });

  it('is done once: by key alike, without one refused, also raced', async () => {
    const { disputeId } = await scene();
    const keyed = { disputeId, idempotencyKey: freshCode('KEY') };
    const same = await Promise.all(
      Array.from({ length: 5 }, () => t.as('billing').mutate('withdrawDispute', keyed, 'outcome dispute { version }')),
    );
    expect(same.map(({ payload }) => payload)).toEqual(times(5, { outcome: 'DONE', dispute: { version: 2 } }));
    await expectRefused(t, { as: 'billing', ...op, input: { disputeId }, code: 'DISPUTE_NOT_WITHDRAWABLE' });
    const other = await scene();
    const raced = await Promise.all(
      Array.from({ length: 6 }, () => t.as('billing').mutate('withdrawDispute', { disputeId: other.disputeId })),
    );
    expect(tally(raced)).toEqual({ DONE: 1, DISPUTE_NOT_WITHDRAWABLE: 5 });
    expect(await rowOf(t, 'invoice', other.invoiceId)).toMatchObject({ disputed_minor: '0' });
  });
});
