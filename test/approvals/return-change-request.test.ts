import { startTestApp, type TestApp } from '../support/app';
import { approve, expectRefused, NOBODYS_ID, type Refusal, rowOf } from '../support/outcomes';
import { trail } from '../support/scene';
import { decisionsOn, givenProposedVoid, later, requestRow, withoutRole } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const seen = ({ id, revision }: { id: string; revision: number }) => ({ id, revision });

const refusedReturn = (as: Refusal['as'], input: object, code: string, details?: Record<string, unknown>) =>
  expectRefused(t, {
    as,
    mutation: 'returnChangeRequest',
    operation: 'changeRequest.return',
    input: { reason: 'not like this', ...input },
    code,
    ...(details && { details }),
  });

describe('changeRequest.return', () => {
  it('sends a change back to its maker, who reads why', async () => {
    const request = await givenProposedVoid(t);
    const { payload, errors } = await t
      .as('supervisor')
      .mutate(
        'returnChangeRequest',
        { ...seen(request), reason: 'say which invoice replaces it' },
        'outcome changeRequest { status closedAt canDecide decisions { verdict comment revision decidedBy { id } } }',
      );
    expect(errors).toEqual([]);
    expect(payload).toEqual({
      outcome: 'DONE',
      changeRequest: {
        status: 'RETURNED',
        closedAt: null,
        canDecide: false,
        decisions: [
          {
            verdict: 'RETURNED',
            comment: 'say which invoice replaces it',
            revision: 1,
            decidedBy: { id: t.as('supervisor').userId },
          },
        ],
      },
    });
    expect((await rowOf(t, 'invoice', request.invoiceId)).status).toBe('ISSUED');
    expect((await trail(t, 'change_request_id = $1', [request.id])).at(-1)).toMatchObject({
      action: 'changeRequest.returned',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      reason: 'say which invoice replaces it',
      changes: [{ path: 'status', before: 'PENDING', after: 'RETURNED' }],
    });
  });

  it('nobody decides it while it is with its maker', async () => {
    const request = await givenProposedVoid(t);
    await t.as('supervisor').mutate('returnChangeRequest', { ...seen(request), reason: 'no' });
    expect((await approve(t, request, 'supervisor2')).code).toBe('CHANGE_REQUEST_NOT_PENDING');
    await refusedReturn('supervisor2', seen(request), 'CHANGE_REQUEST_NOT_PENDING', { status: 'RETURNED' });
    expect(await decisionsOn(t, request.id)).toHaveLength(1);
  });

  it('its maker can still take it back, and it expires like any other', async () => {
    const [one, other] = [await givenProposedVoid(t), await givenProposedVoid(t)];
    for (const each of [one, other])
      await t.as('supervisor').mutate('returnChangeRequest', { ...seen(each), reason: 'no' });
    await t.as('billing').mutate('withdrawChangeRequest', { id: one.id });
    expect((await requestRow(t, one.id)).status).toBe('WITHDRAWN');
    await later(t, 73, async () => {
      const query = 'query ($id: ID!) { changeRequest(id: $id) { status } }';
      expect((await t.as('billing').gql(query, { id: other.id })).data).toEqual({
        changeRequest: { status: 'EXPIRED' },
      });
      const answer = await t.as('billing').mutate('withdrawChangeRequest', { id: other.id });
      expect(answer.code).toBe('CHANGE_REQUEST_EXPIRED');
    });
    expect((await requestRow(t, other.id)).status).toBe('EXPIRED');
  });

  describe('refuses, in this order', () => {
    it('UNAUTHENTICATED, FORBIDDEN, NOT_FOUND', async () => {
      const { id } = await givenProposedVoid(t);
      await refusedReturn('nobody', { id }, 'UNAUTHENTICATED');
      await refusedReturn('auditor', { id }, 'FORBIDDEN');
      await refusedReturn('supervisor', { id: NOBODYS_ID }, 'NOT_FOUND');
    });

    it('MAKER_IS_CHECKER: also a maker who may return', async () => {
      const { payload } = await t
        .as('admin')
        .mutate('grantRole', { userId: t.as('stranger').userId, role: 'auditor', reason: 'a new colleague' });
      await refusedReturn('admin', seen(payload.changeRequest), 'MAKER_IS_CHECKER');
    });

    it('NOT_AN_APPROVER: a role that was lost meanwhile', async () => {
      const request = await givenProposedVoid(t);
      await withoutRole(t, 'supervisor', 'supervisor', () => refusedReturn('supervisor', seen(request), 'FORBIDDEN'));
    });

    it('CHANGE_REQUEST_MOVED: another revision than was seen', async () => {
      const request = await givenProposedVoid(t);
      await refusedReturn('supervisor', { ...seen(request), revision: 2 }, 'CHANGE_REQUEST_MOVED');
    });
  });
});
