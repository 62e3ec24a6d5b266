import { post } from '../../src/notifications/post';
import { assertReachable, isPublicAddress, type Reach } from '../../src/notifications/webhook.rules';
import { pauseAfter, secretOf, headersOf } from '../../src/notifications/delivery.rules';
import { Receiver, status, verified } from './receiver';

const STRICT: Reach = { strict: true, privateHosts: ['hooks.house.example'] };
const OPEN: Reach = { strict: false, privateHosts: [] };
const never = new AbortController().signal;

let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

const send = (url: string, reach = OPEN, more: { stop?: AbortSignal; patience?: number } = {}) =>
  post(url, {}, '{}', reach, { stop: never, ...more });

const refusal = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('where a webhook may point to', () => {
  it.each([
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://somebody@example.com/',
    'https://somebody:secret@example.com/',
    'https://example.com/#here',
    'example.com',
    '',
  ])('not to %s, anywhere', (url) => {
    for (const reach of [OPEN, STRICT]) expect(refusal(() => assertReachable(url, reach))).toBe('WEBHOOK_URL_REFUSED');
  });

  it.each([
    'http://example.com/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0/',
    'https://10.0.0.1/',
    'https://172.16.3.4/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::1]/',
    'https://[::]/',
    'https://[fe80::1]/',
    'https://[fc00::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
  ])('not to %s, in production', (url) => {
    expect(refusal(() => assertReachable(url, STRICT))).toBe('WEBHOOK_URL_REFUSED');
    expect(refusal(() => assertReachable(url, OPEN))).toBeUndefined();
  });

  it('to the public network, and to hosts that a setting names', () => {
    for (const url of ['https://example.com/x?y=z', 'https://93.184.215.14/', 'https://[2606:2800:21f::1]/'])
      expect(assertReachable(url, STRICT).href).toBe(url);
    expect(assertReachable('http://hooks.house.example/x', STRICT).hostname).toBe('hooks.house.example');
    expect(refusal(() => assertReachable('http://other.house.example/x', STRICT))).toBe('WEBHOOK_URL_REFUSED');
    expect(isPublicAddress('example.com')).toBe(false);
  });
});

describe('a post', () => {
  it('does not reach an address within the house by a name for it, in production', async () => {
    const port = new URL(receiver.url).port;
    expect(await send(`https://localhost:${port}/`, STRICT)).toEqual({ error: 'WEBHOOK_URL_REFUSED' });
    expect(await send(receiver.url, STRICT)).toEqual({ error: 'WEBHOOK_URL_REFUSED' });
    expect(receiver.arrived).toEqual([]);
    expect(await send(receiver.url, { strict: true, privateHosts: ['127.0.0.1'] })).toEqual({ status: 204 });
  });

  it('follows no redirect', async () => {
    const elsewhere = await Receiver.start();
    receiver.answer = status(307, { location: elsewhere.url });
    expect(await send(receiver.url)).toEqual({ status: 307 });
    expect(elsewhere.arrived).toEqual([]);
    await elsewhere.stop();
  });

  it('gives up on whoever takes too long: to answer, or to end an answer', async () => {
    receiver.answer = () => undefined;
    expect(await send(receiver.url, OPEN, { patience: 100 })).toEqual({ error: 'TIMEOUT' });
    receiver.answer = (_arrived, response) => void response.writeHead(200).write('and so on');
    expect(await send(receiver.url, OPEN, { patience: 100 })).toEqual({ status: 200 });
  });

  it('reads no long story', async () => {
    let written = 0;
    receiver.answer = (_arrived, response) => {
      const more = () => {
        if (response.destroyed) return;
        written += 65_536;
        response.write('x'.repeat(65_536), () => setImmediate(more));
      };
      response.writeHead(200);
      more();
    };
    expect(await send(receiver.url)).toEqual({ status: 200 });
    expect(written).toBeLessThan(50_000_000);
  });

  it('says in a word what was wrong', async () => {
    const { url } = receiver;
    await receiver.stop();
    expect(await send(url)).toEqual({ error: 'ECONNREFUSED' });
    expect(await send('https://no-such-host.invalid/')).toEqual({ error: expect.stringMatching(/^E[A-Z_]+$/) });
    receiver = await Receiver.start();
    expect(await send(receiver.url.replace('http:', 'https:'))).toEqual({ error: expect.stringMatching(/^[A-Z_]+$/) });
  });

  it('ends at once when the process does', async () => {
    receiver.answer = () => undefined;
    const stop = new AbortController();
    const sending = send(receiver.url, OPEN, { stop: stop.signal });
    stop.abort();
    expect(await sending).toEqual({ error: 'ABORT_ERR' });
  });
});

describe('the rules of sending', () => {
  it('sign as Standard Webhooks do', () => {
    const secret = secretOf(Buffer.alloc(32, 7));
    const text = '{"type":"changeRequest.proposed"}';
    const headers = headersOf(secret, 'an-id', text, new Date());
    expect(verified(secret, { id: 'an-id', headers, text, body: {} as never })).toEqual(JSON.parse(text));
    const other = secretOf(Buffer.alloc(32, 8));
    expect(() => verified(other, { id: 'an-id', headers, text, body: {} as never })).toThrow('No matching signature');
  });

  it('wait from five seconds to an hour', () => {
    expect([1, 2, 3, 10, 11, 12].map((tries) => pauseAfter(tries, 0.5))).toEqual([
      5_000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000,
    ]);
    expect([pauseAfter(1, 0), pauseAfter(1, 1)]).toEqual([4_000, 6_000]);
  });
});
