import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, expectRefused, NOBODYS_ID, rowOf, tally, told } from '../support/outcomes';
import { freshCode, givenAccount, givenAgent, givenLob } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterEach(() => {
  t.clock.at = null;
});
afterAll(() => t.close());

const op = { mutation: 'closeLob', operation: 'lob.close' };

const assign = async (agentId: string, lobId: string, startsOn = '2024-01-01'): Promise<string> =>
  (await t.as('operations').mutate('assignAgent', { agentId, lobId, startsOn }, 'assignment { id }')).payload.assignment
    .id;

describe('lob.close', () => {
  it('closes it and ends the assignments to it: payload, rows, event and actor', async () => {
    const accountId = await givenAccount(t, { timeZone: 'Asia/Kolkata' });
    const [lob, other] = [await givenLob(t, accountId), await givenLob(t, accountId)];
    const [agent, elsewhere] = [await givenAgent(t), await givenAgent(t)];
    const [ended, kept] = [await assign(agent, lob), await assign(elsewhere, other)];
    t.clock.at = new Date('2026-06-30T19:00:00Z');
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('operations')
        .mutate(
          'closeLob',
          { lobId: lob, reason: 'insourced', expectedVersion: 1 },
          'outcome lob { id status closedAt version } freedAgents { id }',
        ),
    );
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      lob: { id: lob, status: 'CLOSED', closedAt: '2026-06-30T19:00:00.000Z', version: 2 },
      freedAgents: [{ id: agent }],
    });
    const rows = await t.sql('SELECT id, ends_on::text, end_reason, version FROM assignment WHERE id = ANY($1)', [
      [ended, kept],
    ]);
    expect(rows).toEqual(
      expect.arrayContaining([
        { id: ended, ends_on: '2026-07-01', end_reason: 'LOB closed', version: 2 },
        { id: kept, ends_on: null, end_reason: null, version: 1 },
      ]),
    );
    expect(told(events)).toEqual([
      {
        action: 'lob.closed',
        outcome: 'DONE',
        actor: t.as('operations').userId,
        onBehalfOf: null,
        subject: { type: 'Lob', id: lob, version: 2 },
        reason: 'insourced',
      },
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'status', before: 'OPEN', after: 'CLOSED' },
      { path: 'freedAgents', before: null, after: [agent] },
    ]);
    expect((await rowOf(t, 'account', accountId)).status).toBe('OPEN');
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['a blank reason', 'operations', { reason: '' }, 'BAD_USER_INPUT'],
    ['an unknown LOB', 'operations', { lobId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'operations', { lobId: '0' }, 'NOT_FOUND'],
    ['another version than there is', 'operations', { expectedVersion: 9 }, 'VERSION_CONFLICT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    const lobId = await givenLob(t, await givenAccount(t));
    await expectRefused(t, { as, ...op, input: { lobId, reason: 'over', ...more }, code });
  });

  it('is done once: by key alike, without one refused, also raced', async () => {
    const lobId = await givenLob(t, await givenAccount(t));
    const keyed = { lobId, reason: 'over', idempotencyKey: freshCode('KEY') };
    const same = await Promise.all(
      Array.from({ length: 4 }, () => t.as('operations').mutate('closeLob', keyed, 'outcome lob { version }')),
    );
    expect(tally(same)).toEqual({ DONE: 4 });
    expect(new Set(same.map(({ payload }) => payload.lob.version))).toEqual(new Set([2]));
    await expectRefused(t, { as: 'operations', ...op, input: { lobId, reason: 'over' }, code: 'LOB_CLOSED' });
    const another = await givenLob(t, await givenAccount(t));
    const raced = await Promise.all(
      Array.from({ length: 6 }, () => t.as('operations').mutate('closeLob', { lobId: another, reason: 'over' })),
    );
    expect(tally(raced)).toEqual({ DONE: 1, LOB_CLOSED: 5 });
    expect((await rowOf(t, 'lob', another)).version).toBe(2);
  });

  it('leaves nobody assigned to it, raced with assignments and transfers', async () => {
    for (let round = 0; round < 5; round += 1) {
      const accountId = await givenAccount(t);
      const [lobId, other] = [await givenLob(t, accountId), await givenLob(t, accountId)];
      const agents = [await givenAgent(t), await givenAgent(t), await givenAgent(t)];
      await assign(agents[0]!, lobId);
      await assign(agents[1]!, other);
      await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'agent.transfer'`);
      const answers = await Promise.all([
        t.as('operations').mutate('closeLob', { lobId, reason: 'over' }),
        t.as('operations').mutate('assignAgent', { agentId: agents[2], lobId, startsOn: '2024-01-01' }),
        t.as('operations').mutate('requestAgentTransfer', {
          agentId: agents[1],
          toLobId: lobId,
          startsOn: '2024-05-01',
          reason: 'help',
        }),
        t.as('operations').mutate('requestAgentTransfer', {
          agentId: agents[0],
          toLobId: other,
          startsOn: '2024-05-01',
          reason: 'help',
        }),
      ]);
      for (const { code } of answers) expect([undefined, 'LOB_CLOSED', 'AGENT_NOT_ASSIGNED']).toContain(code);
      expect(answers[0].code).toBeUndefined();
      expect(
        await t.sql('SELECT count(*)::int AS n FROM assignment WHERE lob_id = $1 AND ends_on IS NULL', [lobId]),
      ).toEqual([{ n: 0 }]);
    }
  });
});
