import type { IncomingMessage } from 'node:http';
import { type ApolloServer, type BaseContext, HeaderMap, type HTTPGraphQLResponse } from '@apollo/server';
import proxyAddress from 'proxy-addr';
import { awaitSeal } from '../audit/await-seal';
import type { App } from '../platform/context';
import type { DocumentLimits } from '../platform/document-limits';
import { isRefusal, ProtocolError, send, sendError, statusFor } from './answers';
import { assertJson, readJson } from './body';
import type { Asked, Documents } from './documents';
import { type Jar, jarBy } from './jar';
import type { Refusals } from './refusals';
import type { Seen } from './requests';
import { Unfit } from './unfit';

/** Who sent a request, as far as the connection says. */
export interface Sender {
  readonly requestId: string;
  readonly address: string | null;
  readonly authorization: string | undefined;
  readonly userAgent: string | undefined;
  /** `X-Unattended: true`: a page asks by itself. */
  readonly unattended: boolean;
  /** Where its session is in a cookie. */
  readonly jar?: Jar | null;
}

interface Serving<C extends BaseContext> {
  app: App;
  apollo: ApolloServer<C>;
  documents: Documents;
  refusals: Refusals;
  contextOf: (sender: Sender) => C | Promise<C>;
}

/**
 * GraphQL over HTTP, on Node's own server: the limits of the edge, then Apollo's pipeline. Nothing of Express stands in the
 * way of a read, which would cost more than a small one does.
 */
export function graphqlOverHttp<C extends BaseContext>({ app, apollo, documents, refusals, contextOf }: Serving<C>) {
  const senderOf = senderBy(app.config.trustedProxies);
  const jarOf = jarBy(app.config);
  const unfit = new Unfit();

  async function answer(seen: Seen): Promise<void> {
    const { request } = seen;
    seen.operations = 'none';
    const sender = senderOf(seen, jarOf(request));
    seen.address = sender.address;
    if (sender.address !== null) app.rates.address(sender.address);
    const asked = request.method === 'POST' ? await posted(request, app.config.limits) : inAddress(request);
    if (!asked) return;
    admit(asked, documents, seen);
    const answered =
      unfit.answerOf(seen, asked.body) ??
      (await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: {
          method: request.method!,
          headers: decidingHeaders(request),
          body: asked.body,
          search: asked.search,
        },
        context: async () => contextOf(sender),
      }));
    unfit.note(seen, asked.body, answered);
    seen.errors = answered.body.kind === 'complete' && toldErrors(answered.body.string);
    const { jar } = sender;
    if (isRefused(seen, answered)) refusals.answer(seen, () => void write(seen, answered, cookieIn(jar)));
    else await write(seen, answered, [...cookieIn(jar), ...(awaitsSeal(seen) ? await sealHeader(app, seen) : [])]);
  }

  return (seen: Seen): void => {
    answer(seen).catch((error: unknown) => {
      tellError(app, refusals, seen, error);
    });
  };
}

/** The status of who asks too often. */
const TOO_MANY = 429;

/** Answers a request with an error alone: at once, unless it is one of many refusals. */
export function tellError(app: App, refusals: Refusals, seen: Seen, error: unknown): void {
  const tell = () => sendError(app, seen, error);
  const status = statusFor(error);
  if (isRefusal(status)) refusals.answer(seen, tell, status === TOO_MANY ? 'tooOften' : 'wrong');
  else tell();
}

/** What Apollo takes apart: a body, or what stands behind the question mark. */
interface Carried {
  body: Asked | undefined;
  search: string;
}

export async function posted(request: IncomingMessage, limits: DocumentLimits): Promise<Carried | null> {
  assertJson(request);
  const body = await readJson(request, limits);
  return body && { body, search: '' };
}

const inAddress = ({ url = '' }: IncomingMessage): Carried => {
  const begin = url.indexOf('?');
  return { body: undefined, search: begin < 0 ? '' : url.slice(begin) };
};

/** Puts in the document that may run: of a trusted one a client may have sent the hash alone. */
function admit(carried: Carried, documents: Documents, seen: Seen): void {
  if (carried.body) {
    const admitted = documents(carried.body);
    if (admitted) seen.operations = admitted.operations;
    if (admitted?.trusted) Object.assign(carried.body, { query: admitted.text, extensions: null });
    return;
  }
  if (seen.request.method !== 'GET') throw postOnly();
  const search = new URLSearchParams(carried.search);
  // Proxies and histories keep addresses, so that nothing that somebody looks for belongs there: a name of a trusted document alone.
  const variables = search.getAll('variables').filter((each) => each !== '{}');
  if (search.has('query') || variables.length > 0) throw postOnly();
  const admitted = documents({
    documentId: search.get('documentId') ?? undefined,
    extensions: jsonIn(search.get('extensions')),
  });
  if (!admitted?.trusted) throw postOnly();
  seen.operations = admitted.operations;
  search.set('query', admitted.text);
  search.delete('extensions');
  carried.search = `?${search.toString()}`;
}

const postOnly = () =>
  new ProtocolError(405, 'Ask by POST: an address carries no document and no variables.', ['allow', 'POST']);

function jsonIn(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The headers that Apollo decides by: the type of an answer, and whether a foreign page could have sent this. */
const DECIDING = ['accept', 'content-type', 'apollo-require-preflight', 'x-apollo-operation-name'] as const;

function decidingHeaders({ headers }: IncomingMessage): HeaderMap {
  const deciding = new HeaderMap();
  for (const name of DECIDING) {
    const value = headers[name];
    if (typeof value === 'string') deciding.set(name, value);
  }
  return deciding;
}

/** Whoever is connected, or whom a trusted proxy names: as Express says it in `request.ip`. */
export function senderBy(
  trustedProxies: readonly string[],
): (of: Pick<Seen, 'id' | 'request'>, jar?: Jar | null) => Sender {
  const trusted = proxyAddress.compile([...trustedProxies]);
  return ({ id, request }, jar = null) => ({
    requestId: id,
    address: (trustedProxies.length > 0 ? proxyAddress(request, trusted) : request.socket.remoteAddress) ?? null,
    authorization: request.headers.authorization,
    userAgent: request.headers['user-agent'],
    unattended: request.headers['x-unattended'] === 'true',
    jar,
  });
}

/** `errors` comes first in an answer that has some. */
const BEGINS_WITH_ERRORS = '{"errors"';

function toldErrors(body: string | Uint8Array): boolean {
  const begin =
    typeof body === 'string'
      ? body
      : Buffer.from(body.buffer, body.byteOffset, Math.min(9, body.byteLength)).toString();
  return begin.startsWith(BEGINS_WITH_ERRORS);
}

/** The request was at fault, or everything that it asked for was refused: `data` comes last. */
const isRefused = ({ errors }: Seen, { status, body }: HTTPGraphQLResponse): boolean =>
  isRefusal(status ?? 200) || (errors && body.kind === 'complete' && body.string.trimEnd().endsWith('"data":null}'));

const cookieIn = (jar: Sender['jar']): string[] => (jar?.setCookie ? ['set-cookie', jar.setCookie] : []);

/** Asked before anything waits: a read has no promise more than it had. */
const awaitsSeal = ({ request, operations }: Seen): boolean =>
  request.headers['x-await-seal'] !== undefined && (operations === 'mutation' || operations === 'several');

/** In seconds: how long a mutation waits for its seal at most. */
const LONGEST_WAIT = 20;

/**
 * A mutation may ask for its seal, with `X-Await-Seal: <seconds>`: its answer then comes when what it left in the trail has its place in the
 * tree, and `X-Sealed` has the size of a signed head that vouches for it, or `pending`.
 */
async function sealHeader({ database, log }: App, { id, request }: Seen): Promise<string[]> {
  const seconds = Math.min(LONGEST_WAIT, Number(request.headers['x-await-seal']) || 0);
  const size = await awaitSeal(database.pool, id, seconds * 1000).catch((error: unknown) => {
    log.warn({ err: error, requestId: id }, 'a seal was not waited for');
    return null;
  });
  return ['x-sealed', size === null ? 'pending' : String(size)];
}

async function write(seen: Seen, { status, headers, body }: HTTPGraphQLResponse, more: string[] = []): Promise<void> {
  const raw = ['x-request-id', seen.id, ...more];
  for (const [name, value] of headers) raw.push(name, value);
  if (body.kind === 'complete') {
    // A read may hand over the bytes that the database sent.
    const finished = body.string as string | Uint8Array;
    send(seen.response, status ?? 200, raw, finished);
    return;
  }
  let whole = '';
  for await (const part of body.asyncIterator) whole += part;
  send(seen.response, status ?? 200, raw, whole);
}
