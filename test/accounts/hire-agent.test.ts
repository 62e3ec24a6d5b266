import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, expectRefused, rowOf, tally, told } from '../support/outcomes';
import { freshCode } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'hireAgent', operation: 'agent.hire' };
const asked = (more: object = {}) => ({ code: freshCode('AG'), name: 'Asha', hiredOn: '2024-02-29', ...more });

describe('agent.hire', () => {
  it('hires: payload, row, event and actor', async () => {
    const input = asked({ name: ' Asha Rao ' });
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('operations')
        .mutate(
          'hireAgent',
          input,
          'outcome agent { id code name hiredOn version currentLob { id } assignments { id } }',
        ),
    );
    const { id } = answer.payload.agent;
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      agent: {
        id,
        code: input.code,
        name: 'Asha Rao',
        hiredOn: '2024-02-29',
        version: 1,
        currentLob: null,
        assignments: [],
      },
    });
    expect(await rowOf(t, 'agent', id)).toMatchObject({ code: input.code, name: 'Asha Rao', version: 1 });
    expect(told(events)).toEqual([
      {
        action: 'agent.hired',
        outcome: 'DONE',
        actor: t.as('operations').userId,
        onBehalfOf: null,
        subject: { type: 'Agent', id, version: 1 },
        reason: null,
      },
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'code', before: null, after: input.code },
      { path: 'name', before: null, after: '••••••••' },
      { path: 'hiredOn', before: null, after: '2024-02-29' },
    ]);
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'billing', {}, 'FORBIDDEN'],
    ['a code that is none', 'operations', { code: 'agent 1' }, 'BAD_USER_INPUT'],
    ['a blank name', 'operations', { name: '  ' }, 'BAD_USER_INPUT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: asked(more), code });
  });

  it.each(['2023-02-29', '2024-13-01', '2024-1-1', '0000-01-01', '2024-01-01T00:00:00Z', ''])(
    'refuses the date %p before anything is done',
    async (hiredOn) => {
      const { answer, events } = await eventsOf(t, () => t.as('operations').mutate('hireAgent', asked({ hiredOn })));
      expect(answer.code).toBe('BAD_USER_INPUT');
      expect(events).toEqual([]);
    },
  );

  it('is done once: by key alike, by code refused, also raced', async () => {
    const keyed = asked({ idempotencyKey: freshCode('KEY') });
    const same = await Promise.all(
      Array.from({ length: 6 }, () => t.as('operations').mutate('hireAgent', keyed, 'outcome agent { id }')),
    );
    expect(tally(same)).toEqual({ DONE: 6 });
    expect(new Set(same.map(({ payload }) => payload.agent.id)).size).toBe(1);
    const { idempotencyKey: _, ...again } = keyed as typeof keyed & { idempotencyKey: string };
    await expectRefused(t, { as: 'operations', ...op, input: again, code: 'AGENT_CODE_TAKEN' });
    const raced = asked();
    expect(
      tally(await Promise.all(Array.from({ length: 6 }, () => t.as('operations').mutate('hireAgent', raced)))),
    ).toEqual({ DONE: 1, AGENT_CODE_TAKEN: 5 });
  });
});
