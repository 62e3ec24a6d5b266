import type { ServerResponse } from 'node:http';
import { expireChangeRequests } from '../../src/approvals/expire-change-requests';
import { Jobs } from '../../src/jobs/jobs';
import { TRIES } from '../../src/notifications/delivery.rules';
import { NOTICES } from '../../src/notifications/notice.rules';
import { givenProposedVoid, proposedBankChange } from '../approvals/proposals';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { approve, eventsOf, rowOf } from '../support/outcomes';
import { until } from '../support/poll';
import { givenAccount, trail } from '../support/scene';
import { deliveriesOf, givenGrant, givenWebhook, look, Receiver, status, verified, withdraw } from './receiver';

let t: TestApp;
let receiver: Receiver;
beforeAll(async () => {
  t = await startTestApp();
});
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  t.clock.at = null;
  await receiver.stop();
  await t.sql('UPDATE webhook SET active = false');
});
afterAll(() => t.close());

/** Lets so much time go by. */
const later = (ms: number) => (t.clock.at = new Date((t.clock.at?.getTime() ?? Date.now()) + ms));
const HOUR = 3_600_000;

const approvedByCompliance = (request: { id: string; revision: number; digest: string }) =>
  approve(t, request, 'compliance');

describe('a message', () => {
  it('arrives signed, once, and says which request it is about and for whom it waits', async () => {
    const { secret, id: webhookId } = await givenWebhook(t, receiver.url, NOTICES);
    const { id } = await givenGrant(t);
    await look(t);
    await look(t);
    const [arrived, ...more] = receiver.arrived;
    expect(more).toEqual([]);
    expect(verified(secret, arrived!)).toBeTruthy();
    expect(() => verified(secret, { ...arrived!, text: arrived!.text.replace('PENDING', 'EXECUTED') })).toThrow();
    const [row] = await t.sql('SELECT * FROM change_request WHERE id = $1', [id]);
    const [message] = await t.sql('SELECT * FROM outbox_message WHERE subject_id = $1', [id]);
    expect(arrived!.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': message!.id });
    expect(arrived!.body).toEqual({
      type: 'changeRequest.proposed',
      timestamp: message!.created_at.toISOString(),
      data: {
        changeRequestId: id,
        operation: 'role.grant',
        status: 'PENDING',
        revision: 1,
        subject: { type: 'RoleGrant', id: null },
        accountId: null,
        makerId: t.as('admin').userId,
        actorId: t.as('admin').userId,
        approverRoles: ['admin', 'compliance'],
        expiresAt: row!.expires_at.toISOString(),
      },
    });
    expect(await deliveriesOf(t, webhookId)).toMatchObject([
      { state: 'DELIVERED', attempts: 1, last_status: 204, last_error: null, delivered_at: expect.any(Date) },
    ]);
    await withdraw(t, id);
  });

  it('is written with what it tells: of each way that a request takes, and of the refusal that ends it', async () => {
    await givenWebhook(t, receiver.url, NOTICES);
    const account = await givenAccount(t);
    const [first, second] = [
      await proposedBankChange(t, account),
      await proposedBankChange(t, account, '000111222333'),
    ];
    await approve(t, first);
    expect((await approve(t, second)).code).toBe('CHANGE_REQUEST_STALE');
    const returned = await proposedBankChange(t, account, '000111222444');
    await t.as('supervisor').mutate('returnChangeRequest', { id: returned.id, reason: 'which branch?' });
    const input = { accountId: account, bankAccountNumber: '000111222555', reason: 'the main one' };
    await t.as('operations').mutate('reviseChangeRequest', { id: returned.id, input });
    await t.as('supervisor').mutate('rejectChangeRequest', { id: returned.id, reason: 'no' });
    const over = await givenProposedVoid(t);
    later(100 * HOUR);
    await expireChangeRequests.run(t.served.app, {}, new AbortController().signal);
    await look(t);
    expect(receiver.kindsOf(first.id)).toEqual(['proposed', 'approved']);
    expect(receiver.kindsOf(second.id)).toEqual(['proposed', 'stale']);
    expect(receiver.kindsOf(returned.id)).toEqual(['proposed', 'returned', 'revised', 'rejected']);
    expect(receiver.kindsOf(over.id)).toEqual(['proposed', 'expired']);
    const { body } = receiver.arrived.find(
      ({ body: { data } }) => data.changeRequestId === second.id && data.status !== 'PENDING',
    )!;
    expect(body).toMatchObject({ type: 'changeRequest.stale', data: { status: 'STALE' } });
  });

  it('is not written for what is refused, nor for what is rolled back', async () => {
    const request = await givenGrant(t);
    const count = async () => (await t.sql('SELECT FROM outbox_message')).length;
    const before = await count();
    expect(
      (await t.as('admin').mutate('approveChangeRequest', { ...request, digest: '0'.repeat(64) })).code,
    ).toBeTruthy();
    expect((await t.as('admin').mutate('withdrawChangeRequest', { id: t.as('admin').userId })).code).toBe('NOT_FOUND');
    expect(await count()).toBe(before);
    await withdraw(t, request.id);
    expect(await count()).toBe(before + 1);
  });

  it('holds nothing that is asked for, or said, or sensitive', async () => {
    await givenWebhook(t, receiver.url, NOTICES);
    const account = await givenAccount(t, { taxId: '98-7654321-000' });
    const reason = 'canary in my own words';
    const { payload } = await t.as('operations').mutate('changeAccount', {
      accountId: account,
      bankAccountNumber: '000777888999',
      taxId: '11-2233445-000',
      legalName: 'Canary Legal Ltd',
      reason,
    });
    await t.as('supervisor').mutate('rejectChangeRequest', { id: payload.changeRequest.id, reason: 'canary, too' });
    await look(t);
    expect(receiver.kindsOf(payload.changeRequest.id)).toEqual(['proposed', 'rejected']);
    const stored = JSON.stringify(await t.sql('SELECT * FROM outbox_message'));
    for (const text of [stored, ...receiver.arrived.map((each) => each.text)])
      expect(text).not.toMatch(/canary|Canary|000777888999|8999|11-2233445|@test\.example/);
  });

  it('goes to whoever wants it, and to nobody else', async () => {
    const wants = await givenWebhook(t, receiver.url, ['changeRequest.withdrawn']);
    const silent = await t
      .person('admin')
      .countersigned(
        t.person('compliance'),
        'webhook.create',
        { name: 'without a secret', url: receiver.url, events: NOTICES, reason: 'x' },
        'silent',
      );
    const { id } = await givenGrant(t);
    await withdraw(t, id);
    await look(t);
    expect(receiver.arrived.map(({ body }) => body.type)).toEqual(['changeRequest.withdrawn']);
    expect(await deliveriesOf(t, silent.webhook as string)).toEqual([]);
    expect(await deliveriesOf(t, wants.id)).toHaveLength(1);
  });
});

describe('what does not arrive', () => {
  it.each([
    ['fails', status(503, {}, 'a long story '.repeat(10_000)), 503, 'STATUS'],
    ['redirects', status(302, { location: 'http://127.0.0.1:1/elsewhere' }), 302, 'STATUS'],
    ['hangs up', (_arrived: unknown, response: ServerResponse) => void response.destroy(), null, 'ECONNRESET'],
  ] as const)('is tried again, later and later: one that %s', async (_how, answer, last_status, last_error) => {
    const { id: webhookId } = await givenWebhook(t, receiver.url, ['changeRequest.proposed']);
    receiver.answer = answer;
    const { id } = await givenGrant(t);
    t.clock.at = new Date();
    await look(t);
    expect(await deliveriesOf(t, webhookId)).toMatchObject([
      { state: 'PENDING', attempts: 1, last_status, last_error },
    ]);
    const pauses: number[] = [];
    for (let tries = 1; tries < 4; tries += 1) {
      const [{ next_attempt_at: next }] = (await deliveriesOf(t, webhookId)) as [any];
      pauses.push(next.getTime() - t.clock.at!.getTime());
      t.clock.at = new Date(next.getTime() - 1);
      await look(t);
      expect(receiver.arrived).toHaveLength(tries);
      t.clock.at = next;
      await look(t);
      expect(receiver.arrived).toHaveLength(tries + 1);
    }
    [5_000, 10_000, 20_000].forEach((usual, index) => {
      expect(pauses[index]).toBeGreaterThanOrEqual(usual * 0.8);
      expect(pauses[index]).toBeLessThanOrEqual(usual * 1.2);
    });
    receiver.answer = status(200);
    later(HOUR);
    await look(t);
    expect(await deliveriesOf(t, webhookId)).toMatchObject([{ state: 'DELIVERED', attempts: 5, last_status: 200 }]);
    expect(new Set(receiver.arrived.map((each) => each.id)).size).toBe(1);
    await withdraw(t, id);
  });

  it('is given up after so many tries, and the trail says so; it is listed, and revived by an act of its own', async () => {
    const { id: webhookId } = await givenWebhook(t, receiver.url, ['changeRequest.proposed']);
    receiver.answer = status(500);
    const { id } = await givenGrant(t);
    const { events } = await eventsOf(t, async () => {
      for (let tries = 0; tries < TRIES + 2; tries += 1) {
        await look(t);
        later(2 * HOUR);
      }
    });
    expect(receiver.arrived).toHaveLength(TRIES);
    const [dead] = (await deliveriesOf(t, webhookId)) as [any];
    expect(dead).toMatchObject({ state: 'DEAD', attempts: TRIES, last_status: 500, delivered_at: null });
    expect(events).toMatchObject([
      {
        action: 'webhook.deliver',
        outcome: 'FAILED',
        code: 'WEBHOOK_UNDELIVERED',
        actor: null,
        subject: { type: 'Webhook', id: webhookId },
        changes: [{ path: 'delivery', before: null, after: dead.id }],
      },
    ]);
    const listed = await t
      .as('auditor')
      .gql(
        '{ webhookDeliveries(filter: { state: DEAD }) { nodes { id state attempts nextAttemptAt lastStatus lastError kind subjectId webhook { id } } } }',
      );
    expect(listed.errors).toEqual([]);
    expect(listed.data!.webhookDeliveries.nodes).toContainEqual({
      id: dead.id,
      state: 'DEAD',
      attempts: TRIES,
      nextAttemptAt: null,
      lastStatus: 500,
      lastError: 'STATUS',
      kind: 'changeRequest.proposed',
      subjectId: id,
      webhook: { id: webhookId },
    });
    receiver.answer = status(200);
    const { errors, payload } = await t
      .as('admin')
      .mutate(
        'redeliverWebhook',
        { deliveryId: dead.id, reason: 'mended' },
        'outcome webhookDelivery { id state attempts }',
      );
    expect(errors).toEqual([]);
    expect(payload).toMatchObject({ outcome: 'DONE', webhookDelivery: { id: dead.id, state: 'PENDING', attempts: 0 } });
    await look(t);
    expect(receiver.arrived.at(-1)!.id).toBe(receiver.arrived[0]!.id);
    expect(await deliveriesOf(t, webhookId)).toMatchObject([{ state: 'DELIVERED', attempts: 1 }]);
    await withdraw(t, id);
  });

  it('makes the webhook silent, if it is answered 410 Gone; what waits for it waits until it is woken', async () => {
    const { id: webhookId } = await givenWebhook(t, receiver.url, [
      'changeRequest.proposed',
      'changeRequest.withdrawn',
    ]);
    receiver.answer = status(410);
    const { id } = await givenGrant(t);
    await withdraw(t, id);
    await look(t);
    expect(receiver.arrived).toHaveLength(1);
    expect(await rowOf(t, 'webhook', webhookId)).toMatchObject({ active: false });
    expect(await trail(t, `action = 'webhook.changed' AND subject_id = $1`, [webhookId])).toMatchObject([
      {
        outcome: 'DONE',
        actor: null,
        changes: [{ path: 'active', before: true, after: false }],
        reason: 'It answered 410 Gone.',
      },
    ]);
    expect((await deliveriesOf(t, webhookId)).map(({ state }) => state)).toEqual(['DEAD', 'PENDING']);
    receiver.answer = status(200);
    await look(t);
    expect(receiver.arrived).toHaveLength(1);
    await t
      .person('admin')
      .countersigned(t.person('compliance'), 'webhook.change', { webhookId, active: true, reason: 'back' }, webhookId);
    await look(t);
    expect(receiver.kindsOf(id)).toEqual(['proposed', 'withdrawn']);
  });
});

describe('the order', () => {
  it('of one subject is kept under failure, and holds up no other', async () => {
    const { id: webhookId } = await givenWebhook(t, receiver.url, NOTICES);
    const [slow, quick] = [await givenGrant(t), await givenProposedVoid(t)];
    receiver.answer = ({ body }, response) =>
      void response.writeHead(body.data.changeRequestId === slow.id ? 500 : 200).end();
    await withdraw(t, slow.id);
    await t.as('billing').mutate('withdrawChangeRequest', { id: quick.id }, 'outcome');
    for (let looks = 0; looks < 3; looks += 1) {
      await look(t);
      later(HOUR);
    }
    expect(receiver.kindsOf(quick.id)).toEqual(['proposed', 'withdrawn']);
    expect(receiver.kindsOf(slow.id)).toEqual(['proposed', 'proposed', 'proposed']);
    receiver.answer = status(200);
    await look(t);
    expect(receiver.kindsOf(slow.id)).toEqual(['proposed', 'proposed', 'proposed', 'proposed', 'withdrawn']);
    expect(new Set((await deliveriesOf(t, webhookId)).map(({ state }) => state))).toEqual(new Set(['DELIVERED']));
  });

  it('goes on behind what was given up', async () => {
    const { id: webhookId } = await givenWebhook(t, receiver.url, NOTICES);
    const { id } = await givenGrant(t);
    await withdraw(t, id);
    await t.sql('UPDATE webhook_delivery SET attempts = $2 WHERE webhook_id = $1', [webhookId, TRIES - 1]);
    receiver.answer = ({ body }, response) => void response.writeHead(body.type.endsWith('proposed') ? 500 : 200).end();
    await look(t);
    expect((await deliveriesOf(t, webhookId)).map(({ state }) => state)).toEqual(['DEAD', 'DELIVERED']);
  });
});

describe('several processes', () => {
  let other: TestApp;
  beforeAll(async () => {
    other = await startAppOver(t.ownerUrl);
  });
  afterAll(() => other.close());

  it('send each message once, in order, though all look at once', async () => {
    const { id: webhookId } = await givenWebhook(t, receiver.url, NOTICES);
    const ids = [];
    for (let each = 0; each < 4; each += 1) {
      const { id } = await givenGrant(t);
      await withdraw(t, id);
      ids.push(id);
    }
    await Promise.all([t, other, t, other].map(look));
    await until(async () => (await deliveriesOf(t, webhookId)).every(({ state }) => state === 'DELIVERED'));
    for (const id of ids) expect(receiver.kindsOf(id)).toEqual(['proposed', 'withdrawn']);
  });

  it('take over from one that was killed between sending and noting it: the same message, under the same id', async () => {
    const { id: webhookId, secret } = await givenWebhook(t, receiver.url, ['changeRequest.proposed']);
    const { id } = await givenGrant(t);
    t.clock.at = new Date();
    // As if killed: what it would have noted never comes to be.
    const { pool } = t.served.app.database;
    const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
    const watch = jest
      .spyOn(pool, 'query')
      .mockImplementation(((given: { text?: string }, ...more: unknown[]) =>
        given.text?.includes(`state = 'DELIVERED'`)
          ? Promise.reject(new Error('killed'))
          : query(given, ...more)) as never);
    await look(t);
    watch.mockRestore();
    expect(receiver.arrived).toHaveLength(1);
    expect(await deliveriesOf(t, webhookId)).toMatchObject([{ state: 'PENDING', attempts: 1 }]);
    // While it might still be at it, nobody else is.
    other.clock.at = new Date(t.clock.at.getTime() + 30_000);
    await look(other);
    expect(receiver.arrived).toHaveLength(1);
    other.clock.at = new Date(t.clock.at.getTime() + 61_000);
    await look(other);
    other.clock.at = null;
    const [first, second] = receiver.arrived as [any, any];
    expect(second).toMatchObject({ id: first.id, text: first.text });
    expect(verified(secret, second)).toBeTruthy();
    expect(await deliveriesOf(t, webhookId)).toMatchObject([{ state: 'DELIVERED', attempts: 2 }]);
    await withdraw(t, id);
  });

  it('are woken by the queue with the message, without waiting for a minute', async () => {
    await givenWebhook(t, receiver.url, NOTICES);
    const jobs = [t, other].map((each) => new Jobs(each.served.app, each.apiUrl));
    for (const each of jobs) each.start();
    const request = await givenGrant(t);
    await until(() => receiver.kindsOf(request.id).length === 1);
    expect((await approvedByCompliance(request)).errors).toEqual([]);
    await until(() => receiver.kindsOf(request.id).length === 2);
    await Promise.all(jobs.map((each) => each.stop()));
    expect(receiver.kindsOf(request.id)).toEqual(['proposed', 'approved']);
    await t.rewind('DELETE FROM role_grant WHERE user_id = $1', [t.as('stranger').userId]);
  });
});
