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

describe('an address', () => {
  const ask = (search: string, method: 'get' | 'head' = 'get') => {
    const sent = request(t.served.server)[method](`/graphql${search}`);
    return sent.set('apollo-require-preflight', 'true').set('authorization', `Bearer ${t.as('billing').token}`);
  };
  const viewer = encodeURIComponent('{ viewer { id } }');

  it.each([
    ['a document', `?query=${viewer}`],
    ['a document twice', `?query=${viewer}&query=${viewer}`],
    ['a document as a list', `?query[]=${viewer}`],
    ['a document and variables', `?query=${viewer}&variables=${encodeURIComponent('{"a":1}')}`],
    ['a hash', '?documentId=sha256:00'],
    ['a hash and variables', `?documentId=sha256:00&variables=${encodeURIComponent('{"a":1}')}`],
    ['nothing', ''],
  ])('that carries %s is answered nothing: proxies keep addresses', async (_what, search) => {
    const { status, body, headers } = await ask(search);
    expect([status, headers.allow, body.errors[0].extensions.code]).toEqual([405, 'POST', 'BAD_REQUEST']);
    expect(body.data).toBeUndefined();
    expect((await ask(search, 'head')).status).toBe(405);
  });
});
