import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, expectRefused, NOBODYS_ID, rowOf, tally, told } from '../support/outcomes';
import { freshCode, givenAccount, givenAgent, givenLob } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'assignAgent', operation: 'agent.assign' };
const scene = async () => ({
  agentId: await givenAgent(t, { hiredOn: '2024-01-01' }),
  lobId: await givenLob(t, await givenAccount(t)),
});

describe('agent.assign', () => {
  it('assigns: payload, row, event and actor', async () => {
    const { agentId, lobId } = await scene();
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('operations')
        .mutate(
          'assignAgent',
          { agentId, lobId, startsOn: '2024-01-01' },
          'outcome agent { id currentLob { id } } assignment { id startsOn endsOn endReason version agent { id } lob { id } }',
        ),
    );
    const { id } = answer.payload.assignment;
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      agent: { id: agentId, currentLob: { id: lobId } },
      assignment: {
        id,
        startsOn: '2024-01-01',
        endsOn: null,
        endReason: null,
        version: 1,
        agent: { id: agentId },
        lob: { id: lobId },
      },
    });
    expect(await rowOf(t, 'assignment', id)).toMatchObject({ agent_id: agentId, lob_id: lobId, ends_on: null });
    expect(told(events)).toEqual([
      {
        action: 'agent.assigned',
        outcome: 'DONE',
        actor: t.as('operations').userId,
        onBehalfOf: null,
        subject: { type: 'Agent', id: agentId, version: 2 },
        reason: null,
      },
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'assignment', before: null, after: id },
      { path: 'lob', before: null, after: lobId },
      { path: 'startsOn', before: null, after: '2024-01-01' },
    ]);
    const byLob = await t
      .as('operations')
      .gql('query ($lobId: ID) { agents(filter: { lobId: $lobId, free: false }) { nodes { id } } }', { lobId });
    expect(byLob.data!.agents.nodes).toEqual([{ id: agentId }]);
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'billing', {}, 'FORBIDDEN'],
    ['an unknown agent', 'operations', { agentId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an unknown LOB', 'operations', { lobId: NOBODYS_ID }, 'NOT_FOUND'],
    ['ids that are none', 'operations', { agentId: 'x', lobId: 'y' }, 'NOT_FOUND'],
    ['a start before the hiring', 'operations', { startsOn: '2023-12-31' }, 'ASSIGNMENT_BEFORE_HIRING'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: { ...(await scene()), startsOn: '2024-06-01', ...more }, code });
  });

  it('refuses a closed LOB, before the hiring', async () => {
    const { agentId, lobId } = await scene();
    await t.as('operations').mutate('closeLob', { lobId, reason: 'over' });
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: { agentId, lobId, startsOn: '2000-01-01' },
      code: 'LOB_CLOSED',
    });
  });

  it('refuses what overlaps, however it lies, and takes what follows on the day of the end', async () => {
    const { agentId, lobId } = await scene();
    const first = await t
      .as('operations')
      .mutate('assignAgent', { agentId, lobId, startsOn: '2024-03-01' }, 'assignment { id }');
    for (const startsOn of ['2024-01-01', '2024-03-01', '2030-01-01'])
      await expectRefused(t, {
        as: 'operations',
        ...op,
        input: { agentId, lobId, startsOn },
        code: 'ASSIGNMENT_OVERLAPS',
      });
    await t
      .as('operations')
      .mutate('endAssignment', { assignmentId: first.payload.assignment.id, endsOn: '2024-04-01', reason: 'over' });
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: { agentId, lobId, startsOn: '2024-03-31' },
      code: 'ASSIGNMENT_OVERLAPS',
    });
    expect(
      (await t.as('operations').mutate('assignAgent', { agentId, lobId, startsOn: '2024-04-01' })).payload.outcome,
    ).toBe('DONE');
  });

  it('is done once for those who race, and never overlaps', async () => {
    const { agentId, lobId } = await scene();
    const keyed = { agentId, lobId, startsOn: '2024-03-01', idempotencyKey: freshCode('KEY') };
    const same = await Promise.all(
      Array.from({ length: 4 }, () => t.as('operations').mutate('assignAgent', keyed, 'outcome assignment { id }')),
    );
    expect(tally(same)).toEqual({ DONE: 4 });
    expect(new Set(same.map(({ payload }) => payload.assignment.id)).size).toBe(1);
    const other = await givenAgent(t);
    const lobs = [lobId, await givenLob(t, await givenAccount(t)), await givenLob(t, await givenAccount(t))];
    const raced = await Promise.all(
      Array.from({ length: 9 }, (_, n) =>
        t.as('operations').mutate('assignAgent', { agentId: other, lobId: lobs[n % 3], startsOn: `2024-03-0${n + 1}` }),
      ),
    );
    expect(tally(raced)).toEqual({ DONE: 1, ASSIGNMENT_OVERLAPS: 8 });
    expect(await t.sql('SELECT count(*)::int AS n FROM assignment WHERE agent_id = $1', [other])).toEqual([{ n: 1 }]);
  });

  it('cannot overlap in the database either', async () => {
    const { agentId, lobId } = await scene();
    const insert = (from: string, to: string | null) =>
      t.apiSql(
        'INSERT INTO assignment (id, agent_id, lob_id, starts_on, ends_on) VALUES (gen_random_uuid(), $1, $2, $3, $4)',
        [agentId, lobId, from, to],
      );
    await insert('2024-01-01', '2024-02-01');
    await insert('2024-02-01', '2024-02-01');
    await insert('2024-02-01', null);
    await expect(insert('2024-01-31', '2024-02-02')).rejects.toMatchObject({ constraint: 'assignment_overlaps' });
    await expect(insert('2024-03-02', '2024-03-01')).rejects.toMatchObject({
      code: expect.stringMatching(/^2(2000|3514)$/),
    });
    await expect(
      t.apiSql('UPDATE assignment SET starts_on = starts_on WHERE agent_id = $1', [agentId]),
    ).rejects.toMatchObject({ code: '42501' });
    await expect(t.apiSql('DELETE FROM assignment WHERE agent_id = $1', [agentId])).rejects.toMatchObject({
      code: '42501',
    });
  });
});
