import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { codeAt } from '../support/otp';

/** Outside of production on this machine, and in production behind TLS. */
let t: TestApp;
let production: TestApp;
beforeAll(async () => {
  [t, production] = await Promise.all([startTestApp(), startTestApp({ NODE_ENV: 'production' })]);
});
afterAll(async () => {
  await t.close();
  await production.close();
});

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token viewer { id sessionId } } }`;
const SIGN_OUT = 'mutation { signOut { signedOut } }';
const VIEWER = '{ viewer { id } }';
const input = { email: 'supervisor@test.example', password: PASSWORD };

const HOST = 'console.test.example';
/** What a page of this host sends by itself, and what it adds. */
const OWN = { host: HOST, origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin' };
const PAGE = { ...OWN, 'x-session': 'cookie' };

async function post(app: TestApp, headers: Record<string, string>, query: string, variables: object = {}) {
  const {
    status,
    body,
    headers: answered,
  } = await request(app.served.server).post('/graphql').set(headers).send({ query, variables });
  const { data, errors = [] } = body as { data?: Record<string, any>; errors?: { extensions: { code: string } }[] };
  return {
    status,
    data,
    code: errors[0]?.extensions.code,
    cookies: answered['set-cookie'] as unknown as string[] | undefined,
  };
}

async function signedIn(app = production, headers: Record<string, string> = PAGE) {
  const { data, cookies } = await post(app, headers, SIGN_IN, { input });
  expect(data!.signIn.viewer.id).toBe(app.as('supervisor').userId);
  return { token: data!.signIn.token as string, cookie: cookies![0]!.split(';')[0]!, set: cookies![0]! };
}

describe('the session of a page', () => {
  it('is in a cookie of this very host that no script reads, and its token is told nowhere else', async () => {
    const { token, set } = await signedIn();
    expect(token).toBe('');
    expect(set).toMatch(/^__Host-countersign=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  });

  it.each(['127.0.0.1:4000', 'localhost:4000', '[::1]:4000'])('has a plain name on %s in development', async (host) => {
    const { set } = await signedIn(t, { ...PAGE, host, origin: `http://${host}` });
    expect(set).toMatch(/^countersign=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  it('has none elsewhere, nor in production', async () => {
    expect((await signedIn(t)).set).toMatch(/^__Host-.*; Secure$/);
    const host = 'localhost:4000';
    expect((await signedIn(production, { ...PAGE, host, origin: `https://${host}` })).set).toMatch(
      /^__Host-.*; Secure$/,
    );
  });

  it('lets its page in, and an old browser’s that tells but its origin', async () => {
    const { cookie } = await signedIn();
    const { 'sec-fetch-site': _site, ...older } = PAGE;
    const { origin: _origin, ...newer } = PAGE;
    for (const headers of [PAGE, older, newer])
      expect((await post(production, { ...headers, cookie }, VIEWER)).data!.viewer.id).toBe(
        production.as('supervisor').userId,
      );
  });

  it('ends with signing out, and the browser is told to forget it', async () => {
    const { cookie } = await signedIn();
    const { data, cookies } = await post(production, { ...PAGE, cookie }, SIGN_OUT);
    expect(data).toEqual({ signOut: { signedOut: true } });
    expect(cookies).toEqual(['__Host-countersign=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0']);
    expect((await post(production, { ...PAGE, cookie }, VIEWER)).data).toEqual({ viewer: null });
  });

  it('takes the place of the one that the browser had', async () => {
    const { cookie } = await signedIn();
    const next = await signedIn(production, { ...PAGE, cookie });
    expect((await post(production, { ...PAGE, cookie }, VIEWER)).data).toEqual({ viewer: null });
    expect((await post(production, { ...PAGE, cookie: next.cookie }, VIEWER)).data!.viewer).not.toBeNull();
  });

  it('is exchanged when its user shows once more who they are: the former cookie is nobody’s, and no token is told', async () => {
    const claim = { ...input, email: 'operations@test.example' };
    const cookie = (await post(t, PAGE, SIGN_IN, { input: claim })).cookies![0]!.split(';')[0]!;
    const send = (kept: string, query: string) => post(t, { ...PAGE, cookie: kept }, query);
    t.clock.at = new Date();
    const { data } = await send(cookie, 'mutation { enrolTotp(input: {}) { secret } }');
    const code = () => codeAt(data!.enrolTotp.secret as string, t.clock.at!);
    await send(cookie, `mutation { confirmTotp(input: { oneTimeCode: "${code()}" }) { outcome } }`);
    t.clock.at = new Date(t.clock.at.getTime() + 60_000);
    const shown = await send(cookie, `mutation { stepUp(input: { oneTimeCode: "${code()}" }) { outcome token } }`);
    t.clock.at = null;
    expect(shown.data).toEqual({ stepUp: { outcome: 'DONE', token: null } });
    expect(shown.cookies).toEqual([
      expect.stringMatching(/^__Host-countersign=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/),
    ]);
    expect((await send(cookie, VIEWER)).data).toEqual({ viewer: null });
    expect((await send(shown.cookies![0]!.split(';')[0]!, VIEWER)).data!.viewer).not.toBeNull();
    const wrong = await send(
      shown.cookies![0]!.split(';')[0]!,
      'mutation { stepUp(input: { oneTimeCode: "0" }) { token } }',
    );
    expect([wrong.code, wrong.cookies]).toEqual(['ONE_TIME_CODE_WRONG', undefined]);
  });

  it('has its stream, too, and no other page has', async () => {
    const { cookie } = await signedIn();
    const { port } = production.served.server.address() as AddressInfo;
    const own = `http://127.0.0.1:${port}`;
    const open = async (headers: Record<string, string>) => {
      const answer = await fetch(`${own}/graphql/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie, ...headers },
        body: JSON.stringify({ query: 'subscription { changeRequestAwaits { id } }' }),
      });
      if (answer.status === 200) {
        await answer.body!.cancel();
        return undefined;
      }
      return ((await answer.json()) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code;
    };
    expect(await open({ origin: own, 'x-session': 'cookie' })).toBeUndefined();
    expect(await open({ origin: own })).toBe('UNAUTHENTICATED');
    expect(await open({ origin: 'https://evil.example', 'x-session': 'cookie' })).toBe('ORIGIN_FOREIGN');
  });
});

describe('a foreign page', () => {
  const FOREIGN: [string, Record<string, string>][] = [
    ['another origin', { ...PAGE, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another origin that tells no site', { host: HOST, origin: 'https://evil.example', 'x-session': 'cookie' }],
    ['a page of the same site', { ...PAGE, origin: `https://www.test.example`, 'sec-fetch-site': 'same-site' }],
    ['an origin that lies about its site', { ...PAGE, origin: 'https://evil.example' }],
    ['a sandboxed frame', { ...PAGE, origin: 'null' }],
    ['a site that lies about its origin', { ...PAGE, 'sec-fetch-site': 'cross-site' }],
    ['a bookmark', { ...PAGE, 'sec-fetch-site': 'none' }],
    ['who says nothing of where it comes from', { host: HOST, 'x-session': 'cookie' }],
    ['another host of the same name', { ...PAGE, origin: `https://${HOST}:8443` }],
  ];

  it.each(FOREIGN)('%s is refused with ORIGIN_FOREIGN, and nothing is done', async (_who, headers) => {
    const { cookie } = await signedIn();
    const answer = await post(production, { ...headers, cookie }, SIGN_OUT);
    expect(answer).toMatchObject({ status: 403, code: 'ORIGIN_FOREIGN', cookies: undefined });
    expect((await post(production, { ...PAGE, cookie }, VIEWER)).data!.viewer).not.toBeNull();
    // Nor does it sign its victim in as somebody else.
    expect(await post(production, headers, SIGN_IN, { input })).toMatchObject({
      code: 'ORIGIN_FOREIGN',
      cookies: undefined,
    });
  });

  it.each([
    ['without the header', OWN],
    ['with another header', { ...OWN, 'x-session': 'token' }],
    ['from another origin, as a form would', { host: HOST, origin: 'https://evil.example' }],
  ])('has a cookie sent along %s, which counts for nothing', async (_how, headers) => {
    const { cookie } = await signedIn();
    expect((await post(production, { ...headers, cookie }, SIGN_OUT)).code).toBe('UNAUTHENTICATED');
    expect((await post(production, { ...PAGE, cookie }, VIEWER)).data!.viewer).not.toBeNull();
  });

  it('has a read by GET sent along, which is answered nothing', async () => {
    const { cookie } = await signedIn();
    const { status, body } = await request(production.served.server)
      .get(`/graphql?query=${encodeURIComponent(VIEWER)}`)
      .set({ ...PAGE, cookie, 'apollo-require-preflight': 'true' });
    expect([status, body.data]).toEqual([405, undefined]);
  });

  it('is not told that it may send such a header', async () => {
    const { status, headers } = await request(production.served.server)
      .options('/graphql')
      .set({ origin: 'https://evil.example', 'access-control-request-headers': 'x-session' });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('a cookie', () => {
  it('under another name, twice, or of another form is nobody’s', async () => {
    const { cookie } = await signedIn();
    const token = cookie.split('=')[1]!;
    for (const forged of [
      `countersign=${token}`,
      `__Host-countersign2=${token}`,
      `${cookie}; ${cookie}`,
      `${cookie}; __Host-countersign=${'A'.repeat(43)}`,
      `__Host-countersign="${token}"`,
      `__Host-countersign=${token.slice(1)}`,
      `x=${cookie}`,
    ])
      expect((await post(production, { ...PAGE, cookie: forged }, VIEWER)).data).toEqual({ viewer: null });
    expect((await post(production, { ...PAGE, cookie: `a=b; ${cookie}; c` }, VIEWER)).data!.viewer).not.toBeNull();
  });

  it('gives way to a bearer’s token, whosever it is', async () => {
    const { cookie } = await signedIn();
    const as = (authorization: string) => post(production, { ...PAGE, cookie, authorization }, VIEWER);
    expect((await as(`Bearer ${production.as('billing').token}`)).data!.viewer.id).toBe(
      production.as('billing').userId,
    );
    expect((await as('Bearer x')).data).toEqual({ viewer: null });
  });

  it('is not set for who bears a token: front ends get theirs in the answer', async () => {
    const { data, cookies } = await post(production, {}, SIGN_IN, { input });
    expect(cookies).toBeUndefined();
    const authorization = `Bearer ${data!.signIn.token as string}`;
    expect((await post(production, { authorization }, SIGN_OUT)).cookies).toBeUndefined();
  });

  it('is not set by a sign-in that was refused', async () => {
    const { code, cookies } = await post(production, PAGE, SIGN_IN, { input: { ...input, password: 'wrong' } });
    expect({ code, cookies }).toEqual({ code: 'SIGN_IN_REFUSED', cookies: undefined });
  });

  it('opens no WebSocket', async () => {
    const { cookie } = await signedIn();
    const { WebSocket } = await import('ws');
    const { port } = production.served.server.address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', {
      headers: { cookie, 'x-session': 'cookie' },
    });
    const code = await new Promise<number>((resolve) => {
      socket.on('open', () => socket.send('{"type":"connection_init"}'));
      socket.on('close', resolve);
    });
    expect(code).toBe(4401);
  });
});
