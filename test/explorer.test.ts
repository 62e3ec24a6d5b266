import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import helmet from 'helmet';
import request from 'supertest';
import { serveExplorer } from '../src/explorer';

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

/** As in src/app.ts: the general headers before it, the API behind it. */
const web = express().use(helmet());
serveExplorer(web);
web.all('/graphql', (_request, response) => void response.json({ data: null }));

let server: Server;
beforeAll((done) => void (server = createServer(web).listen(0, '127.0.0.1', done)));
afterAll((done) => void server.close(done));

/** The status and body of a path that is sent as it stands: supertest and fetch would resolve its dots first. */
const raw = (path: string) =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    get({ host: '127.0.0.1', port, path }, (answer) => {
      let body = '';
      answer
        .setEncoding('utf8')
        .on('data', (chunk: string) => (body += chunk))
        .on('end', () => resolve({ status: answer.statusCode, body }));
    }).on('error', reject);
  });

/** What src and href of a page name. */
const references = (page: string) => [...page.matchAll(/\s(?:src|href)="([^"]*)"/g)].map(([, reference]) => reference!);

describe('the page', () => {
  it.each(['/explorer', '/explorer/'])('is served at %s', async (path) => {
    const { status, type, text } = await request(server).get(path);
    expect({ status, type }).toEqual({ status: 200, type: 'text/html' });
    expect(text).toContain('<base href="/explorer/">');
    expect(text).toContain('<title>Countersign explorer</title>');
  });

  it('names nothing of another origin, and everything it names is there', async () => {
    const page = await request(server).get('/explorer');
    const base = new URL('/explorer/', 'http://own.test');
    const named = references(page.text).map((reference) => new URL(reference, base));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ origin }) => origin !== base.origin)).toEqual([]);
    const answers = await Promise.all(named.map(({ pathname }) => request(server).get(pathname)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('has no script within it, so that the policy can forbid them', async () => {
    const { text } = await request(server).get('/explorer');
    const scripts = text.match(/<script\b[^>]*>[^]*?<\/script>/g) ?? [];
    expect(scripts.length).toBeGreaterThanOrEqual(3);
    for (const script of scripts) expect(script).toMatch(/ src="[^"]+"><\/script>$/);
    expect(text).not.toMatch(/\son\w+=|javascript:/);
  });

  it('asks this server alone and holds no password', async () => {
    const { type, text } = await request(server).get('/explorer/options.js');
    expect(type).toBe('text/javascript');
    expect(text).not.toMatch(/https?:/);
    expect(text).toContain('endpointURL: `/graphql`');
    expect(text).toContain('Authorization: `Bearer {{token}}`');
    expect(text).toContain('email: "supervisor@demo.countersign.test", password: ""');
    expect(text).toContain('disableAccount: true');
  });
});

describe('the policy', () => {
  it.each(['/explorer', '/explorer/main.js', '/explorer/worker-RHV2GGM4.js'])(
    'of %s lets it load from this server and from nowhere else',
    async (path) => {
      const { headers } = await request(server).get(path);
      const directives = new Map(
        headers['content-security-policy']!.split('; ').map((directive) => [
          directive.slice(0, directive.indexOf(' ')),
          directive.slice(directive.indexOf(' ') + 1).split(' '),
        ]),
      );
      expect(directives.get('default-src')).toEqual(["'none'"]);
      expect(directives.get('script-src')).toEqual(["'self'"]);
      expect(directives.get('connect-src')).toEqual(["'self'"]);
      expect(directives.get('frame-ancestors')).toEqual(["'none'"]);
      const sources = new Set([...directives.values()].flat());
      expect([...sources].toSorted()).toEqual(["'none'", "'self'", "'unsafe-inline'", 'blob:', 'data:']);
    },
  );

  it('leaves the rest of the server its own', async () => {
    const { headers } = await request(server).post('/graphql');
    expect(headers['content-security-policy']).toContain('upgrade-insecure-requests');
  });
});

describe('the files', () => {
  it.each([
    ['main.js', 'text/javascript'],
    ['options.js', 'text/javascript'],
    ['styles.css', 'text/css'],
    ['countersign.css', 'text/css'],
    ['favicon.ico', 'image/vnd.microsoft.icon'],
    ['assets/img/logo_350.svg', 'image/svg+xml'],
    ['assets/i18n/en-US.json', 'application/json'],
  ])('%s is %s', async (file, type) => {
    const answer = await request(server).get(`/explorer/${file}`);
    expect({ status: answer.status, type: answer.type }).toEqual({ status: 200, type });
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  it.each([
    '/explorer/../../package.json',
    '/explorer/../../../package.json',
    '/explorer/..%2f..%2fpackage.json',
    '/explorer/%2e%2e/%2e%2e/package.json',
    '/explorer/%2e%2e%2f%2e%2e%2fpackage.json',
    '/explorer/..%5c..%5cpackage.json',
    '/explorer/..\\..\\package.json',
    '/explorer/assets/..%2f..%2f..%2fpackage.json',
    '/explorer/%252e%252e/%252e%252e/package.json',
    '/explorer//etc/passwd',
    '/explorer/%00',
    '/explorer/%',
  ])('%s leads nowhere', async (path) => {
    const { status, body } = await raw(path);
    expect([400, 403, 404]).toContain(status);
    expect(body).not.toContain('"version"');
    expect(body).not.toContain('root:');
  });

  it('of its folders there is no list', async () => {
    await request(server).get('/explorer/assets/').expect(404);
    await request(server).get('/explorer/assets').expect(404);
  });
});

describe('GET /graphql', () => {
  it('leads a browser to the explorer', async () => {
    const { status, headers } = await request(server).get('/graphql').set('accept', HTML);
    expect(status).toBe(302);
    expect(headers.location).toBe('/explorer');
    expect(headers.vary).toMatch(/accept/i);
  });

  it.each([
    ['a program', 'application/json'],
    ['a GraphQL client', 'application/graphql-response+json, application/json;q=0.9'],
    ['whoever takes anything', '*/*'],
  ])('is the API for %s', async (_who, accept) => {
    await request(server).get('/graphql').set('accept', accept).expect(200, { data: null });
  });

  it('is the API for a request that says nothing about it', async () => {
    await request(server).get('/graphql').unset('accept').expect(200, { data: null });
  });

  it('is the API for a browser that brings a query', async () => {
    await request(server).get('/graphql').query({ query: '{ viewer { name } }' }).set('accept', HTML).expect(200);
  });

  it('a POST is the API whatever it accepts', async () => {
    await request(server).post('/graphql').set('accept', HTML).expect(200);
  });
});
