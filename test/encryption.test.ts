import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import pino from 'pino';
import { Issuer } from '../src/access/issuer';
import { weakened } from '../src/audit/lifecycle';
import { toAddress } from '../src/audit/publish';
import { loadConfig } from '../src/config';
import { entities } from '../src/entities';
import { post } from '../src/notifications/post';
import { connect, dataSource } from '../src/platform/database';
import { discardCluster, type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/embedded-postgres';
import { queuePool } from '../src/platform/job-queue';
import { openTrail } from '../src/audit/trail-reader';
import { testConfig } from './support/config';

/** Certificates of tests: data/tls/make.sh says how they were made. */
const TLS = path.resolve(__dirname, 'data/tls');
const pem = (name: string) => path.join(TLS, name);

const KEY = randomBytes(32).toString('base64');
const production = (more: Record<string, string> = {}) =>
  loadConfig({ NODE_ENV: 'production', MASTER_KEY: KEY, ...more });
const refusalOf = (more: Record<string, string>): { code: string; message: string } | null => {
  try {
    production(more);
    return null;
  } catch (error) {
    return error as { code: string; message: string };
  }
};

describe('in production the configuration', () => {
  const DATABASES = ['DATABASE_URL', 'DATABASE_REPLICA_URLS'];
  const LOGINS = ['DATABASE_API_URL', 'DATABASE_SEALER_URL', 'DATABASE_AUDITOR_URL'];
  const VERIFIED = 'postgres://owner:hunter2@db.example/books?sslmode=verify-full';
  const withLogins = (name: string, url: string) => ({
    ...Object.fromEntries(LOGINS.map((each) => [each, VERIFIED])),
    [name]: url,
  });

  it.each([...DATABASES, ...LOGINS])('lets %s lead to another machine with verified TLS alone', (name) => {
    const set = (url: string): Record<string, string> =>
      LOGINS.includes(name) ? withLogins(name, url) : { [name]: url };
    for (const query of [
      '',
      '?sslmode=disable',
      '?sslmode=prefer',
      '?sslmode=require',
      '?sslmode=verify-ca',
      '?sslmode=no-verify',
      '?ssl=true',
      '?sslmode=verify-full&sslmode=no-verify',
    ]) {
      const refusal = refusalOf(set(`postgres://owner:hunter2@db.example/books${query}`));
      expect([query, refusal?.code]).toEqual([query, 'CONFIGURATION_INVALID']);
      expect(refusal!.message).toContain(`${name} leads to another machine`);
      expect(refusal!.message).toContain('sslmode=verify-full');
      expect(refusal!.message).not.toContain('hunter2');
    }
    expect(refusalOf(set(VERIFIED))).toBeNull();
    expect(refusalOf(set(`${VERIFIED}&sslrootcert=/etc/ca.pem`))).toBeNull();
  });

  it('takes its own word for which host is meant', () => {
    const near = ['localhost', '127.0.0.1:5433', '127.9.9.9', '[::1]', '%2Fvar%2Frun%2Fpostgresql'];
    for (const host of near)
      expect([host, refusalOf({ DATABASE_URL: `postgres://o:p@${host}/x` })]).toEqual([host, null]);
    expect(refusalOf({ DATABASE_URL: 'postgres:///x?host=/var/run/postgresql' })).toBeNull();
    for (const url of [
      'postgres://o:p@localhost/x?host=db.example',
      'postgres://o:p@10.0.0.5/x',
      'postgres://o:p@127.0.0.1.example/x',
      'postgres:///x',
    ])
      expect([url, refusalOf({ DATABASE_URL: url })?.code]).toEqual([url, 'CONFIGURATION_INVALID']);
    // Each replica is looked at.
    const urls = `${VERIFIED},postgres://two.example`;
    expect(refusalOf({ DATABASE_REPLICA_URLS: urls })?.message).toContain('DATABASE_REPLICA_URLS');
  });

  it('lets figures and heads leave over https alone', () => {
    for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'AUDIT_CHECKPOINT_URL']) {
      expect(refusalOf({ [name]: 'http://collector.example:4318' })?.message).toContain(
        `${name} leads to another machine`,
      );
      expect(refusalOf({ [name]: 'https://collector.example' })).toBeNull();
      expect(refusalOf({ [name]: 'http://127.0.0.1:4318' })).toBeNull();
    }
  });

  it('excepts hosts that are named, and the trail tells of it', () => {
    const urls = { DATABASE_URL: 'postgres://o:p@db.mesh/x', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.mesh' };
    expect(refusalOf({ ...urls, UNVERIFIED_HOSTS: 'db.mesh' })?.message).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
    const config = production({ ...urls, UNVERIFIED_HOSTS: 'DB.mesh, collector.mesh' });
    expect(weakened(config)).toEqual([{ path: 'UNVERIFIED_HOSTS', before: [], after: ['db.mesh', 'collector.mesh'] }]);
    expect(refusalOf({ UNVERIFIED_HOSTS: 'a b' })?.message).toContain('UNVERIFIED_HOSTS');
  });

  it('does not have certificates passed over', () => {
    expect(refusalOf({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })?.message).toContain('NODE_TLS_REJECT_UNAUTHORIZED');
  });

  it('asks none of that outside of production', () => {
    expect(testConfig({ DATABASE_URL: 'postgres://o:p@db.example/x' }).databaseUrl).toContain('db.example');
  });
});

describe('a PostgreSQL with a certificate', () => {
  const directory = path.resolve(__dirname, `../.data/test/tls_${randomBytes(4).toString('hex')}`);
  let server: EmbeddedPostgres;

  beforeAll(async () => {
    server = await startEmbeddedPostgres({ directory, database: 'books', durable: false });
  });
  afterAll(async () => {
    await server?.stop();
    discardCluster(directory);
  });

  const asSuperuser = async (...statements: string[]): Promise<Record<string, string>[]> => {
    const client = new Client({ connectionString: server.url, ssl: false });
    await client.connect();
    try {
      let rows: Record<string, string>[] = [];
      for (const statement of statements) rows = (await client.query<Record<string, string>>(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  };

  /** Has the server show this certificate to whoever connects from now on; null: it knows no TLS. */
  async function show(certificate: string | null): Promise<void> {
    const [{ data_directory: data } = {}] = await asSuperuser('SHOW data_directory');
    const { uid, gid } = fs.statSync(data!);
    for (const end of certificate ? ['pem', 'key'] : []) {
      const file = path.join(data!, `shown.${end}`);
      fs.writeFileSync(file, fs.readFileSync(pem(`${certificate}.${end}`)), { mode: 0o600 });
      fs.chownSync(file, uid, gid);
    }
    await asSuperuser(
      `ALTER SYSTEM SET ssl_cert_file = 'shown.pem'`,
      `ALTER SYSTEM SET ssl_key_file = 'shown.key'`,
      `ALTER SYSTEM SET ssl = ${certificate ? 'on' : 'off'}`,
      'SELECT pg_reload_conf()',
    );
    const want = certificate ? 'on' : 'off';
    for (let tries = 0; tries < 200; tries += 1) {
      const [{ ssl } = {}] = await asSuperuser('SHOW ssl');
      if (ssl === want) break;
    }
    // The server reads the files anew with its next look at its configuration, which what was asked above has come after.
    expect(await asSuperuser('SHOW ssl')).toEqual([{ ssl: want }]);
  }

  const urlWith = (authority: string, host = 'localhost') => {
    const url = new URL(server.url);
    url.hostname = host;
    url.search = `?sslmode=verify-full&sslrootcert=${encodeURIComponent(pem(`${authority}.pem`))}`;
    return url.href;
  };

  const ENCRYPTED = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';

  /** Whatever opens a connection here, each by the function that the process uses. */
  const WAYS: Record<string, (url: string) => Promise<unknown>> = {
    entities: async (url) => {
      const database = await connect(url, { entities }, 2);
      return database.pool
        .query(ENCRYPTED)
        .then(({ rows }) => rows)
        .finally(() => database.close());
    },
    replicas: async (url) => {
      const database = await connect(server.url, { entities }, 2, { urls: [url], lagSeconds: 5 });
      const text = `SELECT json_agg(s)::text AS json FROM (${ENCRYPTED}) s`;
      const answer = await database.replicas!.next()!.ask({ text, name: 'encrypted', uses: 0 }, []);
      await database.close();
      if (answer.to === 'failed') throw answer.error;
      return answer.to === 'replica' && JSON.parse(answer.json);
    },
    listening: async (url) => {
      const database = await connect(url, { entities }, 2);
      const client = database.apart('listening');
      await client.connect();
      const { rows } = await client.query(ENCRYPTED);
      await client.end();
      await database.close();
      return rows;
    },
    migrations: async (url) => {
      const source = dataSource(url, { entities });
      await source.initialize();
      return source.query(ENCRYPTED).finally(() => source.destroy());
    },
    jobs: async (url) => {
      const pool = queuePool(url, 1);
      return pool
        .query(ENCRYPTED)
        .then(({ rows }) => rows)
        .finally(() => pool.end());
    },
    auditors: async (url) => {
      const trail = await openTrail(url);
      return trail.query(ENCRYPTED, []).finally(trail.close);
    },
  };
  const ways = Object.keys(WAYS);
  const errorOf = (way: string, url: string) =>
    WAYS[way]!(url).then(
      (rows) => `connected: ${JSON.stringify(rows)}`,
      ({ code, message }: Error & { code?: string }) => `${code} ${message}`,
    );

  it('is reached where the authority is known that vouches for its name', async () => {
    await show('localhost');
    for (const way of ways) expect([way, await WAYS[way]!(urlWith('authority'))]).toEqual([way, [{ ssl: true }]]);
  });

  it('is not reached where another authority is expected', async () => {
    await show('localhost');
    for (const way of ways)
      expect([way, await errorOf(way, urlWith('other-authority'))]).toEqual([
        way,
        expect.stringMatching(/certificate|CERT/i),
      ]);
  });

  it('is not reached under another name than that of its certificate, nor under its bare address', async () => {
    await show('elsewhere');
    for (const way of ways)
      expect([way, await errorOf(way, urlWith('authority'))]).toEqual([way, expect.stringContaining('does not match')]);
    await show('localhost');
    expect(await errorOf('entities', urlWith('authority', '127.0.0.1'))).toContain('does not match');
  });

  it('is not reached where it has no TLS', async () => {
    await show(null);
    for (const way of ways)
      expect([way, await errorOf(way, urlWith('authority'))]).toEqual([
        way,
        expect.stringMatching(/does not support SSL/),
      ]);
  });
});

describe('an outsider whose certificate nobody vouches for', () => {
  const arrived: string[] = [];
  let knocks = 0;
  const server = createServer({
    key: fs.readFileSync(pem('localhost.key')),
    cert: fs.readFileSync(pem('localhost.pem')),
  });
  let url: string;

  beforeAll(async () => {
    server.on('request', (request, response) => {
      arrived.push(request.url!);
      response.end('{}');
    });
    server.on('connection', () => void (knocks += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => void (knocks = 0));
  afterEach(() => {
    expect(knocks).toBeGreaterThan(0);
    expect(arrived).toEqual([]);
  });

  const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_VERIFY|unable to verify/;

  it('is told nothing by a webhook', async () => {
    const reach = { strict: false, privateHosts: [] };
    const told = await post(`${url}/hook`, {}, '{}', reach, { stop: new AbortController().signal });
    expect(told).toEqual({ error: expect.stringMatching(UNTRUSTED) });
  });

  it('is handed no head of the trail', async () => {
    const told = toAddress(url).publish({ size: 1, note: 'a head' });
    await expect(told).rejects.toMatchObject({ cause: { code: expect.stringMatching(UNTRUSTED) } });
  });

  it('tells no keys of an issuer', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
    const settings = testConfig({ OIDC_ISSUER: url, OIDC_AUDIENCE: 'x' }).openId!;
    const issuer = new Issuer(settings, { clock: () => new Date(), log, config: { production: true } });
    const head = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'a' })).toString('base64url');
    expect(await issuer.verify(`${head}.e30.AA`)).toBeNull();
    expect(lines.join('')).toMatch(UNTRUSTED);
  });

  it('is sent no trace', async () => {
    // In a process of its own: the exporter loads modules in a way that jest's sandbox does not know.
    const script = `
      const { openTracing } = require('./dist/src/edge/tracing');
      const tracing = openTracing({ traceEndpoint: process.argv[1] }, new (require('pg').Pool)());
      const response = { once: (_event, ended) => ended(), statusCode: 200 };
      tracing.around({ id: 'x', request: { method: 'POST', headers: {} }, response }, () => undefined);
      tracing.stop();`;
    await promisify(execFile)(process.execPath, ['-e', script, url], { cwd: path.resolve(__dirname, '..') });
  });
});

describe('the code', () => {
  const files = ['src', 'migrations', 'docker'].flatMap((folder) =>
    fs
      .readdirSync(path.resolve(__dirname, '..', folder), { recursive: true, encoding: 'utf8' })
      .map((file) => path.resolve(__dirname, '..', folder, file))
      .filter((file) => fs.statSync(file).isFile()),
  );

  it('nowhere passes over a certificate', () => {
    expect(files.length).toBeGreaterThan(300);
    const forbidden =
      /rejectUnauthorized|checkServerIdentity|no-verify|insecureHTTPParser|NODE_TLS_REJECT_UNAUTHORIZED/;
    const offending = files.filter((file) => forbidden.test(fs.readFileSync(file, 'utf8')));
    // It refuses to start where that is set.
    expect(offending.map((file) => path.basename(file))).toEqual(['encryption-settings.ts']);
  });
});
