import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startTestApp, type TestApp } from '../support/app';
import { clientOf } from '../support/outcomes';
import { givenAccount, givenClientOf, trail } from '../support/scene';
import {
  AWAITS,
  bareSocket,
  type Followed,
  overSse,
  overWebSocket,
  portOf,
  TRANSPORTS,
  until,
  whenFollowed,
} from './support';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({
    STREAMS: 'perProcess=8,perUser=3,perConnection=2,initSeconds=1',
    LIMITS: 'depth=4,body=5000',
  });
  await givenClientOf(t, await givenAccount(t));
});
afterEach(() => whenFollowed(t, 0));
afterAll(() => t.close());

const lastEvent = async () => (await trail(t)).at(-1)!;

/** How a subscription ended that was told nothing. */
async function refusal(followed: Followed): Promise<string> {
  await until(() => followed.ended !== null);
  expect(followed.told).toEqual([]);
  followed.stop();
  return followed.ended!;
}

describe.each(TRANSPORTS)('over %s', (_name, over) => {
  it.each(['client', 'auditor', 'billing', 'operations', 'stranger'] as const)(
    'a subscription of %s is refused, and leaves its event',
    async (who) => {
      expect(await refusal(over(t, t.as(who)))).toBe('FORBIDDEN');
      expect(await lastEvent()).toMatchObject({
        action: 'Subscription.changeRequestAwaits',
        outcome: 'REFUSED',
        code: 'FORBIDDEN',
        actor: t.as(who).userId,
      });
    },
  );

  it.each([
    ['nobody', null],
    ['the bearer of no session', 'not-a-token-of-any-session'],
  ])('a subscription of %s is refused, and leaves its event', async (_who, token) => {
    const ended = await refusal(over(t, { token }));
    expect(ended).toBe(over === overSse ? 'UNAUTHENTICATED' : '4401 UNAUTHENTICATED');
    expect(await lastEvent()).toMatchObject({ outcome: 'REFUSED', code: 'UNAUTHENTICATED', actor: null });
    expect((await lastEvent()).action).toMatch(/^Subscription/);
  });

  it.each([
    ['a query', '{ viewer { id } }', 'TRANSPORT_UNSUITABLE'],
    ['a mutation', 'mutation { signOut { signedOut } }', 'TRANSPORT_UNSUITABLE'],
    ['the one of several that is a query', 'query A { viewer { id } } ', 'TRANSPORT_UNSUITABLE'],
    ['a field that there is not', 'subscription { everythingAwaits { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'two at once',
      'subscription { a: changeRequestAwaits { id } b: changeRequestAwaits { id } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'none, since it is skipped',
      'subscription { changeRequestAwaits @skip(if: true) { id } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['introspection', 'subscription { __typename }', 'GRAPHQL_VALIDATION_FAILED'],
    ['what does not parse', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    [
      'an argument of another type',
      'subscription { changeRequestAwaits(replay: "yes") { id } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'a variable that is missing',
      'subscription ($r: Boolean!) { changeRequestAwaits(replay: $r) { id } }',
      'BAD_USER_INPUT',
    ],
    [
      'two operations and no name',
      'subscription A { changeRequestAwaits { id } } subscription B { changeRequestAwaits { id } }',
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'too deep a document',
      'subscription { changeRequestAwaits { maker { roles { user { roles { id } } } } } }',
      'DOCUMENT_TOO_DEEP',
    ],
  ])('%s is refused', async (_what, query, code) => {
    expect(await refusal(over(t, t.as('supervisor'), query))).toBe(code);
  });

  it('too many streams of one user are refused, and others are not', async () => {
    const open = [1, 2, 3].map(() => over(t, t.as('supervisor')));
    await whenFollowed(t, 3);
    const ended = await refusal(over(t, t.as('supervisor')));
    expect(ended).toBe(over === overSse ? 'TOO_MANY_STREAMS' : '1013 TOO_MANY_STREAMS');
    const another = over(t, t.as('supervisor2'));
    await whenFollowed(t, 4);
    open.pop()!.stop();
    await whenFollowed(t, 3);
    open.push(over(t, t.as('supervisor')));
    await whenFollowed(t, 4);
    for (const each of [...open, another]) each.stop();
  });
});

it('a subscription at POST /graphql is refused', async () => {
  const answer = await t.as('supervisor').gql(AWAITS);
  expect([answer.status, answer.code, answer.data]).toEqual([400, 'TRANSPORT_UNSUITABLE', undefined]);
  expect((await clientOf(t, 'nobody').gql(AWAITS)).code).toBe('TRANSPORT_UNSUITABLE');
});

it('more streams than a process may have are refused, whoever asks', async () => {
  const sockets = await Promise.all(Array.from({ length: 8 }, () => bareSocket(t)));
  const ninth = await bareSocket(t);
  expect(ninth.end.status).toBe(429);
  expect(await refusal(overSse(t, t.as('supervisor')))).toBe('TOO_MANY_STREAMS');
  for (const { socket } of sockets) socket.terminate();
  const later = overWebSocket(t, t.as('supervisor'));
  await whenFollowed(t, 1);
  later.stop();
});

describe('a WebSocket', () => {
  it('that does not say whose it is in time is closed', async () => {
    const { end } = await bareSocket(t);
    await until(() => end.code !== undefined);
    expect(end.code).toBe(4408);
  });

  it('has so many subscriptions, and goes on with those it has', async () => {
    const { signIn, subscribe, messages, socket } = await bareSocket(t);
    await signIn(t.as('supervisor'));
    for (const id of ['a', 'b', 'c']) subscribe(id);
    await until(() => messages.some(({ type }) => type === 'error'));
    expect(messages.find(({ type }) => type === 'error')).toMatchObject({
      id: 'c',
      payload: [{ extensions: { code: 'TOO_MANY_STREAMS', details: { limit: 2, setting: 'STREAMS=perConnection' } } }],
    });
    await whenFollowed(t, 2);
    socket.close();
  });

  it('that subscribes before it says whose it is is closed', async () => {
    const { subscribe, end } = await bareSocket(t);
    subscribe('a');
    await until(() => end.code !== undefined);
    expect(end.code).toBe(4401);
  });

  it.each([
    ['is no JSON', 'no json', 4400],
    ['is of no known type', '{"type":"nothing"}', 4400],
    ['is too large', `{"type":"ping","payload":{"x":"${'x'.repeat(6000)}"}}`, 1009],
    ['is too deep', `{"type":"ping","payload":${'['.repeat(2200)}${']'.repeat(2200)}}`, 4400],
  ])('that sends what %s is closed', async (_what, text, code) => {
    const { socket, end } = await bareSocket(t);
    socket.send(text);
    await until(() => end.code !== undefined);
    expect(end.code).toBe(code);
  });

  it.each([
    ['http://elsewhere.example', 403],
    ['null', 403],
    ['https://127.0.0.1', 403],
  ])('from a page of %s is refused', async (origin, status) => {
    expect((await bareSocket(t, { origin })).end.status).toBe(status);
  });

  it('from a page of the same host is let in', async () => {
    const { signIn, messages, socket } = await bareSocket(t, { origin: `http://127.0.0.1:${portOf(t)}` });
    await signIn(t.as('supervisor'));
    expect(messages).toEqual([{ type: 'connection_ack' }]);
    socket.close();
  });

  it('is opened nowhere else', async () => {
    expect((await bareSocket(t, { path: '/graphql/stream' })).end.status).toBe(404);
  });
});

describe('an event stream', () => {
  const ask = (init: RequestInit) => fetch(`http://127.0.0.1:${portOf(t)}/graphql/stream`, init);

  it.each([
    ['by GET', { method: 'GET' }, 405],
    [
      'by a form that a foreign page could send',
      { method: 'POST', body: 'query=x', headers: { 'content-type': 'text/plain' } },
      415,
    ],
    [
      'as JSON',
      { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', accept: 'application/json' } },
      406,
    ],
    [
      'with a body that is too large',
      {
        method: 'POST',
        body: JSON.stringify({ query: ' '.repeat(6000) }),
        headers: { 'content-type': 'application/json' },
      },
      413,
    ],
    ['without a document', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }, 400],
  ])('is not asked for %s', async (_how, init, status) => {
    const response = await ask(init);
    expect([response.status, ((await response.json()) as { errors: unknown[] }).errors.length]).toEqual([status, 1]);
  });
});

it('where documents are trusted, no other is subscribed with, over either transport', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-trusted-'));
  const file = path.join(folder, 'trusted.json');
  writeFileSync(file, JSON.stringify([AWAITS]));
  const trusting = await startTestApp({ TRUSTED_DOCUMENTS: file });
  try {
    const { token } = trusting.as('supervisor');
    for (const [, over] of TRANSPORTS) {
      expect(await refusal(over(trusting, { token }, AWAITS.replace('reason', '')))).toBe('DOCUMENT_NOT_TRUSTED');
      const letIn = over(trusting, { token });
      await whenFollowed(trusting, 1);
      letIn.stop();
      await whenFollowed(trusting, 0);
    }
  } finally {
    await trusting.close();
    rmSync(folder, { recursive: true });
  }
});

it('whoever subscribes too often is refused', async () => {
  const busy = await startTestApp({ RATE_PER_USER: '3' });
  try {
    const { token } = busy.as('supervisor');
    const ends: string[] = [];
    for (let n = 0; n < 6; n += 1) ends.push(await refusal(overSse(busy, { token }, '{ viewer { id } }')));
    expect(ends.slice(0, 3)).toEqual(Array(3).fill('TRANSPORT_UNSUITABLE'));
    expect(ends.at(-1)).toBe('RATE_LIMITED');
    expect(await refusal(overWebSocket(busy, { token }))).toBe('1013 RATE_LIMITED');
  } finally {
    await busy.close();
  }
});
