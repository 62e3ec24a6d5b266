import type { ServerResponse } from 'node:http';
import type { ServedContext } from '../answer';
import type { App } from '../platform/context';
import type { Telling } from '../subscriptions/telling';
import { ProtocolError, SECURITY_HEADERS } from './answers';
import { Heartbeat } from './heartbeat';
import { posted, type Sender, senderBy, tellError } from './graphql-over-http';
import { jarBy } from './jar';
import type { OpenStreams } from './open-streams';
import type { Refusals } from './refusals';
import type { Requests, Seen } from './requests';
import type { Subscriber } from './subscribe';

interface Serving {
  app: App;
  subscriber: Subscriber;
  streams: OpenStreams;
  requests: Requests;
  refusals: Refusals;
  contextOf: (sender: Sender) => ServedContext;
}

const TYPE = 'text/event-stream';

/** Where it is served. */
export const STREAM_PATH = '/graphql/stream';

/**
 * GraphQL over server-sent events, each subscription on a connection of its own. A stream that this process ends has no `complete`: its client is to come back.
 */
export function graphqlOverSse({ app, subscriber, streams, requests, refusals, contextOf }: Serving) {
  const senderOf = senderBy(app.config.trustedProxies);
  const jarOf = jarBy(app.config);

  async function answer(seen: Seen): Promise<void> {
    const { request, response } = seen;
    const sender = senderOf(seen, jarOf(request));
    seen.address = sender.address;
    if (sender.address !== null) app.rates.address(sender.address);
    if (request.method !== 'POST') throw new ProtocolError(405, 'Subscribe by POST.');
    const { accept = TYPE } = request.headers;
    if (!accept.includes(TYPE) && !accept.includes('*/*')) throw new ProtocolError(406, `This is answered as ${TYPE}.`);
    const body = (await posted(request, app.config.limits))?.body;
    if (!body) return;
    const context = contextOf(sender);
    const identity = await subscriber.bearer(context);
    // Whoever went away meanwhile has closed already, and is not heard of again.
    if (response.destroyed) return;
    const place = streams.take('sse', () => (response.headersSent ? response.end() : response.destroy()));
    response.once('close', place.leave);
    if (identity) place.belongsTo(identity.actor.id);
    const telling = await subscriber.subscribe(context, identity, body);
    if (response.destroyed) return void (await telling.return());
    response.once('close', () => void telling.return());
    requests.letRun(seen);
    response.writeHead(200, [...SECURITY_HEADERS, 'x-request-id', seen.id, ...HEADERS]);
    await send(app, response, telling);
  }

  return (seen: Seen): void => {
    answer(seen).catch((error: unknown) => tellError(app, refusals, seen, error));
  };
}

/** Nothing in between may keep what is told, or collect it. */
const HEADERS = ['content-type', `${TYPE}; charset=utf-8`, 'cache-control', 'no-store', 'x-accel-buffering', 'no'];

/** Writes one event after another, each when the one before has left the process, and a comment now and then. */
async function send(app: App, response: ServerResponse, telling: Telling): Promise<void> {
  const told = app.metrics.told.labels('sse');
  const silent = () => {
    app.metrics.cut.inc({ why: 'silent' });
    response.destroy();
  };
  const beat = (taken: () => void) => void write(response, ':\n\n').then(taken);
  const heartbeat = new Heartbeat(app.config.streams.keepAliveSeconds * 1000, beat, silent);
  response.once('close', () => heartbeat.stop());
  for await (const text of telling) {
    told.inc();
    await write(response, `event: next\ndata: ${text.replace(/[\r\n]+/g, ' ')}\n\n`);
  }
  if (response.writable) response.end('event: complete\ndata:\n\n');
}

/** Resolves when it has left the process, or never will. */
function write(response: ServerResponse, text: string): Promise<void> {
  if (!response.writable) return Promise.resolve();
  return new Promise((resolve) => response.write(text, () => resolve()));
}
