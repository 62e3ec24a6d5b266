import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Span } from '@opentelemetry/api';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Gauge } from 'prom-client';
import { startTestApp, type TestApp } from './support/app';
import { CANARIES, CANARY_CUSTOMER, CANARY_TEXT, search, searchAnswersOf, takeLeaks } from './support/canaries';
import { givenAccount, givenLob } from './support/scene';
import { Spans } from './support/spans';

/** Everything else of the run relies on it: each way out, and each table, is seen to be searched by letting something out there on purpose. */
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const places = () => [...new Set(takeLeaks().map(({ kind, place }) => `${kind} in ${place}`))].toSorted();

describe('a planted value is found', () => {
  it.each(Object.entries(CANARIES))('whatever its kind: %s', (kind, value) => {
    for (const text of [value, `x${value}y`, Buffer.from(value).toString('hex')]) {
      search('a text', text);
      expect(takeLeaks()).toEqual([{ kind, place: 'a text', test: expect.stringContaining(kind) }]);
    }
  });

  it('in fours, in small letters, and where a mask shows too much of it', () => {
    const { cardNumber, taxId } = CANARIES;
    for (const text of [cardNumber.replace(/(\d{4})/g, '$1 '), cardNumber.slice(0, 12), taxId.toLowerCase()]) {
      search('a text', text);
      expect(takeLeaks()).toHaveLength(1);
    }
    search('a text', `${cardNumber.slice(0, 6)}••••••${cardNumber.slice(-4)} ${'•'.repeat(8)}${taxId.slice(-4)}`);
    expect(takeLeaks()).toEqual([]);
  });

  it('in a line of log', () => {
    t.served.app.log.info({ caller: CANARIES.phone }, 'a call');
    expect(places()).toEqual(['phone in the log']);
  });

  it.each([
    ['the body', (value: string) => ({ body: value })],
    ['a head', (value: string) => ({ head: value })],
    ['two parts', (value: string) => ({ body: value.slice(0, 8), more: value.slice(8) })],
    ['what is not what somebody asked to see', (value: string) => ({ body: `{"value":"x","values":"${value}"}` })],
  ])('in an answer: in %s', async (_what, told) => {
    const { head, body, more } = told(CANARIES.bankAccountNumber) as Record<string, string | undefined>;
    const server = createServer((_request, response) => {
      if (head) response.setHeader('x-told', head);
      response.setHeader('content-length', (body ?? 'nothing').length + (more ?? '').length);
      response.write(body ?? 'nothing');
      setImmediate(() => response.end(more));
    });
    searchAnswersOf(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).text();
    await new Promise((done) => server.close(done));
    expect(places()).toEqual(['bankAccountNumber in an answer']);
  });

  it('in no answer of ours but the one that shows it, and there by its name alone', async () => {
    const id = await givenAccount(t);
    const reveal = { type: 'Account', field: 'taxId', id, reason: 'asked' };
    const { payload } = await t.as('compliance').mutate('revealSensitiveValue', reveal, 'value');
    expect(payload.value).toBe(CANARIES.taxId);
    expect(takeLeaks()).toEqual([]);
    await t.as('compliance').mutate('revealSensitiveValue', reveal, 'shown: value');
    expect(places()).toEqual(['taxId in an answer']);
  });
});

describe('an app that is closed', () => {
  it('was searched: its figures, and each table that could hold a text', async () => {
    const other = await startTestApp();
    const told = new Gauge({ name: 'told', help: CANARIES.email, registers: [] });
    other.served.app.metrics.registry.registerMetric(told);
    const accountId = await givenAccount(other);
    await other.rewind(`UPDATE account SET legal_name = 'of ' || $2 WHERE id = $1`, [
      accountId,
      CANARIES.bankAccountNumber,
    ]);
    await other.rewind(`UPDATE account SET tax_id_sealed = convert_to($2, 'UTF8') WHERE id = $1`, [
      accountId,
      CANARIES.cardNumber,
    ]);
    await other.sql('ALTER TABLE audit.content DISABLE TRIGGER USER');
    await other.sql('UPDATE audit.content SET bytes = $1', [Buffer.from(`{"reason":"${CANARIES.aadhaar}"}`)]);
    await other.rewind(`UPDATE change_request SET input_shown = jsonb_build_object('note', $1::text)`, [CANARY_TEXT]);
    const closing = other.close();
    await expect(closing).rejects.toThrow('A planted value came out');
    const message = await closing.catch((error: Error) => error.message);
    expect(message).toContain('email in a figure');
    expect(message).toMatch(/(bankAccountNumber|cardNumber) in table account /);
    expect(message).toMatch(/aadhaar in table (content|told|event)/);
    expect(message).toMatch(/(cardNumber|aadhaar|email) in table change_request /);
    expect(message).toContain('an app that is closed');
  });

  it('keeps what was planted sealed, and what people wrote masked', async () => {
    const other = await startTestApp();
    const accountId = await givenAccount(other);
    const complaint = {
      accountId,
      lobId: await givenLob(other, accountId),
      channel: 'PHONE',
      category: 'Card',
      receivedAt: new Date().toISOString(),
      customer: CANARY_CUSTOMER,
      narrative: CANARY_TEXT,
    };
    const { errors } = await other
      .as('operations')
      .mutate('fileComplaint', complaint, 'complaint { narrative customer { email } }');
    expect(errors).toEqual([]);
    await other.close();
    expect(takeLeaks()).toEqual([]);
  });
});

it('what a span of a trace tells is found: its name, its attributes, its events', async () => {
  const spans = new Spans();
  const traced = await startTestApp({}, { spans });
  await traced.as('billing').gql('{ viewer { id } }');
  await traced.apiSql(`SELECT '${CANARIES.taxId}'`);
  expect(spans.text).toContain('POST /graphql');
  expect(spans.text).not.toContain(CANARIES.taxId);
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const tell: ((span: Span) => void)[] = [
    (span) => span.updateName(CANARIES.taxId),
    (span) => span.setAttribute('value', CANARIES.taxId),
    (span) => span.addEvent('event', { value: CANARIES.taxId }),
    (span) => span.recordException(new Error(CANARIES.taxId)),
    (span) => span.setStatus({ code: 2, message: CANARIES.taxId }),
  ];
  for (const each of tell) {
    const from = spans.text.length;
    const span = provider.getTracer('test').startSpan('told');
    each(span);
    span.end();
    search('a span', spans.text.slice(from));
    expect(places()).toEqual(['taxId in a span']);
  }
  await traced.close();
});
