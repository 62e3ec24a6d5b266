import { type AddressInfo, createServer, type Server, type Socket, connect as dial } from 'node:net';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { createApp, type Served } from '../src/app';
import { loadConfig } from '../src/config';
import { entities } from '../src/entities';
import { connect, type Database } from '../src/platform/database';
import { ApiClient, startTestApp, type TestApp } from './support/app';
import { PASSWORD } from './support/cast';
import { testConfig } from './support/config';
import { stateOf } from './support/outcomes';
import { freshCode, givenAccount } from './support/scene';

/** What no answer may show, whatever went wrong. */
const INNARDS =
  /\bselect\b|\binsert\b|\bupdate\b|relation|column(?!":)|constraint|\bnode_modules\b|\bat \w+ \(|stack|pg_|postgres|typeorm|QueryFailed|ECONN|\/src\/|password_hash|app_user/i;

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const post = (served: Served = t.served) => request(served.server).post('/graphql');
const JSON_TYPE = 'application/json';

/** An answer in the one form of errors: JSON, each with a message and a code, and nothing of the inside. */
function expectErrors(response: request.Response, status: number | number[], code: string | string[]) {
  expect([status].flat()).toContain(response.status);
  expect(response.headers['content-type']).toMatch(/json/);
  const body = JSON.parse(response.text) as {
    errors: { message: string; extensions: { code: string } }[];
    data?: unknown;
  };
  expect(body.errors.length).toBeGreaterThan(0);
  for (const error of body.errors) {
    expect([code].flat()).toContain(error.extensions.code);
    expect(error.message.length).toBeGreaterThan(3);
    expect(Object.keys(error.extensions).filter((key) => !['code', 'details'].includes(key))).toEqual([]);
  }
  expect(response.text).not.toMatch(INNARDS);
  return body;
}

describe('a request that cannot be read', () => {
  it.each([
    ['no JSON', '{"query": "{ viewer'],
    ['a text', '"{ viewer { id } }"'],
    ['a number', '7'],
    ['null', 'null'],
    ['bytes', '\u0000\u0001\u0002'],
  ])('%s: 400 BAD_REQUEST as JSON', async (_what, body) => {
    expectErrors(await post().set('content-type', JSON_TYPE).send(body), 400, 'BAD_REQUEST');
  });

  it.each([
    ['nothing', ''],
    ['an empty object', '{}'],
    ['an empty list', '[]'],
    ['a list of requests', '[{"query":"{ viewer { id } }"}]'],
    ['a query that is no text', '{"query": 7}'],
    ['variables that are no object', '{"query":"{ viewer { id } }","variables":"x"}'],
    ['an empty document', '{"query":""}'],
    ['no document', '{"operationName":"x"}'],
  ])('%s: 400 with a code', async (_what, body) => {
    const response = await post().set('content-type', JSON_TYPE).send(body);
    expectErrors(response, 400, ['BAD_REQUEST', 'GRAPHQL_PARSE_FAILED', 'INTERNAL']);
  });

  it('too large: 413 REQUEST_TOO_LARGE as JSON', async () => {
    const response = await post()
      .set('content-type', JSON_TYPE)
      .send(JSON.stringify({ query: '{ viewer { id } }', variables: { x: 'x'.repeat(1_000_001) } }));
    expectErrors(response, 413, 'REQUEST_TOO_LARGE');
  });

  it.each(['application/xml; charset=x-unknown', `${JSON_TYPE}; charset=x-unknown`])(
    'a charset that there is not: %s',
    async (type) => {
      const response = await post().set('content-type', type).send('{"query":"{ viewer { id } }"}');
      expectErrors(response, [400, 415], 'BAD_REQUEST');
    },
  );

  it('a compression that there is not', async () => {
    const response = await post()
      .set('content-type', JSON_TYPE)
      .set('content-encoding', 'gzip')
      .send('not gzip at all');
    expectErrors(response, [400, 415], 'BAD_REQUEST');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    '%s, as a form of another site could send it: refused and not carried out',
    async (type) => {
      const before = await stateOf(t);
      const query = `mutation { hireAgent(input: { code: "${freshCode('AG')}", name: "x", hiredOn: "2020-01-01" }) { outcome } }`;
      const response = await post()
        .set('content-type', type)
        .set('authorization', `Bearer ${t.as('operations').token}`)
        .send(type.includes('urlencoded') ? `query=${encodeURIComponent(query)}` : JSON.stringify({ query }));
      expectErrors(response, [400, 415], 'BAD_REQUEST');
      expect(await stateOf(t)).toEqual(before);
    },
  );

  it('a mutation by GET: refused and not carried out', async () => {
    const before = await stateOf(t);
    const query = `mutation { hireAgent(input: { code: "${freshCode('AG')}", name: "x", hiredOn: "2020-01-01" }) { outcome } }`;
    const response = await request(t.served.server)
      .get('/graphql')
      .query({ query })
      .set('authorization', `Bearer ${t.as('operations').token}`)
      .set('content-type', JSON_TYPE)
      .set('apollo-require-preflight', 'true');
    expectErrors(response, [400, 405], ['BAD_REQUEST', 'OPERATION_RESOLUTION_FAILURE']);
    expect(await stateOf(t)).toEqual(before);
  });

  it('a query by GET: refused', async () => {
    expectErrors(
      await request(t.served.server).get('/graphql').query({ query: '{ viewer { id } }' }),
      405,
      'BAD_REQUEST',
    );
  });

  it.each(['put', 'delete', 'patch'] as const)('%s: refused', async (method) => {
    const client = request(t.served.server);
    const response = await client[method]('/graphql')
      .set('content-type', JSON_TYPE)
      .send('{"query":"{ viewer { id } }"}');
    expectErrors(response, [400, 405], 'BAD_REQUEST');
  });

  it.each(['/', '/nothing', '/graphql.php', '/../etc/passwd', '/%00', '/%ff'])('%s: there is nothing', async (path) => {
    const response = await request(t.served.server).get(path);
    expectErrors(response, [400, 404], ['NOT_FOUND', 'BAD_REQUEST']);
  });
});

describe('every error has a code and nothing of the inside', () => {
  const ask = (query: string, variables: object = {}) => t.as('operations').gql(query, variables as never);

  it.each([
    ['a document that cannot be parsed', '{ accounts { ', 'GRAPHQL_PARSE_FAILED'],
    ['a field that there is not', '{ accounts { passwordHash } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['an argument that there is not', '{ accounts(where: "1=1") { totalCount } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a variable that is missing', 'query ($id: ID!) { account(id: $id) { id } }', 'BAD_USER_INPUT'],
    [
      'two operations and no name',
      'query A { viewer { id } } query B { viewer { id } }',
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['only fragments', 'fragment F on Account { id }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a fragment within itself',
      '{ accounts { nodes { ...F } } } fragment F on Account { lobs { nodes { account { ...F } } } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a subscription', 'subscription { changeRequestAwaits { id } }', 'TRANSPORT_UNSUITABLE'],
  ])('%s', async (_what, query, code) => {
    const answer = await ask(query);
    expect([code].flat()).toContain(answer.code);
    expect(answer.data ?? null).toBeNull();
    expect(answer.text).not.toMatch(/stacktrace|node_modules/);
  });

  const SECRET = 'hunter2-4111111111111111; at "x"; "y" does not exist';
  it.each([
    ['a text where an object belongs', 'mutation ($x: SignInInput!) { signIn(input: $x) { token } }', SECRET],
    [
      'an object with a field that there is not',
      'mutation ($x: SignInInput!) { signIn(input: $x) { token } }',
      { email: 'a@b.c', password: SECRET, more: SECRET },
    ],
    ['a field that is missing', 'mutation ($x: SignInInput!) { signIn(input: $x) { token } }', { password: SECRET }],
    [
      'a value that is too long',
      'mutation ($x: SignInInput!) { signIn(input: $x) { token } }',
      { email: 'a@b.c', password: SECRET.repeat(9) },
    ],
    ['an enum', 'query ($x: AccountStatus) { accounts(filter: { status: $x }) { totalCount } }', SECRET],
    ['a number', 'query ($x: Int) { accounts(first: $x) { totalCount } }', SECRET],
    ['a text', 'query ($x: AccountFilter) { accounts(filter: $x) { totalCount } }', { code: { deep: SECRET } }],
    [
      'a decimal',
      'mutation ($x: DraftInvoiceInput!) { draftInvoice(input: $x) { outcome } }',
      { accountId: 'x', lines: [{ description: 'x', quantity: SECRET, unitPrice: '1' }] },
    ],
    ['an instant', 'query ($x: DateTime) { auditEvents(filter: { from: $x }) { totalCount } }', SECRET],
    ['a date', 'query ($x: LocalDate) { invoices(filter: { overdueOn: $x }) { totalCount } }', SECRET],
    [
      'an address',
      'mutation ($x: CreateUserInput!) { createUser(input: $x) { outcome } }',
      { name: 'x', email: SECRET, password: 'x' },
    ],
  ])('the value is not echoed: %s', async (_what, query, x) => {
    const answer = await t.as('admin').gql(query, { x });
    expect(['BAD_USER_INPUT', 'FORBIDDEN', 'SIGN_IN_REFUSED']).toContain(answer.code);
    expect(answer.text).not.toMatch(/hunter2|4111|does not exist"/);
  });

  it.each([
    ['a text where an object belongs', `mutation { signIn(input: "hunter2") { token } }`],
    ['an enum', '{ accounts(filter: { status: "hunter2" }) { totalCount } }'],
    ['a number', '{ accounts(first: "hunter2") { totalCount } }'],
    ['a date', '{ invoices(filter: { overdueOn: "hunter2" }) { totalCount } }'],
    ['a syntax error', '{ accounts "hunter2" }'],
  ])('a value within the document is not echoed: %s', async (_what, query) => {
    const answer = await ask(query);
    expect(['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED']).toContain(answer.code);
    expect(answer.text).not.toContain('hunter2');
  });

  it('which fields were refused and by which rule is told', async () => {
    const { errors } = await t.as('admin').mutate('createUser', { name: ' ', email: 'x', password: 'short' });
    const fields = errors[0]!.extensions.details!.fields as { field: string }[];
    expect(fields.map(({ field }) => field).toSorted()).toEqual(['email', 'name', 'password']);
  });
});

describe('when a table is not there', () => {
  const without = async (table: string, work: () => Promise<void>) => {
    await t.sql(`ALTER TABLE ${table} RENAME TO ${table}_gone`);
    try {
      await work();
    } finally {
      await t.sql(`ALTER TABLE ${table}_gone RENAME TO ${table}`);
    }
  };

  it.each([
    ['account', 'auditor', '{ accounts { nodes { code } } }'],
    ['invoice_line', 'auditor', '{ invoices { nodes { lines { id } } } }'],
    [
      'agent',
      'operations',
      'mutation { hireAgent(input: { code: "AG-GONE", name: "x", hiredOn: "2020-01-01" }) { outcome } }',
    ],
    [
      'approval_policy',
      'operations',
      'mutation { hireAgent(input: { code: "AG-GONE", name: "x", hiredOn: "2020-01-01" }) { outcome } }',
    ],
    [
      'role_grant',
      'operations',
      `mutation { signIn(input: { email: "operations@test.example", password: "${PASSWORD}" }) { token } }`,
    ],
    ['session', 'operations', '{ viewer { id } }'],
    ['app_user', 'operations', `mutation { signIn(input: { email: "a@b.c", password: "${PASSWORD}" }) { token } }`],
  ] as const)('%s: INTERNAL without details', async (table, who, query) => {
    await without(table, async () => {
      const response = await post()
        .set('authorization', `Bearer ${t.as(who).token}`)
        .send({ query });
      expectErrors(response, [200, 500], 'INTERNAL');
    });
    expect((await t.as(who).gql('{ viewer { id } }')).data!.viewer.id).toBe(t.as(who).userId);
  });

  it('a field that fails leaves the others alone', async () => {
    await without('agent', async () => {
      const { data, errors } = await t
        .as('auditor')
        .gql('{ viewer { id } a: auditEvent(id: "x") { id } agent(id: "x") { id } }');
      expect(data).toEqual({ viewer: { id: t.as('auditor').userId }, a: null, agent: null });
      expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['agent'], 'INTERNAL']]);
    });
  });
});

/** A cable to the database that can be cut. */
async function cableTo(
  url: string,
): Promise<{ url: string; cut(): Promise<void>; mend(): Promise<void>; close(): Promise<void> }> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let server: Server;
  const listen = (port: number) =>
    new Promise<number>((resolve) => {
      server = createServer((near) => {
        const far = dial(Number(target.port), target.hostname);
        for (const socket of [near, far]) {
          sockets.add(socket);
          socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
        }
        near.pipe(far).pipe(near);
      }).listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  const port = await listen(0);
  const near = new URL(url);
  near.hostname = '127.0.0.1';
  near.port = String(port);
  return { url: near.href, cut, mend: async () => void (await listen(port)), close: cut };
}

describe('when the database is gone', () => {
  let cable: Awaited<ReturnType<typeof cableTo>>;
  let database: Database;
  let served: Served;
  beforeAll(async () => {
    cable = await cableTo(t.apiUrl);
    database = await connect(cable.url, { entities }, 5);
    served = await createApp(testConfig(), database);
  });
  afterAll(async () => {
    await served.stop();
    await database.close();
    await cable.close();
  });

  it('the answer is DATABASE_UNAVAILABLE without details, /ready is 503, /health stays, and it comes back by itself', async () => {
    const signIn = `mutation { signIn(input: { email: "billing@test.example", password: "${PASSWORD}" }) { token } }`;
    const client = new ApiClient(served, t.as('operations').token, t.as('operations').userId);
    const hire = `mutation { hireAgent(input: { code: "${freshCode('AG')}", name: "x", hiredOn: "2020-01-01" }) { outcome } }`;
    expect((await client.gql('{ viewer { id } }')).data!.viewer.id).toBe(client.userId);
    expect((await request(served.server).get('/ready')).body).toEqual({ ready: true });
    await cable.cut();
    for (let round = 0; round < 3; round += 1)
      for (const query of ['{ viewer { id } }', '{ accounts { totalCount } }', hire]) {
        const response = await post(served).set('authorization', `Bearer ${client.token}`).send({ query });
        expectErrors(response, [200, 500, 503], 'DATABASE_UNAVAILABLE');
      }
    expectErrors(await post(served).send({ query: signIn }), [200, 500, 503], 'DATABASE_UNAVAILABLE');
    const ready = await request(served.server).get('/ready');
    expect([ready.status, ready.body]).toEqual([503, { ready: false, because: 'database' }]);
    expect((await request(served.server).get('/health')).body).toEqual({ status: 'alive' });
    expect((await post(served).send({ query: '{ viewer { id } }' })).body).toEqual({ data: { viewer: null } });
    await cable.mend();
    expect((await client.gql(hire)).data!.hireAgent.outcome).toBe('DONE');
    expect((await request(served.server).get('/ready')).status).toBe(200);
  });

  it('a connection that breaks in the middle of a statement is DATABASE_UNAVAILABLE, and the change is whole or not at all', async () => {
    const client = new ApiClient(served, t.as('operations').token, t.as('operations').userId);
    const code = freshCode('AG');
    const [waiting] = await t.sql<{ id: string }>('SELECT id FROM app_user LIMIT 1');
    expect(waiting).toBeDefined();
    // Somebody holds the table, so that the statement is under way when the cable is cut.
    await t.sql(
      `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $x$`,
    );
    await t.sql('CREATE TRIGGER slow BEFORE INSERT ON agent FOR EACH ROW EXECUTE FUNCTION slow()');
    try {
      const hiring = client.mutate('hireAgent', { code, name: 'x', hiredOn: '2020-01-01' }, 'outcome');
      await new Promise((resolve) => setTimeout(resolve, 500));
      await cable.cut();
      const answer = await hiring;
      expect(answer.code).toBe('DATABASE_UNAVAILABLE');
      expect(answer.text).not.toMatch(INNARDS);
    } finally {
      await cable.mend();
      await t.sql('DROP TRIGGER slow ON agent');
      await t.sql('DROP FUNCTION slow()');
    }
    expect(await t.sql('SELECT id FROM agent WHERE code = $1', [code])).toEqual([]);
  });
});

describe('/health and /ready', () => {
  it('a process that serves is alive and ready', async () => {
    const [health, ready] = [
      await request(t.served.server).get('/health'),
      await request(t.served.server).get('/ready'),
    ];
    expect([health.status, health.body]).toEqual([200, { status: 'alive' }]);
    expect([ready.status, ready.body]).toEqual([200, { ready: true }]);
  });

  it('503 while a migration is missing, or one is there that this code does not know', async () => {
    const [last] = await t.sql<{ id: number; timestamp: string; name: string }>(
      'SELECT * FROM migration ORDER BY id DESC LIMIT 1',
    );
    await t.sql('DELETE FROM migration WHERE id = $1', [last!.id]);
    const missing = await request(t.served.server).get('/ready');
    await t.sql('INSERT INTO migration (id, timestamp, name) VALUES ($1, $2, $3)', [
      last!.id,
      last!.timestamp,
      last!.name,
    ]);
    await t.sql(`INSERT INTO migration (timestamp, name) VALUES (9999999999999, 'FromTheFuture9999999999999')`);
    const unknown = await request(t.served.server).get('/ready');
    await t.sql(`DELETE FROM migration WHERE name LIKE 'FromTheFuture%'`);
    for (const { status, body } of [missing, unknown])
      expect([status, body]).toEqual([503, { ready: false, because: 'migrations' }]);
    expect((await request(t.served.server).get('/ready')).status).toBe(200);
  });
});

describe('in production', () => {
  let production: TestApp;
  beforeAll(async () => {
    production = await startTestApp({ NODE_ENV: 'production' });
  });
  afterAll(() => production.close());

  it.each([
    ['parse', '{ accounts { ', 'GRAPHQL_PARSE_FAILED', 'The document cannot be parsed.'],
    ['validation', '{ acounts { totalCount } }', 'GRAPHQL_VALIDATION_FAILED', 'The document does not fit the schema.'],
    [
      'validation of a value',
      '{ accounts(first: "hunter2") { totalCount } }',
      'GRAPHQL_VALIDATION_FAILED',
      'The document does not fit the schema.',
    ],
    [
      'resolution',
      'query A { viewer { id } } query B { viewer { id } }',
      'OPERATION_RESOLUTION_FAILURE',
      'The request is not valid.',
    ],
  ])('the message of a %s error is generic, and names no place', async (_what, query, code, message) => {
    const { errors } = await production.as('auditor').gql(query);
    for (const error of errors) expect(error).toEqual({ message, extensions: { code } });
    expect(errors.length).toBeGreaterThan(0);
  });

  it.each([
    ['query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }', { f: { statuss: 'OPEN' } }],
    ['query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }', { f: { status: 'OPENN' } }],
    ['query ($f: AccountOrder) { accounts(orderBy: $f) { totalCount } }', { f: 'CODE' }],
  ])('a variable that does not fit is not answered by what would: %s', async (query, variables) => {
    const { code, text } = await production.as('auditor').gql(query, variables);
    expect(code).toBe('BAD_USER_INPUT');
    expect(text).not.toMatch(/did you mean/i);
  });

  it('there is no introspection', async () => {
    for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Account") { fields { name } } }']) {
      const { code, data } = await production.as('admin').gql(query);
      expect({ code, data: data ?? null }).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED', data: null });
    }
    expect((await production.as('admin').gql('{ __typename }')).data).toEqual({ __typename: 'Query' });
    expect((await t.as('admin').gql('{ __schema { queryType { name } } }')).text).toContain('"name":"Query"');
  });

  it('there is no explorer', async () => {
    for (const path of ['/explorer', '/explorer/', '/explorer/options.js'])
      expect((await request(production.served.server).get(path)).status).toBe(404);
    const page = await request(production.served.server).get('/graphql').set('accept', 'text/html');
    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(page.text).not.toMatch(/<html/i);
    expect((await request(t.served.server).get('/explorer')).status).toBe(200);
  });

  it('the house works as elsewhere, and headers say little', async () => {
    const accountId = await givenAccount(production);
    const { data } = await production
      .as('auditor')
      .gql('query ($id: ID!) { account(id: $id) { id } }', { id: accountId });
    expect(data!.account.id).toBe(accountId);
    const { headers } = await post(production.served).send({ query: '{ viewer { id } }' });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['strict-transport-security']).toContain('max-age');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('loadConfig', () => {
  it('reads secrets from files that are mounted, too, and says which it cannot read and never what is in it', () => {
    const folder = mkdtempSync(join(os.tmpdir(), 'countersign-secrets-'));
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    try {
      const url = 'postgres://owner:a-secret@db.example/countersign';
      const given = {
        DATABASE_URL_FILE: file('url', `${url}\n`),
        METRICS_TOKEN_FILE: file('metrics', 'a token for the figures\n'),
        USAGE_TOKEN_FILE: file('usage', 'a token for calls'),
      };
      const { databaseUrl, metricsToken, usageToken } = testConfig(given);
      expect({ databaseUrl, metricsToken, usageToken }).toEqual({
        databaseUrl: url,
        metricsToken: 'a token for the figures',
        usageToken: 'a token for calls',
      });
      const wrong = (more: Record<string, string>) => {
        const { code, message } = refusal(() => testConfig(more));
        return [code, message];
      };
      expect(wrong({ DATABASE_URL_FILE: join(folder, 'none') })).toEqual([
        'CONFIGURATION_INVALID',
        'DATABASE_URL_FILE cannot be read.',
      ]);
      expect(wrong({ ...given, METRICS_TOKEN: 'x'.repeat(20) })[1]).toBe(
        'METRICS_TOKEN and METRICS_TOKEN_FILE do not go together.',
      );
      expect(wrong({ DATABASE_URL_FILE: file('bad', 'a-secret') })[1]).not.toContain('a-secret');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const KEY = randomBytes(32).toString('base64');
  const production = (more: Record<string, string> = {}) =>
    loadConfig({ NODE_ENV: 'production', MASTER_KEY: KEY, ...more });
  const refusal = (work: () => unknown): { code?: string; message: string } => {
    try {
      work();
    } catch (error) {
      return error as { code: string; message: string };
    }
    return { message: 'not refused' };
  };

  it('takes a key of one’s own in production, and freezes', () => {
    const config = production();
    expect(config).toMatchObject({ production: true, demoData: false, demoPassword: undefined });
    expect(config.masterKey.toString('base64')).toBe(KEY);
    expect(Object.isFrozen(config)).toBe(true);
    expect(production({ DEMO_DATA: 'false' }).demoData).toBe(false);
  });

  it.each([
    ['no MASTER_KEY', { MASTER_KEY: '' }],
    ['a short MASTER_KEY', { MASTER_KEY: randomBytes(31).toString('base64') }],
    ['a long MASTER_KEY', { MASTER_KEY: randomBytes(33).toString('base64') }],
    ['a MASTER_KEY that is no base64', { MASTER_KEY: '!'.repeat(44) }],
    ['the published MASTER_KEY', { MASTER_KEY: 'Y2hhbmdlLW1lLWNoYW5nZS1tZS1jaGFuZ2UtbWUtMTI=' }],
    ['the published MASTER_KEY in another spelling', { MASTER_KEY: 'Y2hhbmdlLW1lLWNoYW5nZS1tZS1jaGFuZ2UtbWUtMTI' }],
    ['the published MASTER_KEY with a line feed', { MASTER_KEY: 'Y2hhbmdlLW1lLWNoYW5nZS1tZS1jaGFuZ2UtbWUtMTI=\n' }],
    ['a trivial MASTER_KEY', { MASTER_KEY: Buffer.alloc(32).toString('base64') }],
    ['DEMO_DATA', { DEMO_DATA: 'true' }],
    ['DEMO_PASSWORD', { DEMO_PASSWORD: 'a demonstration password' }],
  ])('refuses in production: %s', (_what, more) => {
    const { code, message } = refusal(() => production(more));
    expect(code).toBe('CONFIGURATION_INVALID');
    expect(message).toMatch(/MASTER_KEY|DEMO_DATA|DEMO_PASSWORD|Demonstration/);
    for (const value of Object.values(more)) if (value.length > 5) expect(message).not.toContain(value);
  });

  it('refuses in production: MASTER_KEY not set at all', () => {
    expect(refusal(() => loadConfig({ NODE_ENV: 'production' }))).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('MASTER_KEY'),
    });
  });

  it('takes earlier master keys by commas, in their order; none unless told', () => {
    const earlier = [randomBytes(32), randomBytes(32)];
    const config = production({ MASTER_KEYS_RETIRED: earlier.map((key) => key.toString('base64')).join(' , ') });
    expect(config.retiredMasterKeys).toEqual(earlier);
    expect(production().retiredMasterKeys).toEqual([]);
    expect(production({ MASTER_KEYS_RETIRED: '' }).retiredMasterKeys).toEqual([]);
  });

  it.each([
    ['a short one', randomBytes(31).toString('base64')],
    ['an empty one', `${randomBytes(32).toString('base64')},`],
    ['the published one', 'Y2hhbmdlLW1lLWNoYW5nZS1tZS1jaGFuZ2UtbWUtMTI='],
    ['a trivial one', Buffer.alloc(32).toString('base64')],
    ['the present one', KEY],
    ['the present one in another spelling', KEY.replace(/=$/, '')],
    [
      'one twice',
      Array.from({ length: 2 }, () => Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64')).join(),
    ],
  ])('refuses in production among earlier master keys: %s', (_what, value) => {
    const { code, message } = refusal(() => production({ MASTER_KEYS_RETIRED: value }));
    expect(code).toBe('CONFIGURATION_INVALID');
    expect(message).toContain('MASTER_KEYS_RETIRED');
    for (const each of value.split(',').filter(Boolean)) expect(message).not.toContain(each);
  });

  it('outside of production the file beside the data has a line for each key, the present one first', () => {
    const directory = mkdtempSync(join(os.tmpdir(), 'countersign-keys-'));
    const file = join(directory, 'master.key');
    const load = (more: Record<string, string> = {}) => loadConfig({ DATA_DIRECTORY: directory, ...more });
    const first = load();
    expect([first.retiredMasterKeys, first.masterKey.length]).toEqual([[], 32]);
    const [next, other] = [randomBytes(32), randomBytes(32)];
    writeFileSync(file, `${next.toString('base64')}\n${readFileSync(file, 'utf8')}\n`);
    expect(load()).toMatchObject({ masterKey: next, retiredMasterKeys: [first.masterKey] });
    expect(load({ MASTER_KEYS_RETIRED: other.toString('base64') }).retiredMasterKeys).toEqual([first.masterKey, other]);
    // Whoever sets a key has it from elsewhere.
    expect(load({ MASTER_KEY: KEY }).retiredMasterKeys).toEqual([]);
    writeFileSync(file, `${next.toString('base64')}\n${next.toString('base64')}\n`);
    expect(refusal(() => load()).code).toBe('CONFIGURATION_INVALID');
    rmSync(directory, { recursive: true });
  });

  it.each([
    ['NODE_ENV', 'prod'],
    ['PORT', 'hunter2'],
    ['PORT', '65536'],
    ['DATABASE_URL', 'mysql://root:hunter2@localhost/x'],
    ['DATABASE_URL', 'hunter2'],
    ['DATABASE_POOL', '0'],
    ['DEMO_DATA', 'hunter2'],
    ['DEMO_PASSWORD', 'hunter2'.repeat(20)],
    ['LOG_LEVEL', 'hunter2'],
  ])('names %s when it is wrong, and never its value', (name, value) => {
    const { code, message } = refusal(() => loadConfig({ NODE_ENV: 'test', MASTER_KEY: KEY, [name]: value }));
    expect(code).toBe('CONFIGURATION_INVALID');
    expect(message).toContain(name);
    expect(message).not.toContain('hunter2');
  });
});
