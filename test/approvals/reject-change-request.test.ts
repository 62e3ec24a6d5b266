import { startTestApp, type TestApp } from '../support/app';
import { approve, expectRefused, NOBODYS_ID, type Refusal, rowOf, stateOf } from '../support/outcomes';
import { trail } from '../support/scene';
import { decisionsOn, givenProposedVoid, later, proposedGrant, requestRow, withRole } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const refusedNo = (as: Refusal['as'], id: string, code: string, details?: Record<string, unknown>) =>
  expectRefused(t, {
    as,
    mutation: 'rejectChangeRequest',
    operation: 'changeRequest.reject',
    input: { id, reason: 'not like this' },
    code,
    ...(details && { details }),
  });

describe('changeRequest.reject', () => {
  it('closes the request with a reason, and leaves what it was about alone', async () => {
    const { invoiceId, id } = await givenProposedVoid(t);
    const invoice = await rowOf(t, 'invoice', invoiceId);
    const { payload, errors } = await t
      .as('supervisor')
      .mutate(
        'rejectChangeRequest',
        { id, reason: 'It was not billed twice' },
        'outcome changeRequest { status canDecide decisions { verdict comment decidedBy { id } } }',
      );
    expect(errors).toEqual([]);
    expect(payload).toEqual({
      outcome: 'DONE',
      changeRequest: {
        status: 'REJECTED',
        canDecide: false,
        decisions: [
          { verdict: 'REJECTED', comment: 'It was not billed twice', decidedBy: { id: t.as('supervisor').userId } },
        ],
      },
    });
    expect(await rowOf(t, 'invoice', invoiceId)).toEqual(invoice);
    expect(await requestRow(t, id)).toMatchObject({ status: 'REJECTED', approved_by_id: null, result: null });
    const events = await trail(t, 'change_request_id = $1', [id]);
    expect(events.at(-1)).toMatchObject({
      action: 'changeRequest.rejected',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      reason: 'It was not billed twice',
      changes: [{ path: 'status', before: 'PENDING', after: 'REJECTED' }],
    });
  });

  describe('refuses, in this order', () => {
    it('UNAUTHENTICATED: nobody is signed in', async () => {
      await refusedNo('nobody', NOBODYS_ID, 'UNAUTHENTICATED');
    });

    it.each(['billing2', 'operations', 'auditor', 'client', 'stranger'] as const)(
      'FORBIDDEN at the door: %s rejects nothing at all',
      async (who) => {
        await refusedNo(who, (await givenProposedVoid(t)).id, 'FORBIDDEN');
      },
    );

    it('NOT_FOUND: an id that nobody has', async () => {
      await refusedNo('supervisor', NOBODYS_ID, 'NOT_FOUND');
    });

    it.each(['admin', 'compliance'] as const)('FORBIDDEN: %s does not decide business', async (who) => {
      await refusedNo(who, (await givenProposedVoid(t)).id, 'FORBIDDEN');
    });

    it('CHANGE_REQUEST_NOT_PENDING: a no after a yes, and a second no', async () => {
      const [approved, rejected] = [await givenProposedVoid(t), await givenProposedVoid(t)];
      await approve(t, approved);
      await refusedNo('supervisor2', approved.id, 'CHANGE_REQUEST_NOT_PENDING', { status: 'EXECUTED' });
      await t.as('supervisor').mutate('rejectChangeRequest', { id: rejected.id, reason: 'no' });
      await refusedNo('supervisor', rejected.id, 'CHANGE_REQUEST_NOT_PENDING', { status: 'REJECTED' });
      expect(await decisionsOn(t, rejected.id)).toHaveLength(1);
    });

    it('CHANGE_REQUEST_EXPIRED: nobody decides after the time', async () => {
      const { id } = await givenProposedVoid(t);
      await later(t, 72, async () => {
        const { code } = await t.as('supervisor').mutate('rejectChangeRequest', { id, reason: 'too late' });
        expect(code).toBe('CHANGE_REQUEST_EXPIRED');
        const { data } = await t.as('supervisor').gql('query ($id: ID!) { changeRequest(id: $id) { status } }', { id });
        expect(data!.changeRequest.status).toBe('EXPIRED');
      });
      expect(await decisionsOn(t, id)).toEqual([]);
    });

    it('MAKER_IS_CHECKER: one’s own, also while holding an approver’s role; withdrawing is for that', async () => {
      const { id } = await givenProposedVoid(t);
      await withRole(t, 'billing', 'supervisor', () => refusedNo('billing', id, 'MAKER_IS_CHECKER'));
    });

    it('NOT_AN_APPROVER: a role that the policy does not name', async () => {
      await refusedNo('supervisor', (await proposedGrant(t)).id, 'NOT_AN_APPROVER');
    });

    it('BAD_USER_INPUT: a no without a reason', async () => {
      const { id } = await givenProposedVoid(t);
      const before = await stateOf(t);
      for (const reason of ['', '   ', 'x'.repeat(2001)])
        expect((await t.as('supervisor').mutate('rejectChangeRequest', { id, reason })).code).toBe('BAD_USER_INPUT');
      expect((await t.as('supervisor').mutate('rejectChangeRequest', { id })).code).toBe('BAD_USER_INPUT');
      expect(await stateOf(t)).toEqual(before);
    });
  });
});
