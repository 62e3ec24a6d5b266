import { expireChangeRequests } from '../../src/approvals/expire-change-requests';
import { Jobs } from '../../src/jobs/jobs';
import { givenProposedVoid, HOUR } from '../approvals/proposals';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { approve, eventsOf, rowOf } from '../support/outcomes';
import { until } from '../support/poll';
import { trail } from '../support/scene';

/** Two processes on one database. */
let t: TestApp;
let other: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  other = await startAppOver(t.ownerUrl);
});
afterEach(() => {
  t.clock.at = null;
  other.clock.at = null;
});
afterAll(async () => {
  await other.close();
  await t.close();
});

const expire = (app: TestApp) => expireChangeRequests.run(app.served.app, {}, AbortSignal.timeout(60_000));

const expiryOf = async (id: string): Promise<Date> => (await rowOf(t, 'change_request', id)).expires_at as Date;

/** Lets a request wait until so long after its time was over. */
async function overdue(id: string, ms: number): Promise<Date> {
  const expiresAt = await expiryOf(id);
  t.clock.at = other.clock.at = new Date(expiresAt.getTime() + ms);
  return expiresAt;
}

const told = (id: string) => trail(t, `action = 'changeRequest.expired' AND change_request_id = $1`, [id]);

describe('a change request expires', () => {
  it('at its instant, however late that is noticed: row and event', async () => {
    const { id } = await givenProposedVoid(t);
    const expiresAt = await overdue(id, 5 * HOUR);
    const { events } = await eventsOf(t, () => expire(t));
    expect(await rowOf(t, 'change_request', id)).toMatchObject({
      status: 'EXPIRED',
      closed_at: expiresAt,
      failure_code: 'CHANGE_REQUEST_EXPIRED',
      approved_by_id: null,
      version: 2,
    });
    expect(events.filter(({ changeRequest }) => changeRequest === id)).toMatchObject([
      {
        action: 'changeRequest.expired',
        outcome: 'DONE',
        actor: null,
        changeRequest: id,
        subject: { type: 'ChangeRequest', id, version: 2 },
        changes: [
          { path: 'status', before: 'PENDING', after: 'EXPIRED' },
          { path: 'closedAt', before: null, after: expiresAt.toISOString() },
        ],
      },
    ]);
    expect(await eventsOf(t, () => expire(t))).toMatchObject({ events: [] });
  });

  it('also while its maker is to rework it', async () => {
    const { id } = await givenProposedVoid(t);
    const returned = await t.as('supervisor').mutate('returnChangeRequest', { id, reason: 'not like this' });
    expect(returned.errors).toEqual([]);
    const expiresAt = await overdue(id, HOUR);
    await expire(t);
    expect(await rowOf(t, 'change_request', id)).toMatchObject({ status: 'EXPIRED', closed_at: expiresAt });
    expect((await told(id))[0]!.changes[0]).toEqual({ path: 'status', before: 'RETURNED', after: 'EXPIRED' });
  });

  it('not a millisecond before, and then to the millisecond', async () => {
    const { id } = await givenProposedVoid(t);
    await overdue(id, -1);
    await expire(t);
    expect((await rowOf(t, 'change_request', id)).status).toBe('PENDING');
    await overdue(id, 0);
    await expire(t);
    expect((await rowOf(t, 'change_request', id)).status).toBe('EXPIRED');
  });

  it('not when it is over already', async () => {
    const request = await givenProposedVoid(t);
    await approve(t, request);
    await overdue(request.id, HOUR);
    await expire(t);
    expect((await rowOf(t, 'change_request', request.id)).status).toBe('EXECUTED');
    expect(await told(request.id)).toEqual([]);
  });

  it('once, however many processes look at the same time', async () => {
    const requests = [];
    for (let each = 0; each < 5; each += 1) requests.push(await givenProposedVoid(t));
    await overdue(requests.at(-1)!.id, HOUR);
    await Promise.all([t, other, t, other].map(expire));
    for (const { id } of requests) {
      expect((await rowOf(t, 'change_request', id)).version).toBe(2);
      expect(await told(id)).toHaveLength(1);
    }
  });

  it('once, also when somebody approves it at that moment: they are refused, and it closes at its instant', async () => {
    const request = await givenProposedVoid(t);
    const expiresAt = await overdue(request.id, HOUR);
    const [answer] = await Promise.all([approve(t, request), expire(other)]);
    expect(['CHANGE_REQUEST_EXPIRED', 'CHANGE_REQUEST_NOT_PENDING']).toContain(answer.code);
    await expire(t);
    expect(await rowOf(t, 'change_request', request.id)).toMatchObject({
      status: 'EXPIRED',
      closed_at: expiresAt,
      version: 2,
    });
  });

  it('in spite of another that somebody holds', async () => {
    const [held, free] = [await givenProposedVoid(t), await givenProposedVoid(t)];
    await overdue(free.id, HOUR);
    // A digest that does not fit keeps a row from being told as it is; a trigger of the test's keeps it from being saved.
    await t.sql(`CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'held'; END $$`);
    await t.sql(`CREATE TRIGGER held BEFORE UPDATE ON change_request FOR EACH ROW WHEN (OLD.id = '${held.id}')
      EXECUTE FUNCTION held()`);
    await expire(t);
    expect((await rowOf(t, 'change_request', held.id)).status).toBe('PENDING');
    expect((await rowOf(t, 'change_request', free.id)).status).toBe('EXPIRED');
    await t.sql('DROP TRIGGER held ON change_request');
    await expire(t);
    expect((await rowOf(t, 'change_request', held.id)).status).toBe('EXPIRED');
  });

  it('and the database takes no other instant', async () => {
    const { id } = await givenProposedVoid(t);
    await expect(
      t.sql(`UPDATE change_request SET status = 'EXPIRED', closed_at = now() WHERE id = $1`, [id]),
    ).rejects.toThrow('a change request expires at its instant');
  });
});

describe('after a restart', () => {
  it('what expired while no process was up is found at the start: by one of two, once, without anybody asking', async () => {
    const { id } = await givenProposedVoid(t);
    const expiresAt = await overdue(id, 30 * HOUR);
    const processes = [t, other].map((each) => new Jobs(each.served.app, each.apiUrl));
    for (const each of processes) each.start();
    await until(async () => (await rowOf(t, 'change_request', id)).status === 'EXPIRED');
    await Promise.all(processes.map((each) => each.stop()));
    expect((await rowOf(t, 'change_request', id)).closed_at).toEqual(expiresAt);
    expect(await told(id)).toHaveLength(1);
  });
});
