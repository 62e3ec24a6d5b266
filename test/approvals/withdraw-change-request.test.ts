import { startTestApp, type TestApp } from '../support/app';
import { approve, expectRefused, NOBODYS_ID, type Refusal, rowOf } from '../support/outcomes';
import { trail } from '../support/scene';
import { decisionsOn, givenProposedVoid, later, requestRow, withoutRole } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const refusedWithdrawal = (as: Refusal['as'], id: string, code: string, details?: Record<string, unknown>) =>
  expectRefused(t, {
    as,
    mutation: 'withdrawChangeRequest',
    operation: 'changeRequest.withdraw',
    input: { id },
    code,
    ...(details && { details }),
  });

describe('changeRequest.withdraw', () => {
  it('takes one’s own proposal back before anybody decided', async () => {
    const { invoiceId, id } = await givenProposedVoid(t);
    const invoice = await rowOf(t, 'invoice', invoiceId);
    const { payload, errors } = await t
      .as('billing')
      .mutate(
        'withdrawChangeRequest',
        { id, reason: 'a mistake' },
        'outcome changeRequest { status closedAt decisions { id } }',
      );
    expect(errors).toEqual([]);
    expect(payload).toEqual({
      outcome: 'DONE',
      changeRequest: { status: 'WITHDRAWN', closedAt: expect.any(String), decisions: [] },
    });
    expect(await rowOf(t, 'invoice', invoiceId)).toEqual(invoice);
    const events = await trail(t, 'change_request_id = $1', [id]);
    expect(events.at(-1)).toMatchObject({
      action: 'changeRequest.withdrawn',
      outcome: 'DONE',
      actor: t.as('billing').userId,
      reason: 'a mistake',
      changes: [{ path: 'status', before: 'PENDING', after: 'WITHDRAWN' }],
    });
  });

  it('cannot be approved any more afterwards', async () => {
    const { invoiceId, ...request } = await givenProposedVoid(t);
    await t.as('billing').mutate('withdrawChangeRequest', { id: request.id });
    expect((await approve(t, request)).code).toBe('CHANGE_REQUEST_NOT_PENDING');
    expect(await decisionsOn(t, request.id)).toEqual([]);
    expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('ISSUED');
  });

  describe('refuses, in this order', () => {
    it('UNAUTHENTICATED: nobody is signed in', async () => {
      await refusedWithdrawal('nobody', NOBODYS_ID, 'UNAUTHENTICATED');
    });

    it.each(['auditor', 'client', 'stranger'] as const)('FORBIDDEN at the door: %s proposes nothing', async (who) => {
      await refusedWithdrawal(who, (await givenProposedVoid(t)).id, 'FORBIDDEN');
    });

    it('FORBIDDEN: the maker without the role that could propose anything', async () => {
      const { id } = await givenProposedVoid(t);
      await withoutRole(t, 'billing', 'billing', () => refusedWithdrawal('billing', id, 'FORBIDDEN'));
      expect((await requestRow(t, id)).status).toBe('PENDING');
    });

    it('NOT_FOUND: an id that nobody has', async () => {
      await refusedWithdrawal('billing', NOBODYS_ID, 'NOT_FOUND');
    });

    it.each(['billing2', 'supervisor', 'operations', 'admin', 'compliance'] as const)(
      'NOT_THE_MAKER: %s did not propose it, whatever its state',
      async (who) => {
        const request = await givenProposedVoid(t);
        await refusedWithdrawal(who, request.id, 'NOT_THE_MAKER');
        await approve(t, request);
        await refusedWithdrawal(who, request.id, 'NOT_THE_MAKER');
      },
    );

    it('CHANGE_REQUEST_NOT_PENDING: what was approved stays so', async () => {
      const request = await givenProposedVoid(t);
      await approve(t, request);
      await refusedWithdrawal('billing', request.id, 'CHANGE_REQUEST_NOT_PENDING', { status: 'EXECUTED' });
    });

    it('CHANGE_REQUEST_EXPIRED: it is over already', async () => {
      const { id } = await givenProposedVoid(t);
      await later(t, 72, async () => {
        expect((await t.as('billing').mutate('withdrawChangeRequest', { id })).code).toBe('CHANGE_REQUEST_EXPIRED');
      });
      expect((await requestRow(t, id)).status).not.toBe('WITHDRAWN');
    });
  });
});
