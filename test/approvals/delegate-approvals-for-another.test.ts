import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { approve, eventsOf, expectRefused, NOBODYS_ID, proposed, type Refusal } from '../support/outcomes';
import { givenVoidFor, HOUR, requestRow } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
afterEach(() => t.rewind('DELETE FROM delegation'));

const from = (who: CastName, to: CastName, more: object = {}) => ({
  delegatorId: t.as(who).userId,
  delegateId: t.as(to).userId,
  endsAt: new Date(Date.now() + 24 * HOUR).toISOString(),
  outOfOffice: true,
  reason: 'ill',
  ...more,
});
const refused = (as: Refusal['as'], input: object, code: string, details?: Record<string, unknown>) =>
  expectRefused(t, {
    as,
    mutation: 'delegateApprovalsForAnother',
    operation: 'delegation.createForAnother',
    input,
    code,
    ...(details && { details }),
  });
const delegations = () => t.sql('SELECT delegator_id, delegate_id, out_of_office FROM delegation');

describe('delegation.createForAnother', () => {
  it('has somebody stand in for one who is ill, once somebody else approved it', async () => {
    const request = await proposed(t, 'admin', 'delegateApprovalsForAnother', from('supervisor', 'supervisor2'));
    expect(await delegations()).toEqual([]);
    expect((await approve(t, request, 'admin')).code).toBe('MAKER_IS_CHECKER');
    expect((await approve(t, request, 'supervisor')).code).toBe('NOT_AN_APPROVER');
    const { answer, events } = await eventsOf(t, () => approve(t, request, 'compliance'));
    expect(answer.payload.changeRequest.status).toBe('EXECUTED');
    expect(await delegations()).toEqual([
      { delegator_id: t.as('supervisor').userId, delegate_id: t.as('supervisor2').userId, out_of_office: true },
    ]);
    expect(events).toMatchObject([
      {
        action: 'delegation.created',
        outcome: 'DONE',
        actor: t.as('compliance').userId,
        onBehalfOf: t.as('admin').userId,
        reason: 'ill',
      },
      { action: 'changeRequest.approved', actor: t.as('compliance').userId },
    ]);
    const waiting = await givenVoidFor(t, 'supervisor');
    expect((await approve(t, waiting, 'supervisor2')).payload.changeRequest.status).toBe('EXECUTED');
  });

  it('always needs a second person', async () => {
    const [policy] = await t.sql(`SELECT id FROM approval_policy WHERE operation = 'delegation.createForAnother'`);
    const weaker = { approvalPolicyId: policy!.id, active: false, reason: 'quicker' };
    expect((await t.as('admin').mutate('changeApprovalPolicy', weaker, 'outcome')).code).toBe('POLICY_NOT_WEAKENABLE');
  });

  it('is proposed once, repeated or raced', async () => {
    const input = from('supervisor', 'supervisor2', { idempotencyKey: 'ill-1' });
    const ask = () => t.as('admin').mutate('delegateApprovalsForAnother', input);
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(new Set(answers.map(({ payload }) => payload.changeRequest.id)).size).toBe(1);
  });

  it('nobody approves what gives them a right', async () => {
    const request = await proposed(t, 'admin', 'delegateApprovalsForAnother', from('compliance', 'admin2'));
    expect((await approve(t, request, 'admin2')).code).toBe('MAKER_IS_CHECKER');
    expect((await requestRow(t, request.id)).status).toBe('PENDING');
    expect(await delegations()).toEqual([]);
  });

  it('refuses, in this order: UNAUTHENTICATED, FORBIDDEN, NOT_FOUND', async () => {
    const input = from('supervisor', 'supervisor2');
    await refused('nobody', input, 'UNAUTHENTICATED');
    for (const who of ['supervisor', 'compliance', 'auditor'] as const) await refused(who, input, 'FORBIDDEN');
    for (const wrong of [{ delegatorId: NOBODYS_ID }, { delegateId: 'x' }])
      await refused('admin', { ...input, ...wrong }, 'NOT_FOUND', { type: 'User' });
  });

  it('DELEGATION_BY_SAME_PERSON: not to oneself, nor from somebody to themselves', async () => {
    await refused('admin', from('compliance', 'admin'), 'DELEGATION_BY_SAME_PERSON');
    await refused('admin', from('supervisor', 'supervisor'), 'DELEGATION_BY_SAME_PERSON');
  });

  it('DELEGATION_PERIOD_INVALID, DELEGATE_UNFIT, DELEGATOR_UNFIT', async () => {
    const past = { startsAt: new Date(Date.now() - HOUR).toISOString() };
    await refused('admin', from('supervisor', 'supervisor2', past), 'DELEGATION_PERIOD_INVALID');
    await refused('admin', from('supervisor', 'billing'), 'DELEGATE_UNFIT');
    await refused('admin', from('billing', 'supervisor'), 'DELEGATOR_UNFIT');
    await refused('admin', from('compliance', 'supervisor', { operations: ['invoice.void'] }), 'DELEGATOR_UNFIT');
  });
});
