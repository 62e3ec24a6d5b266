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

const [ACKNOWLEDGE_DUE, DUE] = ['2026-12-03T05:00:00.000Z', '2026-12-10T05:00:00.000Z'];

const op = { mutation: 'resolveComplaint', operation: 'complaint.resolve' };
const upheld = (complaintId: string, more: object = {}) => ({
  complaintId,
  resolution: 'UPHELD',
  note: 'Fee refunded.',
  ...more,
});
const SELECTION =
  'outcome complaint { status resolution resolutionNote acknowledgedAt resolvedAt breached breachedAt acknowledgeBreachedAt remainingSeconds version }';

describe('complaint.resolve', () => {
  it('in time, acknowledging it too: payload, row, event and actor', async () => {
    const complaintId = await filed();
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('operations')
        .mutate(
          'resolveComplaint',
          upheld(complaintId, { note: ' Refunded to card 4111 1111 1111 1111. ', expectedVersion: 1 }),
          SELECTION,
        ),
    );
    const now = '2026-11-25T12:00:00.000Z';
    const resolutionNote = 'Refunded to card 411111••••••1111.';
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      complaint: {
        status: 'RESOLVED',
        resolution: 'UPHELD',
        resolutionNote,
        acknowledgedAt: now,
        resolvedAt: now,
        breached: false,
        breachedAt: null,
        acknowledgeBreachedAt: null,
        remainingSeconds: null,
        version: 2,
      },
    });
    expect(await rowOf(t, 'complaint', complaintId)).toMatchObject({
      status: 'RESOLVED',
      resolution: 'UPHELD',
      resolution_note: resolutionNote,
      breached_at: null,
    });
    expect(told(events)).toMatchObject([
      {
        action: 'complaint.resolved',
        outcome: 'DONE',
        actor: t.as('operations').userId,
        onBehalfOf: null,
        subject: { type: 'Complaint', id: complaintId, version: 2 },
      },
    ]);
    expect(events[0]!.changes.toSorted((one: any, other: any) => one.path.localeCompare(other.path))).toEqual([
      { path: 'acknowledgedAt', before: null, after: now },
      { path: 'resolution', before: null, after: 'UPHELD' },
      { path: 'resolutionNote', before: null, after: '••••••••' },
      { path: 'resolvedAt', before: null, after: now },
      { path: 'status', before: 'FILED', after: 'RESOLVED' },
    ]);
  });

  it('late keeps the breach, which no later look forgets', async () => {
    const complaintId = await filed();
    t.clock.at = new Date('2026-12-24T00:00:00Z');
    const { payload } = await t.as('compliance').mutate('resolveComplaint', upheld(complaintId), SELECTION);
    expect(payload.complaint).toMatchObject({
      breached: true,
      breachedAt: DUE,
      acknowledgeBreachedAt: ACKNOWLEDGE_DUE,
      remainingSeconds: null,
    });
    expect(await rowOf(t, 'complaint', complaintId)).toMatchObject({
      breached_at: new Date(DUE),
      acknowledge_breached_at: new Date(ACKNOWLEDGE_DUE),
    });
    t.clock.at = new Date('2026-11-25T12:00:00Z');
    const { data } = await t
      .as('compliance')
      .gql('query ($id: ID!) { complaint(id: $id) { breached breachedAt } }', { id: complaintId });
    expect(data!.complaint).toEqual({ breached: true, breachedAt: DUE });
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role that only reads it', 'auditor', {}, 'FORBIDDEN'],
    ['a blank note', 'operations', { note: ' ' }, 'BAD_USER_INPUT'],
    ['a note of 2001 characters', 'operations', { note: 'x'.repeat(2001) }, 'BAD_USER_INPUT'],
    ['an unknown complaint', 'operations', { complaintId: NOBODYS_ID }, 'NOT_FOUND'],
    ['another version than there is', 'operations', { expectedVersion: 2 }, 'VERSION_CONFLICT'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: upheld(await filed(), more), code });
  });

  it('is done once: by key alike, without one refused, also raced with acknowledging', async () => {
    const complaintId = await filed();
    const keyed = upheld(complaintId, { idempotencyKey: freshCode('KEY') });
    const same = await Promise.all(
      Array.from({ length: 4 }, () =>
        t.as('operations').mutate('resolveComplaint', keyed, 'outcome complaint { version }'),
      ),
    );
    expect(same.map(({ payload }) => payload)).toEqual(times(4, { outcome: 'DONE', complaint: { version: 2 } }));
    await expectRefused(t, { as: 'operations', ...op, input: upheld(complaintId), code: 'COMPLAINT_NOT_RESOLVABLE' });
    await expectRefused(t, {
      as: 'operations',
      mutation: 'acknowledgeComplaint',
      operation: 'complaint.acknowledge',
      input: { complaintId },
      code: 'COMPLAINT_NOT_ACKNOWLEDGEABLE',
    });
    const other = await filed();
    const raced = await Promise.all(
      (['UPHELD', 'NOT_UPHELD', 'PARTLY_UPHELD', 'UPHELD'] as const).map((resolution) =>
        t.as('operations').mutate('resolveComplaint', upheld(other, { resolution })),
      ),
    );
    expect(tally(raced)).toEqual({ DONE: 1, COMPLAINT_NOT_RESOLVABLE: 3 });
    for (let round = 0; round < 4; round += 1) {
      const third = await filed();
      const [acknowledging, resolving] = await Promise.all([
        t.as('operations').mutate('acknowledgeComplaint', { complaintId: third }),
        t.as('compliance').mutate('resolveComplaint', upheld(third)),
      ]);
      expect([undefined, 'COMPLAINT_NOT_ACKNOWLEDGEABLE']).toContain(acknowledging.code);
      expect(resolving.code).toBeUndefined();
      expect(await rowOf(t, 'complaint', third)).toMatchObject({
        status: 'RESOLVED',
        version: acknowledging.code ? 2 : 3,
      });
    }
  });

  it('cannot hide a breach in the database either', async () => {
    const complaintId = await filed();
    await expect(
      t.apiSql(
        `UPDATE complaint SET status = 'RESOLVED', acknowledged_at = received_at, resolved_at = due_at, resolution = 'UPHELD' WHERE id = $1`,
        [complaintId],
      ),
    ).rejects.toMatchObject({ constraint: 'complaint_breach_kept' });
    await expect(
      t.apiSql(`UPDATE complaint SET acknowledged_at = acknowledge_due_at, status = 'ACKNOWLEDGED' WHERE id = $1`, [
        complaintId,
      ]),
    ).rejects.toMatchObject({
      constraint: 'complaint_acknowledge_breach_kept',
    });
    await expect(
      t.apiSql('UPDATE complaint SET received_at = now() WHERE id = $1', [complaintId]),
    ).rejects.toMatchObject({ code: '42501' });
    await expect(
      t.apiSql('UPDATE complaint SET acknowledge_due_at = now() WHERE id = $1', [complaintId]),
    ).rejects.toMatchObject({ code: '42501' });
    await expect(t.apiSql('DELETE FROM complaint WHERE id = $1', [complaintId])).rejects.toMatchObject({
      code: '42501',
    });
    await expect(t.apiSql('UPDATE complaint_rule SET resolve_days = 3650')).rejects.toMatchObject({ code: '42501' });
  });

  it('does not let a kept breach be erased in the database', async () => {
    const complaintId = await filed();
    t.clock.at = new Date('2026-12-24T00:00:00Z');
    await t.as('compliance').mutate('resolveComplaint', upheld(complaintId));
    await t.as('compliance').mutate('reopenComplaint', { complaintId, reason: 'again' });
    for (const column of ['breached_at', 'acknowledge_breached_at'])
      for (const value of ['NULL', 'now()'])
        await expect(
          t.apiSql(`UPDATE complaint SET ${column} = ${value} WHERE id = $1`, [complaintId]),
        ).rejects.toMatchObject({ code: '23514' });
  });
});
