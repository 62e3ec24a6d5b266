import { startTestApp, type TestApp } from '../support/app';
import { withDutiesMixed } from '../support/duties';
import { approve, eventsOf, expectRefused, NOBODYS_ID, type Refusal, rowOf, tally } from '../support/outcomes';
import { givenDelegation, givenVoidFor, later, requestRow, withRole } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await withDutiesMixed(t);
});
afterAll(() => t.close());
afterEach(() => t.rewind('DELETE FROM delegation'));

const revoke = (as: 'supervisor' | 'supervisor2' | 'admin', delegationId: string) =>
  t
    .as(as)
    .mutate(
      'revokeDelegation',
      { delegationId, reason: 'back' },
      'outcome delegation { running revokedAt revokedBy { id } version }',
    );
const refused = (as: Refusal['as'], input: object, code: string) =>
  expectRefused(t, {
    as,
    mutation: 'revokeDelegation',
    operation: 'delegation.revoke',
    input: { reason: 'back', ...input },
    code,
  });
const steps = async (id: string) =>
  (await t.as('auditor').gql(`{ changeRequest(id: "${id}") { steps { approvals state } } }`)).data!.changeRequest;

describe('delegation.revoke', () => {
  it.each(['supervisor', 'supervisor2', 'admin'] as const)('ends it at once: by %s', async (who) => {
    const request = await givenVoidFor(t, 'supervisor');
    const id = await givenDelegation(t, 'supervisor', 'supervisor2');
    const { answer, events } = await eventsOf(t, () => revoke(who, id));
    expect(answer.errors).toEqual([]);
    expect(answer.payload.delegation).toEqual({
      running: false,
      revokedAt: expect.any(String),
      revokedBy: { id: t.as(who).userId },
      version: 2,
    });
    expect(await rowOf(t, 'delegation', id)).toMatchObject({ revoked_by_id: t.as(who).userId, version: 2 });
    expect(events).toMatchObject([
      { action: 'delegation.revoked', outcome: 'DONE', actor: t.as(who).userId, subject: { id }, reason: 'back' },
    ]);
    expect((await approve(t, request, 'supervisor2')).code).toBe('NOT_AN_APPROVER');
  });

  it('takes back what was said by it, and the request waits for that again', async () => {
    const request = await givenVoidFor(t, 'supervisor', { stage: 2, roles: ['supervisor'] });
    const id = await givenDelegation(t, 'supervisor', 'supervisor2');
    expect((await approve(t, request, 'supervisor2')).payload.outcome).toBe('AWAITING_APPROVAL');
    expect(await steps(request.id)).toEqual({
      steps: [
        { approvals: 1, state: 'DONE' },
        { approvals: 0, state: 'OPEN' },
      ],
    });
    const { events } = await eventsOf(t, () => revoke('supervisor', id));
    expect(events.map(({ action }) => action)).toEqual(['delegation.revoked']);
    expect(await steps(request.id)).toEqual({
      steps: [
        { approvals: 0, state: 'OPEN' },
        { approvals: 0, state: 'LATER' },
      ],
    });
    // Whoever stood in has spoken. The delegator has not, and is asked again.
    expect((await approve(t, request, 'supervisor2')).code).toBe('DECISION_REPEATED');
    const { data } = await t.as('supervisor').gql('{ myApprovals(first: 100) { nodes { id } } }');
    expect(data!.myApprovals.nodes).toContainEqual({ id: request.id });
    expect((await approve(t, request, 'supervisor')).payload.outcome).toBe('AWAITING_APPROVAL');
    await withRole(t, 'billing2', 'supervisor', async () => {
      expect((await approve(t, request, 'billing2')).payload.changeRequest.status).toBe('EXECUTED');
    });
  });

  it('a right over something else does not keep it', async () => {
    const request = await givenVoidFor(t, 'supervisor', { stage: 2, roles: ['supervisor'] });
    const id = await givenDelegation(t, 'supervisor', 'supervisor2', { operations: ['invoice.void'] });
    await givenDelegation(t, 'supervisor', 'supervisor2', { operations: ['invoice.issue'] });
    await approve(t, request, 'supervisor2');
    await revoke('supervisor', id);
    expect((await steps(request.id)).steps[0]).toEqual({ approvals: 0, state: 'OPEN' });
  });

  it('leaves alone what was carried out', async () => {
    const request = await givenVoidFor(t, 'supervisor');
    const id = await givenDelegation(t, 'supervisor', 'supervisor2');
    await approve(t, request, 'supervisor2');
    await revoke('supervisor', id);
    expect(await requestRow(t, request.id)).toMatchObject({
      status: 'EXECUTED',
      approved_by_id: t.as('supervisor2').userId,
    });
  });

  const ROUNDS = 8;
  it(`raced with the yes that it allows, ${ROUNDS} rounds: either it was said before, or it is not said`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const request = await givenVoidFor(t, 'supervisor');
      const id = await givenDelegation(t, 'supervisor', 'supervisor2');
      const work = [() => approve(t, request, 'supervisor2'), () => revoke('supervisor', id)];
      const answers = await Promise.all((round % 2 ? work : work.toReversed()).map((each) => each()));
      const { status } = await requestRow(t, request.id);
      expect([status, tally(answers)]).toEqual(
        status === 'EXECUTED' ? [status, { DONE: 2 }] : ['PENDING', { DONE: 1, NOT_AN_APPROVER: 1 }],
      );
    }
  });

  it('raced with itself: once', async () => {
    const id = await givenDelegation(t, 'supervisor', 'supervisor2');
    const answers = await Promise.all([revoke('supervisor', id), revoke('supervisor2', id), revoke('admin', id)]);
    expect(tally(answers)).toEqual({ DONE: 1, DELEGATION_NOT_REVOCABLE: 2 });
  });

  describe('refuses, in this order', () => {
    it('UNAUTHENTICATED, NOT_FOUND, FORBIDDEN', async () => {
      const delegationId = await givenDelegation(t, 'supervisor', 'supervisor2');
      await refused('nobody', { delegationId }, 'UNAUTHENTICATED');
      await refused('supervisor', { delegationId: NOBODYS_ID }, 'NOT_FOUND');
      // A foreign one is answered like an unknown one.
      for (const who of ['billing', 'stranger'] as const) await refused(who, { delegationId }, 'NOT_FOUND');
      for (const who of ['auditor', 'compliance'] as const) await refused(who, { delegationId }, 'FORBIDDEN');
    });

    it('VERSION_CONFLICT, DELEGATION_NOT_REVOCABLE: revoked, or over', async () => {
      const delegationId = await givenDelegation(t, 'supervisor', 'supervisor2');
      await refused('supervisor', { delegationId, expectedVersion: 2 }, 'VERSION_CONFLICT');
      await later(t, 25, () => refused('supervisor', { delegationId }, 'DELEGATION_NOT_REVOCABLE'));
      await revoke('supervisor', delegationId);
      await refused('supervisor2', { delegationId }, 'DELEGATION_NOT_REVOCABLE');
    });

    it('the API’s own login neither moves nor revives one', async () => {
      const id = await givenDelegation(t, 'supervisor', 'supervisor2');
      await expect(t.apiSql(`UPDATE delegation SET ends_at = '2999-01-01'`)).rejects.toMatchObject({ code: '42501' });
      await revoke('supervisor', id);
      await expect(t.apiSql('UPDATE delegation SET revoked_at = NULL, revoked_by_id = NULL')).rejects.toMatchObject({
        code: '23514',
      });
    });
  });
});
