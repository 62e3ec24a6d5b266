import { startTestApp, type TestApp } from '../support/app';
import { withDutiesMixed } from '../support/duties';
import type { CastName } from '../support/cast';
import { approve, eventsOf, expectRefused, NOBODYS_ID, type Refusal, tally, type Waiting } from '../support/outcomes';
import {
  givenDelegation,
  givenProposedVoid,
  givenVoidFor,
  later,
  proposedGrant,
  requestRow,
  withoutRole,
  withRole,
  withSteps,
} from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await withDutiesMixed(t);
});
afterAll(() => t.close());
afterEach(() => t.rewind('DELETE FROM delegation'));

const of = ({ id, revision }: Waiting, assignee: CastName | null, more: object = {}) => ({
  id,
  revision,
  assigneeId: assignee && t.as(assignee).userId,
  reason: 'knows them',
  ...more,
});
const reassign = (as: CastName, request: Waiting, assignee: CastName | null) =>
  t
    .as(as)
    .mutate('reassignChangeRequest', of(request, assignee), 'outcome changeRequest { canDecide assignee { id } }');
const refused = (as: Refusal['as'], input: object, code: string, details?: Record<string, unknown>) =>
  expectRefused(t, {
    as,
    mutation: 'reassignChangeRequest',
    operation: 'changeRequest.reassign',
    input,
    code,
    ...(details && { details }),
  });

/** What a yes gets as far as, without being said: MOVED is as far as it goes. */
const tried = async (who: CastName, request: Waiting) =>
  (await approve(t, { ...request, digest: '0'.repeat(64) }, who)).code;
const isListed = async (who: CastName, { id }: Waiting): Promise<boolean> => {
  const { data } = await t
    .as(who)
    .gql(`query ($id: ID!) { changeRequest(id: $id) { canDecide } myApprovals(first: 100) { nodes { id } } }`, { id });
  const listed = data!.myApprovals.nodes.some((each: { id: string }) => each.id === id);
  expect(data!.changeRequest.canDecide).toBe(listed);
  return listed;
};
const assigneeOf = async ({ id }: Waiting) => (await requestRow(t, id)).assignee_id as string | null;

describe('changeRequest.reassign', () => {
  it('makes it one person’s turn alone', async () => {
    const request = await givenProposedVoid(t);
    const { answer, events } = await eventsOf(t, () => reassign('supervisor', request, 'supervisor2'));
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      changeRequest: { canDecide: false, assignee: { id: t.as('supervisor2').userId } },
    });
    expect(await assigneeOf(request)).toBe(t.as('supervisor2').userId);
    expect(events).toMatchObject([
      {
        action: 'changeRequest.reassigned',
        outcome: 'DONE',
        actor: t.as('supervisor').userId,
        changeRequest: request.id,
        reason: 'knows them',
        changes: [{ path: 'assignee', before: null, after: t.as('supervisor2').userId }],
      },
    ]);
    expect([await isListed('supervisor', request), await isListed('supervisor2', request)]).toEqual([false, true]);
    expect(await tried('supervisor', request)).toBe('ASSIGNED_TO_ANOTHER');
    expect((await approve(t, request, 'supervisor2')).payload.changeRequest.status).toBe('EXECUTED');
  });

  it('is passed on by its assignee, and given back to all by those who oversee', async () => {
    const request = await givenProposedVoid(t);
    await reassign('supervisor', request, 'supervisor2');
    await refused('supervisor', of(request, null), 'ASSIGNED_TO_ANOTHER');
    expect((await reassign('supervisor2', request, 'supervisor')).errors).toEqual([]);
    for (const who of ['admin', 'compliance'] as const) {
      expect((await reassign(who, request, null)).errors).toEqual([]);
      expect(await isListed('supervisor2', request)).toBe(true);
      expect((await reassign(who, request, 'supervisor')).errors).toEqual([]);
      expect(await isListed('supervisor2', request)).toBe(false);
    }
  });

  it('whoever stands in for the assignee decides it, too; for another, not', async () => {
    const request = await givenProposedVoid(t);
    await reassign('admin', request, 'supervisor2');
    await withRole(t, 'billing2', 'supervisor', async () => {
      await givenDelegation(t, 'supervisor', 'billing2');
      expect(await tried('billing2', request)).toBe('ASSIGNED_TO_ANOTHER');
      await givenDelegation(t, 'supervisor2', 'billing2');
      expect(await isListed('billing2', request)).toBe(true);
      expect((await approve(t, request, 'billing2')).payload.changeRequest.status).toBe('EXECUTED');
    });
  });

  it('is void with the next yes, and with a revision', async () => {
    const request = await givenVoidFor(t, 'supervisor', { stage: 2, roles: ['supervisor'] });
    await reassign('admin', request, 'supervisor');
    expect((await approve(t, request, 'supervisor')).payload.outcome).toBe('AWAITING_APPROVAL');
    expect(await assigneeOf(request)).toBeNull();
    expect((await reassign('admin', request, 'supervisor2')).errors).toEqual([]);
    const input = { invoiceId: request.invoiceId, reason: 'billed three times' };
    const revised = await t.as('billing').mutate('reviseChangeRequest', { id: request.id, input }, 'outcome');
    expect(revised.errors).toEqual([]);
    expect(await requestRow(t, request.id)).toMatchObject({ revision: 2, assignee_id: null });
  });

  describe('whose assignee can decide it no more is everybody’s again', () => {
    const given = async () => {
      const request = await givenProposedVoid(t);
      await reassign('admin', request, 'supervisor2');
      expect(await isListed('supervisor', request)).toBe(false);
      return request;
    };

    it('a role that is gone, for as long as it is gone', async () => {
      const request = await given();
      await withoutRole(t, 'supervisor2', 'supervisor', async () => {
        expect(await isListed('supervisor', request)).toBe(true);
        expect(await tried('supervisor', request)).toBe('CHANGE_REQUEST_MOVED');
      });
      expect(await isListed('supervisor', request)).toBe(false);
    });

    it('somebody who was deactivated', async () => {
      const request = await given();
      const set = (at: Date | null) =>
        t.rewind('UPDATE app_user SET deactivated_at = $2 WHERE id = $1', [t.as('supervisor2').userId, at]);
      await set(new Date());
      try {
        expect(await isListed('supervisor', request)).toBe(true);
        expect((await approve(t, request)).payload.changeRequest.status).toBe('EXECUTED');
      } finally {
        await set(null);
      }
    });

    it('somebody who stands in for its maker now', async () => {
      const request = await given();
      await withRole(t, 'billing', 'supervisor', () => givenDelegation(t, 'billing', 'supervisor2'));
      expect(await tried('supervisor2', request)).toBe('DELEGATE_OF_MAKER');
      expect(await isListed('supervisor', request)).toBe(true);
    });
  });

  it('a request from before there were steps is passed on, too', async () => {
    const request = await givenProposedVoid(t);
    await t.rewind('UPDATE change_request SET steps = NULL WHERE id = $1', [request.id]);
    expect((await reassign('supervisor', request, 'supervisor2')).errors).toEqual([]);
    expect([await isListed('supervisor', request), await isListed('supervisor2', request)]).toEqual([false, true]);
  });

  it('repeated under its key it is done once; raced, each sees what the one before did', async () => {
    const request = await givenProposedVoid(t);
    const input = of(request, 'supervisor2', { idempotencyKey: `turn-${request.id}` });
    const ask = () => t.as('admin').mutate('reassignChangeRequest', input, 'outcome');
    expect(tally(await Promise.all([ask(), ask(), ask()]))).toEqual({ DONE: 3 });
    expect((await requestRow(t, request.id)).version).toBe(2);
    const answers = await Promise.all([
      reassign('admin', request, 'supervisor'),
      reassign('admin2', request, 'supervisor'),
      approve(t, { ...request, digest: '0'.repeat(64) }, 'supervisor2'),
    ]);
    expect(
      answers
        .slice(0, 2)
        .map(({ code }) => code ?? 'DONE')
        .toSorted(),
    ).toEqual(['DONE', 'NOTHING_TO_CHANGE']);
    expect(['CHANGE_REQUEST_MOVED', 'ASSIGNED_TO_ANOTHER']).toContain(answers[2].code);
  });

  describe('refuses, in this order', () => {
    it('UNAUTHENTICATED, FORBIDDEN, NOT_FOUND', async () => {
      const request = await givenProposedVoid(t);
      await refused('nobody', of(request, 'supervisor'), 'UNAUTHENTICATED');
      for (const who of ['billing', 'auditor', 'operations'] as const)
        await refused(who, of(request, 'supervisor'), 'FORBIDDEN');
      await refused('admin', of(request, 'supervisor', { id: NOBODYS_ID }), 'NOT_FOUND', { type: 'ChangeRequest' });
      for (const assigneeId of [NOBODYS_ID, 'x'])
        await refused('admin', of(request, null, { assigneeId }), 'NOT_FOUND', { type: 'User' });
    });

    it('CHANGE_REQUEST_NOT_PENDING, CHANGE_REQUEST_EXPIRED', async () => {
      const [done, late] = [await givenProposedVoid(t), await givenProposedVoid(t)];
      await approve(t, done);
      await refused('admin', of(done, 'supervisor2'), 'CHANGE_REQUEST_NOT_PENDING', { status: 'EXECUTED' });
      await later(t, 73, async () => {
        expect((await reassign('admin', late, 'supervisor2')).code).toBe('CHANGE_REQUEST_EXPIRED');
      });
      expect((await requestRow(t, late.id)).status).toBe('EXPIRED');
    });

    it('MAKER_IS_CHECKER, DELEGATE_OF_MAKER: nobody chooses who decides what they proposed, also those who oversee', async () => {
      const request = await proposedGrant(t, 'admin');
      await refused('admin', of(request, 'compliance'), 'MAKER_IS_CHECKER');
      await givenDelegation(t, 'admin', 'admin2');
      await refused('admin2', of(request, 'compliance'), 'DELEGATE_OF_MAKER');
    });

    it('NOT_AN_APPROVER: a supervisor whom no open step names; CHANGE_REQUEST_MOVED; NOTHING_TO_CHANGE', async () => {
      const request = await givenVoidFor(t, 'supervisor');
      await refused('supervisor2', of(request, 'supervisor'), 'NOT_AN_APPROVER');
      await refused('supervisor', of(request, 'supervisor', { revision: 2 }), 'CHANGE_REQUEST_MOVED');
      await refused('supervisor', of(request, null), 'NOTHING_TO_CHANGE');
      await reassign('supervisor', request, 'supervisor');
      await refused('supervisor', of(request, 'supervisor'), 'NOTHING_TO_CHANGE');
    });

    it('ASSIGNEE_UNFIT, and why', async () => {
      const request = await withSteps(
        t,
        'invoice.void',
        [
          { roles: ['supervisor'], quorum: 2 },
          { stage: 2, people: [t.as('stranger').userId] },
        ],
        () => givenProposedVoid(t),
      );
      const unfit = (assignee: CastName, code: string) =>
        refused('admin', of(request, assignee), 'ASSIGNEE_UNFIT', { code });
      await unfit('billing', 'MAKER_IS_CHECKER');
      await withRole(t, 'billing', 'supervisor', () => unfit('billing', 'MAKER_IS_CHECKER'));
      for (const who of ['compliance', 'operations', 'stranger'] as const) await unfit(who, 'NOT_AN_APPROVER');
      // Who could decide it only for another has no turn of their own.
      await givenDelegation(t, 'supervisor', 'compliance');
      await unfit('compliance', 'NOT_AN_APPROVER');
      await approve(t, request, 'supervisor');
      await unfit('supervisor', 'DECISION_REPEATED');
      await t.sql(
        `INSERT INTO approval_limit (id, user_id, currency, per_request_minor) VALUES (gen_random_uuid(), $1, 'USD', 1)`,
        [t.as('supervisor2').userId],
      );
      await unfit('supervisor2', 'LIMIT_EXCEEDED');
      await t.sql('DELETE FROM approval_limit');
    });
  });
});
