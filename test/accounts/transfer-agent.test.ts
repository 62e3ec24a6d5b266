import { startTestApp, type TestApp } from '../support/app';
import {
  approve,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  rowOf,
  tally,
  told,
  withoutPolicy,
} from '../support/outcomes';
import { freshCode, givenAccount, givenAgent, givenLob } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'requestAgentTransfer', operation: 'agent.transfer' };

async function scene() {
  const agentId = await givenAgent(t);
  const [from, toLobId] = [await givenLob(t, await givenAccount(t)), await givenLob(t, await givenAccount(t))];
  const assigned = await t
    .as('operations')
    .mutate('assignAgent', { agentId, lobId: from, startsOn: '2024-01-01' }, 'assignment { id }');
  return { agentId, from, toLobId, assignmentId: assigned.payload.assignment.id as string };
}

const periods = (agentId: string) =>
  t.sql(
    'SELECT lob_id, starts_on::text, ends_on::text, end_reason FROM assignment WHERE agent_id = $1 ORDER BY starts_on, ends_on',
    [agentId],
  );

describe('agent.transfer', () => {
  it('waits, then ends the one and begins the other on the same date', async () => {
    const { agentId, from, toLobId } = await scene();
    const request = await proposed(t, 'operations', 'requestAgentTransfer', {
      agentId,
      toLobId,
      startsOn: '2024-06-01',
      reason: 'peak',
    });
    expect(await periods(agentId)).toEqual([
      { lob_id: from, starts_on: '2024-01-01', ends_on: null, end_reason: null },
    ]);
    const { events } = await eventsOf(t, () => approve(t, request));
    expect(await periods(agentId)).toEqual([
      { lob_id: from, starts_on: '2024-01-01', ends_on: '2024-06-01', end_reason: 'transferred' },
      { lob_id: toLobId, starts_on: '2024-06-01', ends_on: null, end_reason: null },
    ]);
    expect(told(events)[0]).toEqual({
      action: 'agent.transferred',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('operations').userId,
      subject: { type: 'Agent', id: agentId, version: 3 },
      reason: 'peak',
    });
    expect(events[0]!.changes).toEqual([
      { path: 'lob', before: from, after: toLobId },
      { path: 'startsOn', before: null, after: '2024-06-01' },
    ]);
    const { data } = await t
      .as('operations')
      .gql('query ($id: ID!) { agent(id: $id) { currentLob { id } } }', { id: agentId });
    expect(data!.agent.currentLob).toEqual({ id: toLobId });
  });

  it('shows on the agent while it waits', async () => {
    const { agentId, toLobId } = await scene();
    const request = await proposed(t, 'operations', 'requestAgentTransfer', {
      agentId,
      toLobId,
      startsOn: '2024-06-01',
      reason: 'peak',
    });
    const { data } = await t
      .as('supervisor')
      .gql('query ($id: ID!) { agent(id: $id) { pendingChanges { id operation reason } } }', { id: agentId });
    expect(data!.agent.pendingChanges).toEqual([{ id: request.id, operation: 'agent.transfer', reason: 'peak' }]);
  });

  it('on the first day of the assignment leaves that one without a day', async () => {
    const { agentId, from, toLobId } = await scene();
    await approve(
      t,
      await proposed(t, 'operations', 'requestAgentTransfer', {
        agentId,
        toLobId,
        startsOn: '2024-01-01',
        reason: 'wrong team',
      }),
    );
    expect(await periods(agentId)).toEqual([
      { lob_id: from, starts_on: '2024-01-01', ends_on: '2024-01-01', end_reason: 'transferred' },
      { lob_id: toLobId, starts_on: '2024-01-01', ends_on: null, end_reason: null },
    ]);
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['a blank reason', 'operations', { reason: ' ' }, 'BAD_USER_INPUT'],
    ['an unknown agent', 'operations', { agentId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an unknown LOB', 'operations', { toLobId: NOBODYS_ID }, 'NOT_FOUND'],
    [
      'another version of the agent than there is',
      'operations',
      { expectedVersion: 3, startsOn: '2023-01-01' },
      'VERSION_CONFLICT',
    ],
    ['a date on which the agent works nowhere', 'operations', { startsOn: '2023-12-31' }, 'AGENT_NOT_ASSIGNED'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    const { agentId, toLobId } = await scene();
    await expectRefused(t, {
      as,
      ...op,
      input: { agentId, toLobId, startsOn: '2024-06-01', reason: 'peak', ...more },
      code,
    });
  });

  it('refuses a closed LOB, then the LOB where the agent is', async () => {
    const { agentId, from, toLobId } = await scene();
    await t.as('operations').mutate('closeLob', { lobId: toLobId, reason: 'over' });
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: { agentId, toLobId, startsOn: '2020-01-01', reason: 'peak' },
      code: 'LOB_CLOSED',
    });
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: { agentId, toLobId: from, startsOn: '2024-06-01', reason: 'peak' },
      code: 'TRANSFER_TO_SAME_LOB',
    });
  });

  it('refuses to run into an assignment that was planned after', async () => {
    const { agentId, toLobId, assignmentId, from } = await scene();
    await t.as('operations').mutate('endAssignment', { assignmentId, endsOn: '2024-09-01', reason: 'planned' });
    await t.as('operations').mutate('assignAgent', { agentId, lobId: from, startsOn: '2024-10-01' });
    await withoutPolicy(t, 'agent.transfer', () =>
      expectRefused(t, {
        as: 'operations',
        ...op,
        input: { agentId, toLobId, startsOn: '2024-06-01', reason: 'peak' },
        code: 'ASSIGNMENT_OVERLAPS',
      }),
    );
  });

  it('is carried out once, however many requests race', async () => {
    const { agentId, toLobId } = await scene();
    const requests = [];
    for (const day of [1, 2, 3, 4])
      requests.push(
        await proposed(t, 'operations', 'requestAgentTransfer', {
          agentId,
          toLobId,
          startsOn: `2024-06-0${day}`,
          reason: 'peak',
        }),
      );
    const answers = await Promise.all(
      requests.map((request, n) => approve(t, request, n % 2 ? 'supervisor' : 'supervisor2')),
    );
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_STALE: 3 });
    expect(await periods(agentId)).toHaveLength(2);
  });

  it('is done once for one key, and without one the second finds the agent there already', async () => {
    const { agentId, toLobId } = await scene();
    const input = { agentId, toLobId, startsOn: '2024-06-01', reason: 'peak' };
    await withoutPolicy(t, 'agent.transfer', async () => {
      const keyed = { ...input, idempotencyKey: freshCode('KEY') };
      const same = await Promise.all(
        Array.from({ length: 4 }, () =>
          t.as('operations').mutate('requestAgentTransfer', keyed, 'outcome assignment { id }'),
        ),
      );
      expect(tally(same)).toEqual({ DONE: 4 });
      expect(new Set(same.map(({ payload }) => payload.assignment.id)).size).toBe(1);
      await expectRefused(t, { as: 'operations', ...op, input, code: 'TRANSFER_TO_SAME_LOB' });
    });
    expect(await periods(agentId)).toHaveLength(2);
    expect((await rowOf(t, 'agent', agentId)).version).toBeGreaterThanOrEqual(1);
  });
});
