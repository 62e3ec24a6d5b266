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

const DUE = '2026-12-10T05:00:00.000Z';

const op = { mutation: 'reopenComplaint', operation: 'complaint.reopen' };

async function resolvedAt(at: string): Promise<string> {
  const complaintId = await filed();
  t.clock.at = new Date(at);
  await t.as('operations').mutate('resolveComplaint', { complaintId, resolution: 'NOT_UPHELD', note: 'No fee found.' });
  return complaintId;
}

const SELECTION =
  'outcome complaint { status resolution resolutionNote resolvedAt dueAt acknowledgeDueAt acknowledgedAt reopenedAt reopenedCount breached breachedAt remainingSeconds version rule { code } }';

describe('complaint.reopen', () => {
  it('takes it up with a new deadline from now: payload, row, event and actor', async () => {
    const complaintId = await resolvedAt('2026-11-26T12:00:00Z');
    t.clock.at = new Date('2026-12-01T06:00:00Z');
    const { answer, events } = await eventsOf(t, () =>
      t.as('compliance').mutate('reopenComplaint', { complaintId, reason: 'new proof', expectedVersion: 2 }, SELECTION),
    );
    const dueAt = '2026-12-17T05:00:00.000Z';
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      complaint: {
        status: 'ACKNOWLEDGED',
        resolution: null,
        resolutionNote: null,
        resolvedAt: null,
        dueAt,
        acknowledgeDueAt: '2026-12-03T05:00:00.000Z',
        acknowledgedAt: '2026-11-26T12:00:00.000Z',
        reopenedAt: '2026-12-01T06:00:00.000Z',
        reopenedCount: 1,
        breached: false,
        breachedAt: null,
        remainingSeconds: 15 * 86_400 + 23 * 3600,
        version: 3,
        rule: { code: 'default' },
      },
    });
    expect(await rowOf(t, 'complaint', complaintId)).toMatchObject({
      status: 'ACKNOWLEDGED',
      resolved_at: null,
      resolution: null,
      due_at: new Date(dueAt),
      reopened_count: 1,
    });
    expect(told(events)).toEqual([
      {
        action: 'complaint.reopened',
        outcome: 'DONE',
        actor: t.as('compliance').userId,
        onBehalfOf: null,
        subject: { type: 'Complaint', id: complaintId, version: 3 },
        reason: 'new proof',
      },
    ]);
    const changes = Object.fromEntries(
      events[0]!.changes.map(({ path, before, after }: any) => [path, [before, after]]),
    );
    expect(changes).toEqual({
      status: ['RESOLVED', 'ACKNOWLEDGED'],
      resolvedAt: ['2026-11-26T12:00:00.000Z', null],
      resolution: ['NOT_UPHELD', null],
      resolutionNote: ['••••••••', null],
      reopenedAt: [null, '2026-12-01T06:00:00.000Z'],
      reopenedCount: [0, 1],
      dueAt: [DUE, dueAt],
    });
  });

  it('keeps the first breach for good, also when it is resolved in time after, or late again', async () => {
    const complaintId = await resolvedAt('2026-12-24T00:00:00Z');
    const look = async () => {
      const { data } = await t
        .as('compliance')
        .gql('query ($id: ID!) { complaint(id: $id) { breached breachedAt remainingSeconds } }', { id: complaintId });
      return data!.complaint;
    };
    expect(await look()).toEqual({ breached: true, breachedAt: DUE, remainingSeconds: null });
    await t.as('compliance').mutate('reopenComplaint', { complaintId, reason: 'again' });
    expect(await look()).toEqual({ breached: true, breachedAt: DUE, remainingSeconds: expect.any(Number) });
    expect((await look()).remainingSeconds).toBeGreaterThan(14 * 86_400);
    await t.as('operations').mutate('resolveComplaint', { complaintId, resolution: 'UPHELD' });
    expect(await look()).toEqual({ breached: true, breachedAt: DUE, remainingSeconds: null });
    await t.as('compliance').mutate('reopenComplaint', { complaintId, reason: 'and again' });
    t.clock.at = new Date('2027-06-01T00:00:00Z');
    expect(await look()).toEqual({ breached: true, breachedAt: DUE, remainingSeconds: 0 });
    await t.as('operations').mutate('resolveComplaint', { complaintId, resolution: 'UPHELD' });
    expect(await look()).toEqual({ breached: true, breachedAt: DUE, remainingSeconds: null });
    expect((await rowOf(t, 'complaint', complaintId)).reopened_count).toBe(2);
  });

  it('can be breached for the first time after it was reopened', async () => {
    const complaintId = await resolvedAt('2026-11-26T12:00:00Z');
    await t.as('compliance').mutate('reopenComplaint', { complaintId, reason: 'again' });
    const { due_at } = await rowOf(t, 'complaint', complaintId);
    t.clock.at = due_at;
    const { data } = await t
      .as('compliance')
      .gql('query ($id: ID!) { complaint(id: $id) { breached breachedAt remainingSeconds } }', { id: complaintId });
    expect(data!.complaint).toEqual({
      breached: true,
      breachedAt: (due_at as Date).toISOString(),
      remainingSeconds: 0,
    });
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['whoever resolves', 'operations', {}, 'FORBIDDEN'],
    ['a blank reason', 'compliance', { reason: ' ' }, 'BAD_USER_INPUT'],
    ['an unknown complaint', 'compliance', { complaintId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'compliance', { complaintId: '-' }, 'NOT_FOUND'],
    ['another version than there is', 'compliance', { expectedVersion: 1 }, 'VERSION_CONFLICT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, {
      as,
      ...op,
      input: { complaintId: await resolvedAt('2026-11-26T12:00:00Z'), reason: 'again', ...more },
      code,
    });
  });

  it('refuses what is not resolved, filed or acknowledged', async () => {
    const complaintId = await filed();
    await expectRefused(t, {
      as: 'compliance',
      ...op,
      input: { complaintId, reason: 'x' },
      code: 'COMPLAINT_NOT_REOPENABLE',
      details: { status: 'FILED' },
    });
    await t.as('operations').mutate('acknowledgeComplaint', { complaintId });
    await expectRefused(t, {
      as: 'compliance',
      ...op,
      input: { complaintId, reason: 'x' },
      code: 'COMPLAINT_NOT_REOPENABLE',
      details: { status: 'ACKNOWLEDGED' },
    });
  });

  it('is done once: by key alike, without one refused, also raced', async () => {
    const complaintId = await resolvedAt('2026-11-26T12:00:00Z');
    const keyed = { complaintId, reason: 'again', idempotencyKey: freshCode('KEY') };
    const same = await Promise.all(
      Array.from({ length: 4 }, () =>
        t.as('compliance').mutate('reopenComplaint', keyed, 'outcome complaint { version reopenedCount }'),
      ),
    );
    expect(same.map(({ payload }) => payload)).toEqual(
      times(4, { outcome: 'DONE', complaint: { version: 3, reopenedCount: 1 } }),
    );
    await expectRefused(t, {
      as: 'compliance',
      ...op,
      input: { complaintId, reason: 'again' },
      code: 'COMPLAINT_NOT_REOPENABLE',
    });
    const other = await resolvedAt('2026-11-26T12:00:00Z');
    const raced = await Promise.all(
      Array.from({ length: 5 }, () =>
        t.as('compliance').mutate('reopenComplaint', { complaintId: other, reason: 'again' }),
      ),
    );
    expect(tally(raced)).toEqual({ DONE: 1, COMPLAINT_NOT_REOPENABLE: 4 });
    expect((await rowOf(t, 'complaint', other)).reopened_count).toBe(1);
  });
});
