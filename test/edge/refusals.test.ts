import type { ServerResponse } from 'node:http';
import request from 'supertest';
import { Refusals } from '../../src/edge/refusals';
import type { Seen } from '../../src/edge/requests';
import { Metrics } from '../../src/platform/metrics';
import { startTestApp, type TestApp } from '../support/app';

/** A request of an address, as far as a refusal looks at it. */
function from(address: string | null) {
  let closed = 0;
  const response = { destroy: () => (closed += 1) } as unknown as ServerResponse;
  return { seen: { address, response } as Seen, closed: () => closed };
}

describe('refusals of one network', () => {
  let metrics: Metrics;
  let refusals: Refusals;
  let sent: number;
  const send = () => void (sent += 1);
  const refuse = (address: string | null = '192.0.2.1', times = 1) => {
    for (let n = 0; n < times; n += 1) refusals.answer(from(address).seen, send);
  };
  const counted = async (outcome: string) =>
    (await metrics.held.get()).values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;

  beforeEach(() => {
    jest.useFakeTimers();
    metrics = new Metrics();
    refusals = new Refusals(10, metrics);
    sent = 0;
  });
  afterEach(() => jest.useRealTimers());

  it('are answered at once, so many in a second', () => {
    refuse('192.0.2.1', 10);
    expect(sent).toBe(10);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('wait beyond that, and are answered within a tenth of a second', async () => {
    refuse('192.0.2.1', 13);
    expect(sent).toBe(10);
    jest.advanceTimersByTime(59);
    expect(sent).toBe(10);
    jest.advanceTimersByTime(32);
    expect(sent).toBe(13);
    expect(await counted('answered')).toBe(3);
  });

  it('are forgiven with time, also those of a long attack within two seconds', () => {
    for (let n = 0; n < 20; n += 1) {
      refuse('192.0.2.1', 10);
      jest.advanceTimersByTime(100);
    }
    jest.advanceTimersByTime(2_000);
    sent = 0;
    refuse('192.0.2.1', 10);
    expect(sent).toBe(10);
  });

  it('that come steadily and no faster never wait', () => {
    for (let n = 0; n < 50; n += 1) {
      refuse();
      jest.advanceTimersByTime(101);
    }
    expect(sent).toBe(50);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are those of all addresses of an IPv6 network, and of no other', () => {
    for (let n = 0; n < 11; n += 1) refuse(`2001:db8:0:1::${n}`);
    expect(sent).toBe(10);
    refuse('2001:db8:0:2::1');
    refuse('192.0.2.1');
    expect(sent).toBe(12);
  });

  it('wait a hundred at a time; beyond that the connection is closed, and there is room again later', async () => {
    refuse('192.0.2.1', 110);
    const more = from('192.0.2.1');
    refusals.answer(more.seen, send);
    expect([sent, more.closed()]).toEqual([10, 1]);
    expect(await counted('closed')).toBe(1);
    jest.advanceTimersByTime(100);
    expect(sent).toBe(110);
    const later = from('192.0.2.1');
    refusals.answer(later.seen, send);
    jest.advanceTimersByTime(100);
    expect([sent, later.closed()]).toEqual([111, 0]);
  });

  it('wait a thousand at a time of all networks', () => {
    for (let n = 0; n < 12; n += 1) refuse(`192.0.2.${n}`, 110);
    expect(jest.getTimerCount()).toBe(1_000);
    const more = from('192.0.2.11');
    refusals.answer(more.seen, send);
    expect(more.closed()).toBe(1);
  });

  it('are remembered of ten thousand networks', () => {
    for (let n = 0; n < 10_001; n += 1) refuse(`2001:db8:${n.toString(16)}:1::1`, n === 0 ? 10 : 1);
    sent = 0;
    refuse('2001:db8:0:1::1');
    expect(sent).toBe(1);
    expect((refusals as unknown as { networks: Map<string, unknown> }).networks.size).toBe(10_000);
  });

  it('never wait where it is not known whose they are, or with a setting of 0', () => {
    refuse(null, 100);
    refusals = new Refusals(0, metrics);
    refuse('192.0.2.1', 100);
    expect(sent).toBe(200);
  });

  it('that wait are sent at the end, and none waits after it', () => {
    refuse('192.0.2.1', 30);
    refusals.stop();
    expect([sent, jest.getTimerCount()]).toEqual([30, 0]);
    refuse('192.0.2.1', 30);
    expect([sent, jest.getTimerCount()]).toEqual([60, 0]);
  });
});

describe('a server that is asked for what it refuses', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp({ REFUSALS_PER_SECOND: '2', TRUSTED_PROXIES: 'loopback', RATE_PER_USER: '1' });
  });
  afterAll(() => t.close());

  const post = (body: string, address: string, headers: Record<string, string> = {}, app = t) =>
    request(app.served.server)
      .post('/graphql')
      .set({ 'content-type': 'application/json', 'x-forwarded-for': address, ...headers })
      .send(body);
  const heldBy = async ({ served }: TestApp) => {
    const { values } = await served.app.metrics.held.get();
    return values.find(({ labels }) => labels.outcome === 'answered')?.value ?? 0;
  };
  const held = () => heldBy(t);
  const query = (text: string, variables: object = {}) => JSON.stringify({ query: text, variables });
  const GOOD = query('{ __typename }');
  /** So that whatever else this address is refused waits. */
  const angered = async (address: string) => {
    for (let n = 0; n < 4; n += 1) await post('no JSON', address);
  };

  it.each([
    ['no JSON', '{', 400, 'BAD_REQUEST', {}],
    ['a body too large', `{"query":"${'x'.repeat(1_000_001)}"}`, 413, 'REQUEST_TOO_LARGE', {}],
    ['a body too deep', `{"x":${'['.repeat(3_000)}${']'.repeat(3_000)}}`, 400, 'REQUEST_TOO_DEEP', {}],
    ['a form', GOOD, 415, 'BAD_REQUEST', { 'content-type': 'text/plain' }],
    ['a document beyond a limit', query(`{ ${'a:b '.repeat(101)} }`), 400, 'DOCUMENT_TOO_MANY_ALIASES', {}],
    ['a document that is none', query('{'), 400, 'GRAPHQL_PARSE_FAILED', {}],
    ['a document that does not fit', query('{ nothing }'), 400, 'GRAPHQL_VALIDATION_FAILED', {}],
    [
      'variables that do not fit',
      query('query ($x: Int) { accounts(first: $x) { totalCount } }', { x: 'x' }),
      400,
      'BAD_USER_INPUT',
      {},
    ],
    [
      'what nobody may do',
      query('mutation { signIn(input: { email: "a@b.example", password: "x" }) { token } }'),
      200,
      'SIGN_IN_REFUSED',
      {},
    ],
  ])('%s: the same answer, a little later', async (_what, body, status, code, headers) => {
    const address = `198.51.100.${1 + (addresses += 1)}`;
    const first = await post(body, address, headers);
    await angered(address);
    const before = await held();
    const began = performance.now();
    const later = await post(body, address, headers);
    expect(performance.now() - began).toBeGreaterThan(58);
    expect(await held()).toBe(before + 1);
    expect([later.status, later.body.errors[0].extensions.code]).toEqual([status, code]);
    expect(later.body).toEqual(first.body);
  });
  let addresses = 0;

  it('who asks too often waits, too', async () => {
    const headers = { authorization: `Bearer ${t.as('auditor').token}` };
    const before = await held();
    const codes = [];
    for (let n = 0; n < 8; n += 1) {
      const { body } = await post(query('{ viewer { id } }'), '203.0.113.1', headers);
      codes.push(body.errors?.[0].extensions.code ?? 'answered');
    }
    expect(codes.slice(3)).toEqual(Array(5).fill('RATE_LIMITED'));
    expect(await held()).toBeGreaterThan(before);
  });

  it('others behind the same address do not wait', async () => {
    const address = '203.0.113.2';
    await angered(address);
    const before = await held();
    const asked = Array.from({ length: 5 }, () => [post('no JSON', address), post(GOOD, address)]);
    const answers = await Promise.all(asked.flat());
    expect(answers.map(({ status }) => status)).toEqual([400, 200, 400, 200, 400, 200, 400, 200, 400, 200]);
    // As many waited as were refused. (Who was answered first is not compared: on a busy machine both take long.)
    expect(await held()).toBe(before + 5);
  });

  it('whoever has more under way than may wait is cut off, others are not', async () => {
    const address = '203.0.113.3';
    await angered(address);
    const outcomes = await Promise.all(
      Array.from({ length: 250 }, () =>
        post('no JSON', address).then(
          ({ status }) => `${status}`,
          ({ code }: NodeJS.ErrnoException) => code!,
        ),
      ),
    );
    expect([...new Set(outcomes)].filter((each) => !['400', 'ECONNRESET', 'EPIPE'].includes(each))).toEqual([]);
    expect(outcomes.filter((each) => each === '400').length).toBeGreaterThanOrEqual(100);
    expect((await post('no JSON', '203.0.113.4')).status).toBe(400);
    expect((await post(GOOD, address)).status).toBe(200);
  });

  it('ends with every answer that waited sent', async () => {
    const other = await startTestApp({ REFUSALS_PER_SECOND: '1' });
    for (let n = 0; n < 3; n += 1) await post('no JSON', '', {}, other);
    const before = await heldBy(other);
    const waiting = Promise.all(Array.from({ length: 20 }, () => post('no JSON', '', {}, other)));
    const answers = waiting.then((all) => all.map(({ status }) => status));
    // Until all have arrived: who has not is cut off, as by any server that stops.
    const deadline = Date.now() + 2_000;
    while ((await heldBy(other)) < before + 20 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await other.close();
    expect(await answers).toEqual(Array(20).fill(400));
  });
});
