import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, expectRefused, NOBODYS_ID, tally, told, times } from '../support/outcomes';
import { freshCode, givenAccount, givenAgent, givenLob } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'endAssignment', operation: 'assignment.end' };

async function scene(startsOn = '2024-03-01') {
  const agentId = await givenAgent(t);
  const lobId = await givenLob(t, await givenAccount(t));
  const { payload } = await t.as('operations').mutate('assignAgent', { agentId, lobId, startsOn }, 'assignment { id }');
  return payload.assignment.id as string;
}

const row = async (id: string) =>
  (await t.sql('SELECT starts_on::text, ends_on::text, end_reason, version FROM assignment WHERE id = $1', [id]))[0];

describe('assignment.end', () => {
  it('ends it: payload, row, event and actor', async () => {
    const assignmentId = await scene();
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('operations')
        .mutate(
          'endAssignment',
          { assignmentId, endsOn: '2024-05-01', reason: 'project over', expectedVersion: 1 },
          'outcome assignment { id startsOn endsOn endReason version }',
        ),
    );
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      assignment: {
        id: assignmentId,
        startsOn: '2024-03-01',
        endsOn: '2024-05-01',
        endReason: 'project over',
        version: 2,
      },
    });
    expect(await row(assignmentId)).toEqual({
      starts_on: '2024-03-01',
      ends_on: '2024-05-01',
      end_reason: 'project over',
      version: 2,
    });
    expect(told(events)).toEqual([
      {
        action: 'assignment.ended',
        outcome: 'DONE',
        actor: t.as('operations').userId,
        onBehalfOf: null,
        subject: { type: 'Assignment', id: assignmentId, version: 2 },
        reason: 'project over',
      },
    ]);
    expect(events[0]!.changes).toEqual([{ path: 'endsOn', before: null, after: '2024-05-01' }]);
  });

  it('that has not begun by then takes every day from it', async () => {
    const assignmentId = await scene('2030-01-01');
    await t.as('operations').mutate('endAssignment', { assignmentId, endsOn: '2024-05-01', reason: 'cancelled' });
    expect(await row(assignmentId)).toMatchObject({ starts_on: '2030-01-01', ends_on: '2030-01-01' });
  });

  it('can be brought forward, but not put off', async () => {
    const assignmentId = await scene();
    await t.as('operations').mutate('endAssignment', { assignmentId, endsOn: '2024-09-01', reason: 'planned' });
    const { events } = await eventsOf(t, () =>
      t.as('operations').mutate('endAssignment', { assignmentId, endsOn: '2024-07-01', reason: 'sooner' }),
    );
    expect(events[0]!.changes).toEqual([{ path: 'endsOn', before: '2024-09-01', after: '2024-07-01' }]);
    for (const endsOn of ['2024-07-01', '2024-08-01'])
      await expectRefused(t, {
        as: 'operations',
        ...op,
        input: { assignmentId, endsOn, reason: 'later' },
        code: 'ASSIGNMENT_NOT_ENDABLE',
      });
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['a blank reason', 'operations', { reason: ' ' }, 'BAD_USER_INPUT'],
    ['an unknown assignment', 'operations', { assignmentId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'operations', { assignmentId: '%' }, 'NOT_FOUND'],
    ['another version than there is', 'operations', { expectedVersion: 2 }, 'VERSION_CONFLICT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, {
      as,
      ...op,
      input: { assignmentId: await scene(), endsOn: '2024-05-01', reason: 'over', ...more },
      code,
    });
  });

  it('is done once: by key alike, without one refused, also raced', async () => {
    const assignmentId = await scene();
    const keyed = { assignmentId, endsOn: '2024-05-01', reason: 'over', idempotencyKey: freshCode('KEY') };
    const same = await Promise.all(
      Array.from({ length: 4 }, () =>
        t.as('operations').mutate('endAssignment', keyed, 'outcome assignment { version }'),
      ),
    );
    expect(same.map(({ payload }) => payload)).toEqual(times(4, { outcome: 'DONE', assignment: { version: 2 } }));
    const another = await scene();
    const raced = await Promise.all(
      Array.from({ length: 6 }, () =>
        t.as('operations').mutate('endAssignment', { assignmentId: another, endsOn: '2024-05-01', reason: 'over' }),
      ),
    );
    expect(tally(raced)).toEqual({ DONE: 1, ASSIGNMENT_NOT_ENDABLE: 5 });
  });
});
