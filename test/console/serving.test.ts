import { readdirSync } from 'node:fs';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import request from 'supertest';
import { startTestApp, type TestApp } from '../support/app';

const FOLDER = path.resolve(__dirname, '../../src/console/page');
const SERVED = readdirSync(FOLDER).filter((name) => /\.(js|css|svg)$/.test(name));

let t: TestApp;
beforeAll(async () => void (t = await startTestApp()));
afterAll(() => t.close());

const ask = (file = '') => request(t.served.server).get(`/console${file}`);

/** The status and body of a path that is sent as it stands: supertest and fetch would resolve its dots first. */
const raw = (asked: string) =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const { port } = t.served.server.address() as AddressInfo;
    get({ host: '127.0.0.1', port, path: asked }, (answer) => {
      let body = '';
      answer
        .setEncoding('utf8')
        .on('data', (chunk: string) => (body += chunk))
        .on('end', () => resolve({ status: answer.statusCode, body }));
    }).on('error', reject);
  });

describe('the page', () => {
  it.each(['', '/'])('is served at /console%s, and kept by nobody', async (end) => {
    const { status, type, headers, text } = await ask(end);
    expect({ status, type }).toEqual({ status: 200, type: 'text/html' });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers.etag).toBeUndefined();
    expect(text).toContain('<title>Countersign console</title>');
  });

  it('has no script, style or handler within it, and all that it names is there', async () => {
    const { text } = await ask();
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/);
    expect(text.match(/<script\b[^>]*>[^]*?<\/script>/g)).toEqual([
      '<script type="module" src="/console/main.js"></script>',
    ]);
    const named = [...text.matchAll(/\s(?:src|href)="(\/[^"]*)"/g)].map(([, reference]) => reference!);
    expect(named).toHaveLength(3);
    for (const reference of named) await request(t.served.server).get(reference).expect(200);
  });
});

describe('each file', () => {
  it.each(SERVED)('%s has its type, and is not guessed at', async (file) => {
    const { status, type, headers } = await ask(`/${file}`);
    const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
    expect({ status, type }).toEqual({ status: 200, type: types[path.extname(file)] });
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('is asked for again each time, and sent only if it is another', async () => {
    const { headers } = await ask('/main.js');
    expect(headers['cache-control']).toBe('no-cache');
    expect(headers.etag).toMatch(/^"[\w-]{43}"$/);
    const again = await ask('/main.js').set('if-none-match', headers.etag!);
    expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' });
    const other = await ask('/main.js').set('if-none-match', '"another"');
    expect(other.status).toBe(200);
  });

  it('has a head like its body', async () => {
    const whole = await ask('/main.js');
    const { status, headers, text } = await request(t.served.server).head('/console/main.js');
    expect({ status, length: headers['content-length'], text }).toEqual({
      status: 200,
      length: whole.headers['content-length'],
      text: undefined,
    });
  });
});

describe('the policy', () => {
  it.each(['', '/main.js', '/console.css'])('of /console%s', async (file) => {
    const { headers } = await ask(file);
    expect(headers['content-security-policy']!.split('; ')).toEqual([
      `default-src 'none'`,
      `script-src 'self'`,
      `style-src 'self'`,
      `img-src 'self'`,
      `connect-src 'self'`,
      `base-uri 'none'`,
      `form-action 'none'`,
      `frame-ancestors 'none'`,
      `require-trusted-types-for 'script'`,
      `trusted-types 'none'`,
    ]);
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(headers['x-request-id']).toMatch(/./);
  });
});

describe('nothing else', () => {
  it.each(['post', 'put', 'delete', 'patch', 'options'] as const)('%s is refused', async (method) => {
    const { status, headers, body } = await request(t.served.server)[method]('/console/main.js');
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, HEAD' });
    expect(body.errors[0].extensions.code).toBe('BAD_REQUEST');
  });

  it.each([
    '/console/index.html',
    '/console/tsconfig.json',
    '/console/nothing.js',
    '/console/serve-console.js',
    '/console/../../../package.json',
    '/console/..%2f..%2f..%2fpackage.json',
    '/console/%2e%2e/%2e%2e/%2e%2e/package.json',
    '/console/..%5c..%5c..%5cpackage.json',
    '/console/..\\..\\..\\package.json',
    '/console/%252e%252e/serve-console.ts',
    '/console/../serve-console.ts',
    '/console//etc/passwd',
    '/console/main.js/',
    '/console/main.js%00.css',
    '/console/__proto__',
    '/console/constructor',
    '/console/%',
    '/consoles',
  ])('%s leads nowhere', async (asked) => {
    const { status, body } = await raw(asked);
    expect([400, 404]).toContain(status);
    expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: expect.any(String) } }] });
  });
});

it('is there in production, too', async () => {
  const production = await startTestApp({ NODE_ENV: 'production' });
  try {
    expect((await request(production.served.server).get('/console')).text).toContain('Countersign console');
    expect((await request(production.served.server).get('/explorer')).status).toBe(404);
  } finally {
    await production.close();
  }
});
