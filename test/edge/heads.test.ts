import { connect, type AddressInfo } from 'node:net';
import request from 'supertest';
import { startTestApp, type TestApp } from '../support/app';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const query = { query: '{ viewer { id } }' };
const asked = (path: string) =>
  ({
    '/graphql': () => request(t.served.server).post('/graphql').send(query),
    '/graphql (refused)': () => request(t.served.server).post('/graphql').send({ query: '{ nothing }' }),
    '/health': () => request(t.served.server).get('/health'),
    '/console': () => request(t.served.server).get('/console'),
    '/nothing': () => request(t.served.server).get('/nothing'),
  })[path]!();

describe('the head of an answer', () => {
  it.each(['/graphql', '/graphql (refused)', '/health', '/console', '/nothing'])(
    'of %s has browsers come back over TLS alone, for a year, also to subdomains',
    async (path) => {
      const told = (await asked(path)).headers['strict-transport-security'] ?? '';
      expect(Number(/max-age=(\d+)/.exec(told)?.[1])).toBeGreaterThanOrEqual(31_536_000);
      expect(told).toContain('includeSubDomains');
    },
  );

  it.each(['/graphql', '/graphql (refused)'])('of %s has nobody keep it', async (path) => {
    expect((await asked(path)).headers['cache-control']).toContain('no-store');
  });
});

describe('TRACE', () => {
  it.each(['/', '/graphql', '/health', '/console'])(
    'is not answered at %s, and nothing of it comes back',
    async (path) => {
      const { port } = t.served.server.address() as AddressInfo;
      const answer = await new Promise<string>((resolve, reject) => {
        let text = '';
        const socket = connect(port, '127.0.0.1', () =>
          socket.write(`TRACE ${path} HTTP/1.1\r\nHost: x\r\nX-Secret: hunter2\r\nConnection: close\r\n\r\n`),
        );
        socket.setEncoding('utf8').on('data', (part: string) => (text += part));
        socket.on('end', () => resolve(text)).on('error', reject);
      });
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).not.toContain('hunter2');
    },
  );
});

describe('a parameter that comes twice', () => {
  const get = (path: string) =>
    request(t.served.server)
      .get(path)
      .set('apollo-require-preflight', 'true')
      .set('authorization', `Bearer ${t.as('billing').token}`);
  const viewer = encodeURIComponent('{ viewer { id } }');

  it('in a query by GET is answered once it comes once', async () => {
    expect((await get(`/graphql?query=${viewer}`)).body.data.viewer).toEqual({ id: t.as('billing').userId });
  });

  it.each([
    ['query', `query=${viewer}&query=${viewer}`],
    ['query as a list', `query[]=${viewer}&query[]=x`],
    ['variables', `query=${viewer}&variables=%7B%7D&variables=%7B%7D`],
    ['operationName', `query=${viewer}&operationName=a&operationName=b`],
  ])('%s: is refused', async (_what, search) => {
    const { status, body } = await get(`/graphql?${search}`);
    expect(status).toBe(400);
    expect(body.data ?? null).toBeNull();
  });
});
