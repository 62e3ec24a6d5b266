import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import path from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type AuditResult, serverAudits } from 'graphql-http';
import request from 'supertest';
import { startTestApp, type TestApp } from '../support/app';

let t: TestApp;
let port: number;
beforeAll(async () => {
  t = await startTestApp({ REQUEST_SECONDS: '2' });
  port = (t.served.server.address() as AddressInfo).port;
});
afterAll(() => t.close());

const post = () => request(t.served.server).post('/graphql').set('content-type', 'application/json');
const QUERY = JSON.stringify({ query: '{ viewer { id } }' });
const VIEWER = { data: { viewer: null } };

/** What is written to a socket, and all that comes back until it is closed. */
function raw(bytes: string | Buffer, options: { slowly?: boolean } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (data) => (text += data.toString())).on('close', () => resolve(text));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(text) : reject(error)));
    if (!options.slowly) socket.on('data', () => text.includes('\r\n\r\n') && setTimeout(() => socket.end(), 50));
  });
}

const codeIn = (answer: string) => /"code":"(\w+)"/.exec(answer)?.[1];

describe('the audits of graphql-http', () => {
  /** What is only recommended and not so here; docs/EDGE.md says why, one by one. */
  const EXPLAINED: Record<string, string> = {
    '5A70': 'MAY accept application/x-www-form-urlencoded formatted GET requests',
    '6A70': 'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json',
    D6D5: 'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
    '572B': 'SHOULD use 200 status code on document parsing failure when accepting application/json',
    FDE2: 'SHOULD use 200 status code on document validation failure when accepting application/json',
    '7B9B': 'SHOULD use a status code of 200 on variable coercion failure when accepting application/json',
  };

  it('find no error, and no warning but those that are explained', async () => {
    const audits = serverAudits({ url: `http://127.0.0.1:${port}/graphql`, fetchFn: fetch });
    expect(audits.length).toBeGreaterThan(50);
    const results: AuditResult[] = [];
    for (const audit of audits) results.push(await audit.fn());
    const told = (status: string) =>
      Object.fromEntries(results.flatMap((each) => (each.status === status ? [[each.id, each.name]] : [])));
    expect(told('error')).toEqual({});
    expect({ ...told('warn'), ...told('notice') }).toEqual(EXPLAINED);
    const page = readFileSync(path.resolve(__dirname, '../../docs/EDGE.md'), 'utf8');
    for (const id of Object.keys(EXPLAINED)) expect(page).toContain(`\`${id}\``);
  });
});

describe('a body', () => {
  it.each([
    ['gzip', gzipSync(QUERY)],
    ['deflate', deflateSync(QUERY)],
    ['br', brotliCompressSync(QUERY)],
    ['identity', Buffer.from(QUERY)],
  ])('may come packed: %s', async (encoding, bytes) => {
    const response = await post()
      .set('content-encoding', encoding)
      .serialize((body) => body as never)
      .send(bytes);
    expect([response.status, response.body]).toEqual([200, VIEWER]);
  });

  it.each([
    ['a packing that there is not', { 'content-encoding': 'zstd' }, 415, 'BAD_REQUEST'],
    ['a list of packings', { 'content-encoding': 'gzip, gzip' }, 415, 'BAD_REQUEST'],
    ['a packing named like a property', { 'content-encoding': 'constructor' }, 415, 'BAD_REQUEST'],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }, 415, 'BAD_REQUEST'],
    ['no type', { 'content-type': '' }, 415, 'BAD_REQUEST'],
  ])('%s is refused', async (_what, headers, status, code) => {
    const response = await post().set(headers).send(QUERY);
    expect([response.status, response.body.errors[0].extensions.code]).toEqual([status, code]);
  });

  it.each([
    'application/json; charset=UTF-8',
    'application/json;charset="utf-8"',
    'Application/JSON',
    'application/json; odata=1',
  ])('is JSON as %s', async (type) =>
    expect((await post().set('content-type', type).send(QUERY)).body).toEqual(VIEWER),
  );

  it('that is no UTF-8 is refused, not bent', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"query":"{ viewer { id } } #'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]);
    const response = await post()
      .serialize((body) => body as never)
      .send(bytes);
    expect([response.status, codeIn(response.text)]).toEqual([400, 'BAD_REQUEST']);
  });

  it('that is packed small and is large is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    const response = await post()
      .set('content-encoding', 'gzip')
      .serialize((body) => body as never)
      .send(bomb);
    expect([response.status, codeIn(response.text)]).toEqual([413, 'REQUEST_TOO_LARGE']);
  });

  const HEAD = 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

  it('that says it is too large is refused before it comes', async () => {
    const answer = await raw(`${HEAD}content-length: 2000000\r\n\r\n{`);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(codeIn(answer)).toBe('REQUEST_TOO_LARGE');
  });

  it('that turns out to be too large is refused without its end', async () => {
    const chunk = `${(600_000).toString(16)}\r\n${'x'.repeat(600_000)}\r\n`;
    const answer = await raw(`${HEAD}transfer-encoding: chunked\r\n\r\n${chunk}${chunk}`);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(codeIn(answer)).toBe('REQUEST_TOO_LARGE');
  });

  it('that never ends is given up: 408, as JSON', async () => {
    const answer = await raw(`${HEAD}content-length: 100\r\n\r\n{"query`, { slowly: true });
    expect(answer).toMatch(/^HTTP\/1.1 (408|503) /);
    expect(codeIn(answer)).toBe('TIMEOUT');
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'BAD_REQUEST'],
    ['two lengths', `${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`, 400, 'BAD_REQUEST'],
    [
      'a length and chunks',
      `${HEAD}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'BAD_REQUEST',
    ],
    ['headers without end', `${HEAD}${'x: y\r\n'.repeat(20_000)}\r\n`, 431, 'REQUEST_TOO_LARGE'],
  ])('%s: refused as JSON', async (_what, bytes, status, code) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*content-type: application/json`));
    expect(codeIn(answer)).toBe(code);
  });

  it('of a client that goes away leaves nothing behind', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(`${HEAD}content-length: 100\r\n\r\n{"q`));
      setTimeout(() => socket.destroy(), 50);
      socket.on('close', () => resolve());
    });
    expect((await post().send(QUERY)).body).toEqual(VIEWER);
  });
});

describe('the form of an answer', () => {
  it('is JSON with an id, whatever was asked', async () => {
    for (const place of ['/graphql', '/nothing', '/metrics/x', '/%ff']) {
      const response = await request(t.served.server).get(place).set('x-request-id', 'asked-by-a-test');
      expect(response.headers['content-type']).toMatch(/^application\/json/);
      expect(response.headers['x-request-id']).toBe('asked-by-a-test');
      expect(response.headers['x-content-type-options']).toBe('nosniff');
      expect(response.body.errors[0]).toMatchObject({
        message: expect.any(String),
        extensions: { code: expect.any(String) },
      });
    }
  });

  it('is the type that is accepted, of errors too', async () => {
    const newer = 'application/graphql-response+json';
    for (const body of [QUERY, '{"query":"{"}', '{"query":"{ nothing }"}', '{']) {
      expect((await post().set('accept', newer).send(body)).headers['content-type']).toContain(newer);
      expect((await post().set('accept', '*/*').send(body)).headers['content-type']).toContain('application/json');
    }
  });

  it('has the headers of helmet on a plain POST, once', async () => {
    const { headers } = await post().send(QUERY);
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(headers['strict-transport-security']).toContain('max-age');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers.etag).toBeUndefined();
  });
});

describe('a request that takes too long', () => {
  it('is answered 503 TIMEOUT in time, and what it waits for is its own affair', async () => {
    await t.sql(
      `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $x$`,
    );
    await t.sql('CREATE TRIGGER slow BEFORE INSERT ON agent FOR EACH ROW EXECUTE FUNCTION slow()');
    try {
      const began = performance.now();
      const answer = await t
        .as('operations')
        .mutate('hireAgent', { code: 'AG-SLOW', name: 'x', hiredOn: '2020-01-01' }, 'outcome');
      expect([answer.status, answer.code]).toEqual([503, 'TIMEOUT']);
      expect(performance.now() - began).toBeLessThan(4_900);
      expect((await t.as('operations').gql('{ viewer { id } }')).errors).toEqual([]);
    } finally {
      await t.sql('DROP TRIGGER slow ON agent');
      await t.sql('DROP FUNCTION slow()');
    }
  });
});
