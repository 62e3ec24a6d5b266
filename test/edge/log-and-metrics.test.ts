import request from 'supertest';
import { createApp } from '../../src/app';
import { openLogs } from '../../src/edge/log';
import { entities } from '../../src/entities';
import { Metrics } from '../../src/platform/metrics';
import { connect } from '../../src/platform/database';
import { ApiClient, startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { testConfig } from '../support/config';
import { givenAccount, trail } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

/** Another process over the same database, whose lines of log are kept. */
async function logging(more: Record<string, string> = {}) {
  const lines: string[] = [];
  const database = await connect(t.apiUrl, { entities }, 5);
  const config = testConfig({ LOG_LEVEL: 'trace', ...more });
  const served = await createApp(config, database, { logTo: { write: (line: string) => void lines.push(line) } });
  return {
    served,
    lines,
    all: () => lines.join(''),
    parsed: () => lines.map((line) => JSON.parse(line) as Record<string, any>),
    close: async () => {
      await served.stop();
      await database.close();
    },
  };
}

describe('the log', () => {
  it('has one line a request, with its id, which the answer and the trail have, too', async () => {
    const api = await logging();
    try {
      const client = new ApiClient(api.served, t.as('billing').token, t.as('billing').userId);
      await client.gql('{ viewer { id } }');
      await client.gql('{ auditEvent(id: "x") { id } }');
      await request(api.served.server).get('/nothing/4111111111111111?token=hunter2');
      const id = 'the-id-of-this-request';
      const refused = await request(api.served.server)
        .post('/graphql')
        .set('x-request-id', id)
        .set('authorization', `Bearer ${client.token}`)
        .send({ query: '{ auditEvents { totalCount } }' });
      expect(refused.headers['x-request-id']).toBe(id);
      const requests = api.parsed().filter(({ msg }) => msg === 'request');
      expect(requests).toHaveLength(4);
      expect(requests[0]).toMatchObject({
        method: 'POST',
        path: '/graphql',
        status: 200,
        operations: 'query',
        outcome: 'ok',
      });
      expect(requests[1]).toMatchObject({ operations: 'query', outcome: 'errors' });
      expect(requests[2]).toMatchObject({ method: 'GET', status: 404, operations: null, outcome: 'refused' });
      expect(requests[3]).toMatchObject({ requestId: id });
      expect(api.all()).not.toMatch(/4111111111111111|hunter2/);
      expect((await trail(t, 'request_id = $1', [id]))[0]).toMatchObject({ request: id, code: 'FORBIDDEN' });
    } finally {
      await api.close();
    }
  });

  it('never has a token, a password or what was sent', async () => {
    const api = await logging();
    const SECRET = 'hunter2-a-secret-that-stands-nowhere';
    const bank = '000987654321';
    try {
      const nobody = new ApiClient(api.served, null, '');
      const signIn = 'mutation ($i: SignInInput!) { signIn(input: $i) { token } }';
      const { data } = await nobody.gql(signIn, { i: { email: 'billing@test.example', password: PASSWORD } });
      const token = (data as any).signIn.token as string;
      await nobody.gql(signIn, { i: { email: 'billing@test.example', password: SECRET } });
      await nobody.gql(signIn, { i: { email: SECRET, password: SECRET, more: SECRET } });
      await nobody.gql(`{ viewer { id } } # ${SECRET}`);
      await new ApiClient(api.served, token, '').gql(`{ viewer { ${SECRET.replaceAll('-', '_')} } }`);
      await new ApiClient(api.served, SECRET, '').gql('{ viewer { id } }');
      await new ApiClient(api.served, t.as('operations').token, '').mutate('changeAccount', {
        accountId: await givenAccount(t),
        bankAccountNumber: bank,
        reason: SECRET,
      });
      await request(api.served.server)
        .post('/graphql')
        .set('authorization', `Basic ${SECRET}`)
        .set('cookie', SECRET)
        .send(`{${SECRET}`);
      // A fault of ours: its text goes to the log, without the values.
      await t.sql('ALTER TABLE account RENAME TO account_gone');
      await new ApiClient(api.served, t.as('auditor').token, '').gql(
        'query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }',
        { f: { code: SECRET } },
      );
      await t.sql('ALTER TABLE account_gone RENAME TO account');
      expect(api.all()).toContain('unexpected error');
      expect(api.lines.length).toBeGreaterThan(8);
      for (const secret of [
        SECRET,
        SECRET.replaceAll('-', '_'),
        PASSWORD,
        token,
        bank,
        t.as('operations').token!,
        'billing@test.example',
      ])
        expect({ secret, there: api.all().includes(secret) }).toEqual({ secret, there: false });
    } finally {
      await api.close();
    }
  });

  it('takes secrets out by their names, wherever somebody logs an object', () => {
    const lines: string[] = [];
    const { log } = openLogs('info', { write: (line) => void lines.push(line) });
    const secret = 'hunter2';
    log.info(
      { authorization: secret, headers: { authorization: secret, cookie: secret }, input: { password: secret } },
      'x',
    );
    log.info({ request: { headers: { authorization: secret } }, body: { variables: secret }, token: secret }, 'x');
    expect(lines.join('')).not.toContain(secret);
    expect(lines.join('')).toContain('[redacted]');
  });
});

describe('/metrics', () => {
  const figures = async (served = t.served) => (await request(served.server).get('/metrics')).text;
  const valueOf = (text: string, line: string) =>
    Number(
      text
        .split('\n')
        .find((each) => each.startsWith(`${line} `))
        ?.slice(line.length + 1) ?? 0,
    );

  it('counts requests by operation and outcome, refused documents by code, and shows pool and queue', async () => {
    const before = await figures();
    await t.as('auditor').gql('{ viewer { id } }');
    await t.as('auditor').gql('mutation { signOutt }');
    await t.as('auditor').gql('{ a');
    await t.as('auditor').gql(`{ viewer { ${'id '.repeat(500)} } }`);
    const after = await figures();
    const more = (line: string) => valueOf(after, line) - valueOf(before, line);
    expect(more('countersign_request_duration_seconds_count{operation="query",outcome="ok"}')).toBe(1);
    expect(more('countersign_request_duration_seconds_count{operation="mutation",outcome="refused"}')).toBe(1);
    expect(more('countersign_request_duration_seconds_count{operation="none",outcome="refused"}')).toBe(2);
    expect(more('countersign_documents_refused_total{code="GRAPHQL_PARSE_FAILED"}')).toBe(1);
    expect(more('countersign_documents_refused_total{code="DOCUMENT_TOO_MANY_REPEATS"}')).toBe(1);
    for (const name of [
      'countersign_pool_connections{state="idle"}',
      'countersign_pool_connections{state="waiting"}',
      'countersign_password_queue',
      'countersign_plans',
      'nodejs_eventloop_lag_p99_seconds',
      'process_resident_memory_bytes',
    ])
      expect(after).toContain(name);
    expect(valueOf(after, 'countersign_requests_in_flight')).toBe(1);
    expect(
      after.split('\n').filter((line) => line.startsWith('countersign_') && /@|SELECT|"[^"]{60}/.test(line)),
    ).toEqual([]);
  });

  it('is for the bearer of METRICS_TOKEN, and in production for nobody without it', async () => {
    const token = 'a token of the monitoring';
    const [guarded, closed] = [await logging({ METRICS_TOKEN: token }), await logging({ NODE_ENV: 'production' })];
    try {
      const ask = (served: TestApp['served'], bearer?: string) => {
        const call = request(served.server).get('/metrics');
        return bearer === undefined ? call : call.set('authorization', `Bearer ${bearer}`);
      };
      expect((await ask(guarded.served, token)).text).toContain('countersign_requests_in_flight');
      for (const bearer of [undefined, '', 'another', `${token} `.repeat(2), token.slice(1)])
        expect((await ask(guarded.served, bearer)).status).toBe(404);
      expect((await ask(closed.served)).status).toBe(404);
      expect(guarded.all()).not.toContain(token);
    } finally {
      await guarded.close();
      await closed.close();
    }
  });

  it('measures the process once, however many apps there are, and each app for itself', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    const names = one.registry.getMetricsAsArray().map(({ name }) => name);
    const shared = names.filter((name) => one.registry.getSingleMetric(name) === other.registry.getSingleMetric(name));
    expect(shared).toEqual(names.filter((name) => /^(process|nodejs)_/.test(name)));
    expect(shared).toEqual(expect.arrayContaining(['nodejs_gc_duration_seconds', 'nodejs_eventloop_lag_p99_seconds']));
    expect(await other.registry.metrics()).toMatch(/^process_resident_memory_bytes \d{6,}$/m);
  });
});
