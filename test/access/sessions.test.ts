import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import request from 'supertest';
import { ApiClient, startAppOver, startTestApp, type TestApp } from '../support/app';
import { type CastName, PASSWORD } from '../support/cast';
import { eventsOf, expectRefused, rowOf } from '../support/outcomes';
import { until } from '../support/poll';
import { trail } from '../support/scene';
import { enrolled } from '../support/otp';
import { AWAITS, overSse, overWebSocket } from '../subscriptions/support';

/** Two processes of one database. */
let a: TestApp;
let b: TestApp;
beforeAll(async () => {
  a = await startTestApp();
  b = await startAppOver(a.ownerUrl);
});
afterEach(() => setClock(null));
afterAll(async () => {
  await b.close();
  await a.close();
});

const MINUTE = 60_000;
const START = new Date('2026-05-05T08:00:00Z').getTime();

function setClock(at: Date | null): void {
  a.clock.at = b.clock.at = at;
}
const at = (minutes: number) => setClock(new Date(START + minutes * MINUTE));

const VIEWER = '{ viewer { id sessionId } }';

async function signedIn(who: CastName, t = a, oneTimeCode?: string): Promise<ApiClient & { sessionId: string }> {
  const input = { email: `${who}@test.example`, password: PASSWORD, oneTimeCode };
  const { payload, errors } = await t.nobody.mutate('signIn', input, 'token viewer { id sessionId }');
  expect(errors).toEqual([]);
  return Object.assign(new ApiClient(t.served, payload.token, payload.viewer.id), {
    sessionId: payload.viewer.sessionId as string,
  });
}

const isIn = async (client: ApiClient): Promise<boolean> => (await client.gql(VIEWER)).data!.viewer !== null;
const session = (id: string) => rowOf(a, 'session', id);
const idleUntil = async ({ sessionId }: { sessionId: string }) => (await session(sessionId)).idle_until.getTime();

/** Asks, and waits until the use has been noted. */
async function used(client: ApiClient & { sessionId: string }): Promise<void> {
  expect(await isIn(client)).toBe(true);
  const now = a.clock.at!.getTime();
  await until(async () => (await session(client.sessionId)).last_seen_at.getTime() === now);
}

const openStreams = async (): Promise<number> => {
  const counts = await Promise.all([a, b].map(({ served }) => served.app.metrics.streams.get()));
  return counts.flatMap(({ values }) => values).reduce((sum, { value }) => sum + value, 0);
};

const unattended = ({ token }: ApiClient) =>
  request(a.served.server)
    .post('/graphql')
    .set({ authorization: `Bearer ${token}`, 'x-unattended': 'true' })
    .send({ query: VIEWER });

describe('a session that nobody uses', () => {
  it('lives when it was used at minute 14, and is gone when it rested for 15, on every process', async () => {
    at(0);
    const here = await signedIn('billing');
    const there = here.at(b);
    at(14);
    await used(here);
    at(15);
    for (const client of [here, there]) expect(await isIn(client)).toBe(true);
    at(28);
    await used(Object.assign(there, { sessionId: here.sessionId }));
    expect((await session(here.sessionId)).last_seen_at).toEqual(new Date(START + 28 * MINUTE));
    at(43 - 1 / MINUTE);
    const { version } = await session(here.sessionId);
    at(43);
    for (const client of [here, there]) {
      expect(await isIn(client)).toBe(false);
      expect((await client.gql('{ accounts { totalCount } }')).code).toBe('UNAUTHENTICATED');
      expect((await client.mutate('draftInvoice', { accountId: randomUUID(), lines: [] }, 'outcome')).code).toBe(
        'UNAUTHENTICATED',
      );
    }
    // Whoever was identified earlier still is who they were: it moves nothing that reads compare.
    expect(version).toBe(1);
    at(14);
    expect(await isIn(here)).toBe(true);
  });

  it('is not kept by what a page asks by itself', async () => {
    at(0);
    const client = await signedIn('billing');
    at(14);
    const { statusCode } = await unattended(client);
    expect(statusCode).toBe(200);
    await pause(200);
    expect(await idleUntil(client)).toBe(START + 15 * MINUTE);
  });

  it('moves once a minute at most, and catches up with what was used in between', async () => {
    at(0);
    const client = await signedIn('billing');
    await used(client);
    at(0.5);
    for (let each = 0; each < 5; each += 1) expect(await isIn(client)).toBe(true);
    await pause(6_000);
    expect(await idleUntil(client)).toBe(START + 15 * MINUTE);
    at(1);
    await until(async () => (await idleUntil(client)) === START + 15.5 * MINUTE, 'the use of half a minute ago', 8_000);
  });

  it('is never moved back, nor revived, nor past what it may last, whoever writes when', async () => {
    at(0);
    const client = await signedIn('billing');
    at(10);
    await used(client);
    // A process whose clock is behind.
    b.clock.at = new Date(START + 8 * MINUTE);
    expect(await isIn(client.at(b))).toBe(true);
    await pause(300);
    expect(await idleUntil(client)).toBe(START + 25 * MINUTE);
    await expect(
      a.apiSql(`UPDATE session SET idle_until = $2 WHERE id = $1`, [client.sessionId, new Date(START)]),
    ).rejects.toThrow('sooner');
    await expect(
      a.apiSql(`UPDATE session SET expires_at = expires_at + interval '1 s' WHERE id = $1`, [client.sessionId]),
    ).rejects.toThrow('sooner');
    at(26);
    a.served.app.uses.note(client.sessionId);
    await pause(300);
    expect(await isIn(client)).toBe(false);
    expect(await idleUntil(client)).toBe(START + 25 * MINUTE);
  });

  it('is written beside whoever holds its row, and by both processes at once without waiting for each other', async () => {
    at(0);
    const client = await signedIn('billing');
    const holder = new Client({ connectionString: a.ownerUrl });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM session WHERE id = $1 FOR UPDATE', [client.sessionId]);
      at(9);
      for (const t of [a, b]) expect(await isIn(client.at(t))).toBe(true);
      await pause(300);
      expect(await idleUntil(client)).toBe(START + 15 * MINUTE);
      await holder.query('COMMIT');
      await until(async () => (await idleUntil(client)) === START + 24 * MINUTE, 'the next round', 12_000);
    } finally {
      await holder.end();
    }
  });

  it('and is read from has its streams ended within a minute, as one that was ended has', async () => {
    at(0);
    // Another token was given to the session of this one meanwhile.
    const renewed = await signedIn('supervisor2');
    const app = await enrolled(a, renewed);
    const [idle, ended, alive] = [
      await signedIn('supervisor'),
      await signedIn('supervisor'),
      await signedIn('supervisor'),
    ];
    const streams = [overSse(a, idle), overWebSocket(b, idle), overSse(a, ended), overWebSocket(b, ended)];
    streams.push(overSse(a, renewed));
    const living = overSse(a, alive, AWAITS);
    await until(async () => (await openStreams()) === 6);
    await app.stepUp(renewed);
    await ended.gql('mutation { signOut { signedOut } }');
    at(14);
    await used(alive);
    await used(renewed);
    at(16);
    await until(() => streams.every(({ ended: why }) => why !== null), 'all of them ended', 40_000);
    expect(streams.map(({ told }) => told.at(-1)?.errors?.[0]?.extensions.code)).toEqual(
      Array(5).fill('UNAUTHENTICATED'),
    );
    expect(await isIn(renewed)).toBe(true);
    expect(living.ended).toBeNull();
    living.stop();
  });
});

describe('sessions', () => {
  const LIST = `query ($filter: SessionFilter) { sessions(first: 100, filter: $filter) { totalCount
    nodes { id kind open current address userAgent openedAt lastSeenAt idleUntil expiresAt endedAt version user { id } } } }`;
  const listed = async (client: ApiClient, filter: object = {}) =>
    (await client.gql(LIST, { filter })).data!.sessions.nodes as Record<string, any>[];

  it('are listed to their owner: where from, since when, and which is this one', async () => {
    at(0);
    const [one, other] = [await signedIn('operations'), await signedIn('operations')];
    const mine = await listed(one, { open: true });
    expect(mine.every(({ user }) => user.id === one.userId)).toBe(true);
    const shown = mine.filter(({ id }) => [one.sessionId, other.sessionId].includes(id as string));
    expect(shown.map(({ id, current }) => ({ id, current }))).toEqual(
      expect.arrayContaining([
        { id: one.sessionId, current: true },
        { id: other.sessionId, current: false },
      ]),
    );
    expect(shown[0]).toMatchObject({
      kind: 'PASSWORD',
      open: true,
      address: expect.stringContaining('127.0.0.1'),
      expiresAt: new Date(START + 720 * MINUTE).toISOString(),
      idleUntil: new Date(START + 15 * MINUTE).toISOString(),
      lastSeenAt: new Date(START).toISOString(),
      endedAt: null,
    });
    // The second time by a plan that was made for anybody of the kind: for each its own.
    expect((await listed(other, { open: true })).find(({ current }) => current)!.id).toBe(other.sessionId);
  });

  it.each(['admin', 'compliance', 'auditor'] as const)('of everybody are listed to %s', async (who) => {
    const { userId } = a.as('client');
    expect((await listed(a.as(who), { userId })).length).toBeGreaterThan(0);
  });

  it.each(['billing', 'supervisor', 'operations', 'client', 'stranger'] as const)(
    'of others are not there for %s',
    async (who) => {
      expect(await listed(a.as(who), { userId: a.as('admin').userId })).toEqual([]);
      expect((await listed(a.as(who))).every(({ user }) => user.id === a.as(who).userId)).toBe(true);
    },
  );

  it('of one’s own are ended but for the present one, at once and everywhere, once per key', async () => {
    at(0);
    const [here, ...others] = [await signedIn('auditor'), await signedIn('auditor'), await signedIn('auditor', b)];
    const stranger = await signedIn('billing');
    const before = (await listed(here, { open: true, userId: here.userId })).length;
    const input = { idempotencyKey: randomUUID() };
    const { answer, events } = await eventsOf(a, () => here.mutate('endOtherSessions', input, 'outcome'));
    expect(answer.payload).toEqual({ outcome: 'DONE' });
    for (const each of others) for (const t of [a, b]) expect(await isIn(each.at(t))).toBe(false);
    expect(await isIn(here)).toBe(true);
    expect(await isIn(stranger)).toBe(true);
    expect(events.filter(({ action }) => action !== 'audit.read')).toMatchObject([
      {
        action: 'session.othersEnded',
        actor: here.userId,
        subject: { type: 'Session', id: here.sessionId },
        changes: [{ path: 'otherSessions', before: before - 1, after: 0 }],
      },
    ]);
    const late = await signedIn('auditor');
    expect((await here.mutate('endOtherSessions', input, 'outcome')).payload).toEqual({ outcome: 'DONE' });
    expect(await isIn(late)).toBe(true);
    await a.signInAnew('auditor');
  });

  it('of one’s own are ended by whoever showed lately who they are; the present one always, and others’ by administrators', async () => {
    at(0);
    const [here, other, third] = [await signedIn('billing2'), await signedIn('billing2'), await signedIn('billing2')];
    const end = (who: ApiClient, { sessionId }: { sessionId: string }) =>
      who.mutate('endSession', { sessionId }, 'outcome');
    at(5 - 1 / MINUTE);
    expect((await end(here, third)).errors).toEqual([]);
    at(5);
    for (const [mutation, input] of [
      ['endSession', { sessionId: other.sessionId }],
      ['endOtherSessions', {}],
    ] as const) {
      const refused = await here.mutate(mutation, input, 'outcome');
      expect(refused.errors[0]!.extensions).toMatchObject({
        code: 'STEP_UP_REQUIRED',
        details: { enrolled: false, signInSuffices: true },
      });
    }
    expect(await isIn(other)).toBe(true);
    expect((await end(here, here)).errors).toEqual([]);
    expect(await isIn(here)).toBe(false);
    const again = await signedIn('billing2');
    expect((await end(again, other)).errors).toEqual([]);
    const app = await enrolled(a, again);
    at(12);
    const late = await signedIn('billing2', a, app.next());
    at(18);
    expect((await end(again, late)).code).toBe('STEP_UP_REQUIRED');
    await app.stepUp(again);
    expect((await end(again, late)).errors).toEqual([]);
    expect((await end(a.as('compliance'), again)).errors).toEqual([]);
    const told = await trail(a, `actor_id = $1 AND outcome = 'REFUSED'`, [here.userId]);
    expect(told.map(({ action, code }) => [action, code])).toEqual(
      ['session.end', 'session.endOthers', 'session.end'].map((action) => [action, 'STEP_UP_REQUIRED']),
    );
    await a.signInAnew('billing2');
  });

  it('end two of each other: one is left, or none', async () => {
    at(0);
    const [one, other] = [await signedIn('stranger'), await signedIn('stranger', b)];
    const answers = await Promise.all([one, other].map((each) => each.mutate('endOtherSessions', {}, 'outcome')));
    expect(answers.map(({ code }) => code ?? 'DONE')).toContain('DONE');
    const open = (await Promise.all([one, other].map(isIn))).filter(Boolean);
    expect(open.length).toBeLessThanOrEqual(1);
    await a.signInAnew('stranger');
  });

  it('of nobody are neither listed nor ended', async () => {
    expect((await a.nobody.gql(LIST)).code).toBe('UNAUTHENTICATED');
    await expectRefused(a, {
      as: 'nobody',
      mutation: 'endOtherSessions',
      operation: 'session.endOthers',
      input: {},
      code: 'UNAUTHENTICATED',
    });
  });
});
