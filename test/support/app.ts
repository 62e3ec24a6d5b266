import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { Client, Pool, type QueryResult } from 'pg';
import { hashToken } from '../../src/access/identify';
import { createApp, type Served } from '../../src/app';
import { Person } from '../../src/demo/people';
import { entities } from '../../src/entities';
import { replicasOf } from '../../src/open-database';
import { newId } from '../../src/platform/ids';
import { connect } from '../../src/platform/database';
import { ensureRoles } from '../../src/platform/database-roles';
import { deriveKeys } from '../../src/platform/keys';
import { assertNoLeaks, search, searchAnswersOf, searchDatabase } from './canaries';
import { type CastName, USERS } from './cast';
import { testConfig } from './config';

/** What GraphQL answered, with a status. */
export interface Answer<T = Record<string, any>> {
  status: number;
  data: T | null | undefined;
  errors: {
    message: string;
    path?: (string | number)[];
    extensions: { code: string; details?: Record<string, any> };
  }[];
  /** Code of the first error, or undefined. */
  code: string | undefined;
  text: string;
}

/** Connections to each server, which are let go long before it would close them. */
const agents = new WeakMap<Server, http.Agent>();

function agentOf(server: Server): http.Agent {
  const agent = agents.get(server) ?? new http.Agent({ keepAlive: true, timeout: 1_000 });
  agents.set(server, agent);
  return agent;
}

/** POST /graphql: supertest, which has a new connection each time, takes twice as long for it, and most tests do little else. */
async function posted(server: Server, token: string | null, body: string): Promise<{ status: number; text: string }> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    const sent = http.request(
      { host: '127.0.0.1', port, path: '/graphql', method: 'POST', headers, agent: agentOf(server) },
      (response) => {
        const chunks: Buffer[] = [];
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () => resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }))
          .on('error', reject);
      },
    );
    sent.on('error', reject).end(body);
  });
}

/** A client of the API: a bearer token, or nobody. */
export class ApiClient {
  constructor(
    private readonly served: Served,
    /** Another one once it was exchanged for that. */
    public token: string | null,
    readonly userId: string,
  ) {}

  /** The same bearer, asking another process. */
  at({ served }: TestApp): ApiClient {
    return new ApiClient(served, this.token, this.userId);
  }

  async gql<T = Record<string, any>>(query: string, variables: Record<string, unknown> = {}): Promise<Answer<T>> {
    const { status, text } = await posted(this.served.server, this.token, JSON.stringify({ query, variables }));
    const body = JSON.parse(text) as { data?: T | null; errors?: Answer['errors'] };
    const errors = body.errors ?? [];
    return { status, data: body.data, errors, code: errors[0]?.extensions?.code, text };
  }

  /** A mutation `name(input: …)` with the given selection; its payload, or the answer's errors. */
  async mutate(
    name: string,
    input: object,
    selection = 'outcome changeRequest { id revision digest status }',
  ): Promise<Answer & { payload: any }> {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const answer = await this.gql(`mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} } }`, { input });
    return { ...answer, payload: answer.data?.[name] };
  }
}

/** An API over a fresh copy of the template, and everything that a test needs around it. */
export interface TestApp {
  served: Served;
  /** A signed-in client of somebody of the cast. */
  as(name: CastName): ApiClient;
  /** A new session for somebody of the cast, whose own ended when they were given or lost a role: `as` has it from now on. */
  signInAnew(name: CastName): Promise<ApiClient>;
  /** Nobody. */
  nobody: ApiClient;
  /** Somebody of the cast, submitting operations without HTTP: for setting a scene. */
  person(name: CastName): Person;
  /** SQL as the owner of the database (superuser on the embedded server). */
  sql<R = Record<string, any>>(text: string, values?: unknown[]): Promise<R[]>;
  /** SQL that turns time back, which the database's own triggers refuse: as a superuser, without them. */
  rewind(text: string, values?: unknown[]): Promise<void>;
  /** SQL as the API's own role. */
  apiSql<R = Record<string, any>>(text: string, values?: unknown[]): Promise<R[]>;
  ownerUrl: string;
  apiUrl: string;
  /** The clock of the API; set it to move time. Null: the real one. */
  clock: { at: Date | null };
  close(): Promise<void>;
}

/** What else comes out of an app that a test looks at itself. */
export interface Outlets {
  /** Gets each line of log. */
  log?: (line: string) => void;
  /** Gets spans of traces; without it none are made. */
  spans?: SpanExporter;
}

export async function startTestApp(more: Record<string, string> = {}, outlets: Outlets = {}): Promise<TestApp> {
  const prefix = process.env.COUNTERSIGN_TEST_PREFIX!;
  const name = `${prefix}_${randomBytes(4).toString('hex')}`;
  await asAdmin(async (sql) => {
    // Copies wait for each other: PostgreSQL refuses to copy a template that is being copied.
    await sql(`SELECT pg_advisory_lock(hashtext('countersign test template'))`);
    await sql(`CREATE DATABASE ${name} TEMPLATE ${prefix}_template STRATEGY file_copy`);
  });
  const owner = new URL(process.env.COUNTERSIGN_TEST_ADMIN_URL!);
  owner.pathname = `/${name}`;
  const app = await startAppOver(owner.href, more, outlets);
  // On a disk, which is slow to make files where many were deleted lately, it goes with the run.
  if (!process.env.COUNTERSIGN_TEST_IN_MEMORY) return app;
  return { ...app, close: () => app.close().then(() => dropIfLeft(name)) };
}

/** Drops a database once those who closed their connections to it are gone; with others still there, it goes with the run. */
const dropIfLeft = (name: string): Promise<void> =>
  asAdmin(async (sql) => {
    for (let tries = 0; tries < 10; tries += 1) {
      const { rows } = await sql(
        `SELECT FROM pg_stat_activity WHERE datname = '${name}' AND backend_type = 'client backend'`,
      );
      if (rows.length === 0) return void (await sql(`DROP DATABASE ${name}`));
      await pause(10);
    }
  });

/** One process of the API over a migrated database that has the cast, with sessions of its own for them. There may be several. */
export async function startAppOver(
  ownerUrl: string,
  more: Record<string, string> = {},
  outlets: Outlets = {},
): Promise<TestApp> {
  // What it logs is searched, and goes no further.
  const config = testConfig({ LOG_LEVEL: 'info', ...more });
  const logins = await ensureRoles(ownerUrl, deriveKeys(config.masterKey));
  const apiUrl = logins.api;
  const database = await connect(apiUrl, { entities }, config.databasePool, replicasOf(config, apiUrl));
  const clock: TestApp['clock'] = { at: null };
  const logTo = {
    write: (line: string) => {
      search('the log', line);
      outlets.log?.(line);
    },
  };
  const options = { clock: () => clock.at ?? new Date(), logTo, spansTo: outlets.spans };
  const served = await createApp(config, database, options).catch(async (refusal) => {
    await database.close();
    throw refusal;
  });
  searchAnswersOf(served.server);
  await new Promise<void>((resolve) => served.server.listen(0, '127.0.0.1', resolve));
  const pool = new Pool({ connectionString: ownerUrl, max: 4 });
  const users = await pool.query<{ id: string; email: string }>('SELECT id, email FROM app_user');
  const ids = new Map(users.rows.map(({ id, email }) => [email.split('@')[0]!, id]));
  const clients = new Map<string, ApiClient>();
  const openSession = async (who: string): Promise<void> => {
    const token = randomBytes(32).toString('base64url');
    clients.set(who, new ApiClient(served, token, ids.get(who)!));
    await pool.query(
      `INSERT INTO session (id, user_id, token_hash, expires_at, created_at) VALUES ($1, $2, $3, '2999-01-01', $4)`,
      [newId(), ids.get(who), hashToken(token), served.app.clock()],
    );
  };
  for (const { name: who } of USERS) await openSession(who);
  const as = (who: CastName) => clients.get(who)!;
  const sql = async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows as never;
  return {
    served,
    as,
    signInAnew: (who) => openSession(who).then(() => as(who)),
    nobody: new ApiClient(served, null, ''),
    person: (who) => new Person(served.app, ids.get(who)!),
    sql,
    apiSql: async (text, values = []) => (await database.pool.query(text, values)).rows as never,
    rewind: (text, values = []) => rewind(pool, text, values),
    ownerUrl,
    apiUrl,
    clock,
    close: async () => {
      search('a figure', await served.app.metrics.registry.metrics());
      await served.stop();
      await database.close();
      await searchDatabase(pool).finally(() => pool.end());
      assertNoLeaks();
    },
  };
}

async function rewind(pool: Pool, text: string, values: unknown[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('SET session_replication_role = replica');
    await client.query(text, values);
  } finally {
    await client.query('RESET session_replication_role');
    client.release();
  }
}

/** Work on the server of the run. */
async function asAdmin(work: (sql: (text: string) => Promise<QueryResult>) => Promise<void>): Promise<void> {
  const admin = new Client({ connectionString: process.env.COUNTERSIGN_TEST_ADMIN_URL! });
  await admin.connect();
  await work((text) => admin.query(text)).finally(() => admin.end());
}
