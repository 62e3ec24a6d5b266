import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, expectRefused, NOBODYS_ID, rowOf, tally, told, times } from '../support/outcomes';
import { freshCode, givenAccount, givenLob } from '../support/scene';

let t: TestApp;
let accountId: string;
let lobId: string;
beforeAll(async () => {
  t = await startTestApp();
  accountId = await givenAccount(t, { timeZone: 'America/New_York' });
  lobId = await givenLob(t, accountId);
});
beforeEach(() => {
  t.clock.at = new Date('2026-11-25T12:00:00Z');
});
afterAll(() => t.close());

/** Received on 24 November 2026: to acknowledge before 3 December, to resolve before 10 December, 05:00 UTC. */
async function filed(): Promise<string> {
  const input = { accountId, lobId, channel: 'EMAIL', category: 'Fees', receivedAt: '2026-11-24T15:00:00Z' };
  return (await t.as('operations').mutate('fileComplaint', input, 'complaint { id }')).payload.complaint.id;
}

const ACKNOWLEDGE_DUE = '2026-12-03T05:00:00.000Z';

const op = { mutation: 'acknowledgeComplaint', operation: 'complaint.acknowledge' };

describe('complaint.acknowledge', () => {
  it('in time: payload, row, event and actor', async () => {
    const complaintId = await filed();
    t.clock.at = new Date('2026-12-03T04:59:59.999Z');
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('operations')
        .mutate(
          'acknowledgeComplaint',
          { complaintId, expectedVersion: 1 },
          'outcome complaint { status acknowledgedAt acknowledgeBreachedAt version }',
        ),
    );
    const acknowledgedAt = '2026-12-03T04:59:59.999Z';
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      complaint: { status: 'ACKNOWLEDGED', acknowledgedAt, acknowledgeBreachedAt: null, version: 2 },
    });
    expect(await rowOf(t, 'complaint', complaintId)).toMatchObject({
      status: 'ACKNOWLEDGED',
      acknowledged_at: t.clock.at,
      acknowledge_breached_at: null,
    });
    expect(told(events)).toEqual([
      {
        action: 'complaint.acknowledged',
        outcome: 'DONE',
        actor: t.as('operations').userId,
        onBehalfOf: null,
        subject: { type: 'Complaint', id: complaintId, version: 2 },
        reason: null,
      },
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'status', before: 'FILED', after: 'ACKNOWLEDGED' },
      { path: 'acknowledgedAt', before: null, after: acknowledgedAt },
    ]);
  });

  it('at the deadline is too late, and is kept so', async () => {
    const complaintId = await filed();
    t.clock.at = new Date(ACKNOWLEDGE_DUE);
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('compliance')
        .mutate('acknowledgeComplaint', { complaintId }, 'complaint { acknowledgeBreachedAt breached }'),
    );
    expect(answer.payload.complaint).toEqual({ acknowledgeBreachedAt: ACKNOWLEDGE_DUE, breached: false });
    expect(events[0]!.changes).toContainEqual({ path: 'acknowledgeBreachedAt', before: null, after: ACKNOWLEDGE_DUE });
    expect(await rowOf(t, 'complaint', complaintId)).toMatchObject({
      acknowledge_breached_at: new Date(ACKNOWLEDGE_DUE),
      breached_at: null,
    });
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role that only reads it', 'supervisor', {}, 'FORBIDDEN'],
    ['a role that does not even read it', 'billing', {}, 'FORBIDDEN'],
    ['an unknown complaint', 'operations', { complaintId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'operations', { complaintId: 'x' }, 'NOT_FOUND'],
    ['another version than there is', 'operations', { expectedVersion: 2 }, 'VERSION_CONFLICT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: { complaintId: await filed(), ...more }, code });
  });

  it('is done once: by key alike, without one refused, also raced', async () => {
    const complaintId = await filed();
    const keyed = { complaintId, idempotencyKey: freshCode('KEY') };
    const same = await Promise.all(
      Array.from({ length: 4 }, () =>
        t.as('operations').mutate('acknowledgeComplaint', keyed, 'outcome complaint { version }'),
      ),
    );
    expect(same.map(({ payload }) => payload)).toEqual(times(4, { outcome: 'DONE', complaint: { version: 2 } }));
    await expectRefused(t, { as: 'operations', ...op, input: { complaintId }, code: 'COMPLAINT_NOT_ACKNOWLEDGEABLE' });
    const other = await filed();
    const raced = await Promise.all(
      Array.from({ length: 5 }, () => t.as('operations').mutate('acknowledgeComplaint', { complaintId: other })),
    );
    expect(tally(raced)).toEqual({ DONE: 1, COMPLAINT_NOT_ACKNOWLEDGEABLE: 4 });
  });
});
