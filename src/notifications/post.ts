import dns from 'node:dns';
import { request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { DomainError } from '../platform/errors';
import { assertReachable, isHeldToAddress, isPublicAddress, type Reach } from './webhook.rules';

/** In ms: how long somebody may take to answer, from looking up their name on. */
const PATIENCE = 10_000;

/** So much of an answer is read, so that whoever gives it need not see it torn off; nothing of it is kept. */
const READ = 1024;

/** What became of one try: a status, or a word for what kept it from having one. */
export type Posted = { status: number } | { error: string };

/**
 * Posts to an address outside, over a connection of its own. Redirects are not followed. Where the address matters it is that of the connection
 * which is looked at, so that a name that resolves to something else a moment later leads nowhere.
 */
export async function post(
  to: string,
  headers: Record<string, string>,
  body: string,
  reach: Reach,
  { stop, patience = PATIENCE }: { stop: AbortSignal; patience?: number },
): Promise<Posted> {
  const late = AbortSignal.timeout(patience);
  try {
    const url = assertReachable(to, reach);
    const lookup = isHeldToAddress(url, reach) ? lookupPublic : undefined;
    return { status: await statusOf(url, body, { headers, lookup, signal: AbortSignal.any([stop, late]) }) };
  } catch (error) {
    return { error: late.aborted ? 'TIMEOUT' : wordFor(error) };
  }
}

/** The status is the answer, whether or not what comes behind it ever ends. */
const statusOf = (url: URL, body: string, options: RequestOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const sent = send(url, { ...options, method: 'POST', agent: false }, (response) => {
      const done = () => resolve(response.statusCode!);
      let read = 0;
      sent.off('error', reject).on('error', done);
      response.on('data', ({ length }: Buffer) => {
        read += length;
        if (read > READ) response.destroy();
      });
      response.on('error', done).on('close', done);
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** As the platform looks names up, and refuses one that leads, or might lead, into the house. */
const lookupPublic: NonNullable<RequestOptions['lookup']> = (hostname, options, done) =>
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, '');
    if (!addresses.every(({ address }) => isPublicAddress(address)))
      return done(new DomainError('WEBHOOK_URL_REFUSED', 'It leads to no address of the public network.'), '');
    const [first] = addresses;
    return options.all ? done(null, addresses) : done(null, first!.address, first!.family);
  });

/** Codes of Node, TLS and ours are words already; whatever else it was, the log of whoever was called says more. */
const wordFor = (error: unknown): string => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : 'UNREACHABLE';
};
