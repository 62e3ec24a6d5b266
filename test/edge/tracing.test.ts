import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PASSWORD } from '../support/cast';
import { startTestApp } from '../support/app';
import { startProcess } from './process';

interface Told {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}

describe('traces', () => {
  let collector: Server;
  const received: string[] = [];
  beforeAll((done) => {
    collector = createServer((asked, response) => {
      let text = '';
      asked.setEncoding('utf8').on('data', (part: string) => (text += part));
      asked.on('end', () => {
        received.push(text);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    }).listen(0, '127.0.0.1', done);
  });
  afterAll((done) => void collector.close(done));

  it('have a span of each request and of its statements, continue what came in, and hold no value', async () => {
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const t = await startTestApp();
    // In a process of its own: the exporter loads modules in a way that jest's sandbox does not know.
    const server = await startProcess(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, DATABASE_POOL: '2' });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const secret = 'hunter2-in-a-variable';
    const post = async (token: string | null, body: object, headers: Record<string, string> = {}) => {
      const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization, ...headers },
        body: JSON.stringify(body),
      });
      return (await response.json()) as { errors?: unknown };
    };
    const signIn = (password: string) =>
      post(null, {
        query: 'mutation ($i: SignInInput!) { signIn(input: $i) { token } }',
        variables: { i: { email: 'billing@test.example', password } },
      });
    try {
      const query = 'query ($f: AccountFilter) { accounts(filter: $f) { totalCount nodes { id } } }';
      const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, 'x-request-id': 'a-traced-request' };
      const answer = await post(t.as('auditor').token, { query, variables: { f: { code: secret } } }, headers);
      expect(answer.errors).toBeUndefined();
      // More at once than there are connections: whoever waits keeps their own trace.
      await Promise.all(Array.from({ length: 8 }, () => post(t.as('billing').token, { query: '{ viewer { id } }' })));
      await signIn(PASSWORD);
      await signIn(secret);
    } finally {
      await server.stop();
      await t.close();
    }
    const spans = received.flatMap((text) =>
      (JSON.parse(text).resourceSpans as any[]).flatMap((each) => each.scopeSpans.flatMap((scope: any) => scope.spans)),
    ) as Told[];
    const traced = spans.filter((span) => span.traceId === traceId);
    const root = traced.find(({ parentSpanId }) => parentSpanId === 'b7ad6b7169203331')!;
    expect(root.name).toBe('POST /graphql');
    const told = Object.fromEntries(
      root.attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
    );
    expect(told).toEqual({
      'http.request.method': 'POST',
      'countersign.request_id': 'a-traced-request',
      'http.response.status_code': 200,
      'graphql.operation.type': 'query',
    });
    const statements = traced.filter(({ parentSpanId }) => parentSpanId === root.spanId);
    expect(statements.length).toBeGreaterThan(0);
    expect(statements.length).toBe(traced.length - 1);
    for (const { attributes } of statements)
      expect(attributes.map(({ key }) => key).toSorted()).toEqual(['db.query.text', 'db.system.name']);

    // Eight requests, each with its own statements.
    const others = spans.filter(({ name, traceId: of }) => name === 'POST /graphql' && of !== traceId);
    expect(others).toHaveLength(10);
    for (const { traceId: of } of others) expect(spans.filter((span) => span.traceId === of).length).toBeGreaterThan(1);
    const asked = others.filter(({ attributes }) => attributes.some(({ value }) => value.stringValue === 'query'));
    expect(asked).toHaveLength(8);
    const sizes = asked.map(({ traceId: of }) => spans.filter((span) => span.traceId === of).length);
    // Who it is, for those whom the process did not know yet, and the read.
    for (const size of sizes) expect([2, 3]).toContain(size);

    const all = received.join('\n');
    for (const value of [secret, PASSWORD, t.as('auditor').token!, 'billing@test.example'])
      expect(all).not.toContain(value);
  });

  it('cost nothing when nobody wants them: nothing of OpenTelemetry’s SDK is loaded', async () => {
    const t = await startTestApp();
    try {
      expect((await t.nobody.gql('{ viewer { id } }')).errors).toEqual([]);
      expect((t.served.app.database.pool as { connect: unknown }).connect).toBe(
        (Object.getPrototypeOf(t.served.app.database.pool) as { connect: unknown }).connect,
      );
    } finally {
      await t.close();
    }
  });

  it('whose collector is gone delay no answer and no end', async () => {
    const t = await startTestApp({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    expect((await t.nobody.gql('{ viewer { id } }')).errors).toEqual([]);
    const began = performance.now();
    await t.close();
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
