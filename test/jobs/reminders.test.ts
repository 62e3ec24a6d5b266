import { escalateChangeRequests } from '../../src/approvals/escalate-change-requests';
import { remindOfChangeRequests } from '../../src/approvals/remind-of-change-requests';
import { nextReminder } from '../../src/approvals/change-request.rules';
import type { Job } from '../../src/platform/job';
import { HOUR, proposedGrant } from '../approvals/proposals';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { approve, eventsOf, rowOf } from '../support/outcomes';
import { trail } from '../support/scene';

/** Two processes on one database. */
let t: TestApp;
let other: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  other = await startAppOver(t.ownerUrl);
  await t.sql(`UPDATE approval_policy SET remind_after_hours = 4, escalate_after_hours = 24, escalate_to_roles = '{supervisor}',
    steps = '[{"stage":1,"roles":["compliance"],"people":[],"quorum":1}]' WHERE operation = 'role.grant'`);
});
afterEach(async () => {
  t.clock.at = other.clock.at = null;
  await t.rewind('DELETE FROM change_request');
});
afterAll(async () => {
  await other.close();
  await t.close();
});

const look = (job: Job, app = t) => job.run(app.served.app, {}, new AbortController().signal);

/** A request that waits, made at an instant that the clock stands at. */
async function given(): Promise<{ id: string; revision: number; digest: string; madeAt: Date }> {
  const madeAt = (t.clock.at = new Date());
  return { ...(await proposedGrant(t)), madeAt };
}

/** Lets so many hours go by since it was made. */
const after = ({ madeAt }: { madeAt: Date }, hours: number): Date =>
  (t.clock.at = other.clock.at = new Date(madeAt.getTime() + hours * HOUR));

const messages = async (id: string) =>
  (await t.sql('SELECT kind, body FROM outbox_message WHERE subject_id = $1 ORDER BY position', [id])).slice(1);

const remindersOf = (id: string) => trail(t, `action = 'changeRequest.reminded' AND change_request_id = $1`, [id]);

describe('a reminder', () => {
  it('comes when it is due, once, with an event and a message, and again after the same time', async () => {
    const request = await given();
    after(request, 3.99);
    expect(await eventsOf(t, () => look(remindOfChangeRequests))).toMatchObject({ events: [] });
    after(request, 4);
    const { events } = await eventsOf(t, async () => {
      await look(remindOfChangeRequests);
      await look(remindOfChangeRequests);
    });
    const [first, second] = [4, 8].map((hours) => new Date(request.madeAt.getTime() + hours * HOUR).toISOString());
    expect(events).toMatchObject([
      {
        action: 'changeRequest.reminded',
        outcome: 'DONE',
        actor: null,
        changeRequest: request.id,
        subject: { type: 'ChangeRequest', id: request.id, version: 2 },
        changes: [{ path: 'remindAt', before: first, after: second }],
      },
    ]);
    expect(await messages(request.id)).toMatchObject([
      { kind: 'changeRequest.reminded', body: { status: 'PENDING', approverRoles: ['compliance'], actorId: null } },
    ]);
    after(request, 8);
    await look(remindOfChangeRequests);
    expect(await remindersOf(request.id)).toHaveLength(2);
  });

  it('of those that went by while nobody was up comes once', async () => {
    const request = await given();
    after(request, 22);
    await look(remindOfChangeRequests);
    expect(await remindersOf(request.id)).toHaveLength(1);
    expect((await rowOf(t, 'change_request', request.id)).remind_at).toEqual(after(request, 24));
  });

  it('comes once, however many processes look, and leaves the digest that an approver saw', async () => {
    const request = await given();
    after(request, 5);
    await Promise.all([t, other, t, other].map((each) => look(remindOfChangeRequests, each)));
    expect(await remindersOf(request.id)).toHaveLength(1);
    expect((await approve(t, request, 'compliance')).errors).toEqual([]);
    await t.rewind('DELETE FROM role_grant WHERE user_id = $1', [t.as('stranger').userId]);
  });

  it.each([
    ['was withdrawn', (id: string) => t.as('admin').mutate('withdrawChangeRequest', { id }), 4],
    ['was returned', (id: string) => t.as('compliance').mutate('returnChangeRequest', { id, reason: 'why?' }), 4],
    ['has expired', async () => null, 168],
  ])('does not come for what %s', async (_how, end, hours) => {
    const request = await given();
    await end(request.id);
    after(request, hours);
    await look(remindOfChangeRequests);
    await look(escalateChangeRequests);
    expect(await remindersOf(request.id)).toEqual([]);
  });

  it('ends when its policy reminds nobody any more', async () => {
    const request = await given();
    await t.sql(`UPDATE approval_policy SET remind_after_hours = NULL WHERE operation = 'role.grant'`);
    after(request, 4);
    await look(remindOfChangeRequests);
    expect((await rowOf(t, 'change_request', request.id)).remind_at).toBeNull();
    await t.sql(`UPDATE approval_policy SET remind_after_hours = 4 WHERE operation = 'role.grant'`);
  });

  it('is due next at a whole interval from the first, after now', () => {
    const at = (hours: number) => new Date(hours * HOUR);
    expect([4, 4.5, 8, 23.9].map((now) => nextReminder(at(4), 4, at(now)))).toEqual([8, 8, 12, 24].map(at));
    expect(nextReminder(at(4), null, at(5))).toBeNull();
  });
});

describe('an escalation', () => {
  it('lets others decide, too, once: row, event, message, and the yes that they may say from then on', async () => {
    const request = await given();
    after(request, 23.9);
    expect((await approve(t, request, 'supervisor')).code).toBe('NOT_AN_APPROVER');
    await look(escalateChangeRequests);
    expect((await rowOf(t, 'change_request', request.id)).approver_roles).toEqual(['compliance']);
    after(request, 24);
    const { events } = await eventsOf(t, () =>
      Promise.all([t, other, t].map((each) => look(escalateChangeRequests, each))),
    );
    expect(events).toMatchObject([
      {
        action: 'changeRequest.escalated',
        outcome: 'DONE',
        actor: null,
        changeRequest: request.id,
        subject: { type: 'ChangeRequest', id: request.id, version: 2 },
        changes: [{ path: 'approverRoles', before: ['compliance'], after: ['compliance', 'supervisor'] }],
      },
    ]);
    expect(await rowOf(t, 'change_request', request.id)).toMatchObject({
      approver_roles: ['compliance', 'supervisor'],
      escalate_at: null,
      status: 'PENDING',
    });
    expect(await messages(request.id)).toMatchObject([
      { kind: 'changeRequest.escalated', body: { approverRoles: ['compliance', 'supervisor'] } },
    ]);
    const answer = await approve(t, request, 'supervisor');
    expect(answer.errors).toEqual([]);
    expect(answer.payload.changeRequest.status).toBe('EXECUTED');
    await t.rewind('DELETE FROM role_grant WHERE user_id = $1', [t.as('stranger').userId]);
  });

  it('takes a request from the one it was assigned to alone', async () => {
    const request = await given();
    const assignee = t.as('compliance').userId;
    await t.sql('UPDATE change_request SET assignee_id = $2 WHERE id = $1', [request.id, assignee]);
    after(request, 25);
    const { events } = await eventsOf(t, () => look(escalateChangeRequests));
    expect(events[0]!.changes[1]).toEqual({ path: 'assignee', before: assignee, after: null });
    expect((await rowOf(t, 'change_request', request.id)).assignee_id).toBeNull();
  });

  it('and the database lets neither clock go back', async () => {
    const request = await given();
    const back = `a reminder only moves on, and an escalation only comes once`;
    for (const set of [`remind_at = remind_at - interval '1 hour'`, `escalate_at = escalate_at + interval '1 hour'`])
      await expect(t.apiSql(`UPDATE change_request SET ${set} WHERE id = $1`, [request.id])).rejects.toThrow(back);
    after(request, 24);
    await look(escalateChangeRequests);
    await expect(t.apiSql('UPDATE change_request SET escalate_at = now() WHERE id = $1', [request.id])).rejects.toThrow(
      back,
    );
  });
});
