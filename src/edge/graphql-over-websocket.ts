import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionResult, GraphQLError, GraphQLSchema, parse } from 'graphql';
import { handleProtocols, makeServer, type Server } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { recordRefusal } from '../audit/record';
import type { ServedContext } from '../answer';
import type { App } from '../platform/context';
import { DomainError } from '../platform/errors';
import { isUnauthenticated } from '../subscriptions/subscriptions';
import type { Telling } from '../subscriptions/telling';
import { ProtocolError, shownOf, statusFor } from './answers';
import { assertShallow } from './body';
import { type Sender, senderBy } from './graphql-over-http';
import { Heartbeat } from './heartbeat';
import { type OpenStreams, type Place, tooMany } from './open-streams';
import { originAssertion } from './origin';
import type { Refusals } from './refusals';
import { idOf } from './requests';
import { endWith } from './server';
import type { Subscriber } from './subscribe';

interface Serving {
  app: App;
  subscriber: Subscriber;
  streams: OpenStreams;
  refusals: Refusals;
  contextOf: (sender: Sender) => ServedContext;
}

type ConnectionParams = { authorization?: unknown };
type Protocol = Server<Connection>;

/** One WebSocket. */
interface Connection {
  readonly socket: WebSocket;
  readonly place: Place;
  readonly sender: Sender;
  /** As of `connection_init`. */
  context: ServedContext;
  events: number;
}

/** Codes of RFC 6455 and of graphql-ws; the reason is our own code. */
const CLOSE = {
  stopping: 1001,
  later: 1013,
  unreadable: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  fault: 4500,
} as const;

/** Refusals after which a client may come back as it is. */
const LATER = new Set(['RATE_LIMITED', 'TOO_MANY_STREAMS', 'DATABASE_UNAVAILABLE', 'BUSY', 'TIMEOUT']);

/** In ms: how long a client has to answer that the process stops. */
const FAREWELL = 1_000;

/**
 * GraphQL over WebSocket (graphql-transport-ws) at /graphql, for subscriptions alone: the limits of queries and mutations are those of requests.
 * Takes what asks for an upgrade.
 */
export function graphqlOverWebSocket(
  serving: Serving,
): (request: IncomingMessage, stream: Duplex, head: Buffer) => void {
  const { app, streams, refusals, contextOf } = serving;
  const { limits, trustedProxies } = app.config;
  const senderOf = senderBy(trustedProxies);
  const assertOwnOrigin = originAssertion(trustedProxies);
  const protocol = protocolOf(serving);
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.body,
    handleProtocols,
  });

  return (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    const sender = senderOf({ id: idOf(request), request });
    let opened: WebSocket | null = null;
    try {
      assertWebSocket(request);
      if (sender.address !== null) app.rates.address(sender.address);
      assertOwnOrigin(request);
      const place = streams.take('websocket', () => (opened ? sayFarewell(opened) : stream.destroy()));
      stream.once('close', place.leave);
      sockets.handleUpgrade(request, stream, head, (socket) => {
        opened = socket;
        serve(app, protocol, { socket, place, sender, context: contextOf(sender), events: 0 });
      });
    } catch (error) {
      const tell = () => endWith(stream, statusFor(error), shownOf(app, error));
      refusals.answer({ address: sender.address, response: stream }, tell);
    }
  };
}

function assertWebSocket({ url, method, headers }: IncomingMessage): void {
  if (url !== '/graphql') throw new DomainError('NOT_FOUND', 'There is nothing here.');
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket')
    throw new ProtocolError(400, 'Nothing but WebSocket is upgraded to.');
}

function sayFarewell(socket: WebSocket): void {
  socket.close(CLOSE.stopping, 'stopping');
  const timer = setTimeout(() => socket.terminate(), FAREWELL);
  socket.once('close', () => clearTimeout(timer));
}

/** What graphql-ws is to do where it asks. */
function protocolOf({ app, subscriber, refusals, contextOf }: Serving): Protocol {
  const most = app.config.streams;
  const told = app.metrics.told.labels('websocket');

  /** Says no: after a while, if many were refused of late. */
  const refuse = ({ socket, sender: { address } }: Connection, tell: () => void) =>
    new Promise<void>((resolve) => {
      const answer = () => {
        tell();
        resolve();
      };
      refusals.answer({ address, response: { destroy: () => socket.terminate() } }, answer);
    });

  return makeServer<ConnectionParams, Connection>({
    connectionInitWaitTimeout: most.initSeconds * 1000,
    async onConnect({ connectionParams, extra }) {
      try {
        const given = connectionParams?.authorization;
        const authorization = typeof given === 'string' ? given : extra.sender.authorization;
        extra.context = contextOf({ ...extra.sender, authorization });
        const identity = await subscriber.bearer(extra.context);
        if (!identity) throw new DomainError('UNAUTHENTICATED', 'Sign in first.');
        extra.place.belongsTo(identity.actor.id);
        return true;
      } catch (error) {
        if (isUnauthenticated(error)) await recordRefusal(extra.context, error, { action: 'Subscription' });
        await refuse(extra, () => closeFor(app, extra.socket, error));
        return false;
      }
    },
    async onSubscribe({ extra, subscriptions }, _id, payload) {
      try {
        if (Object.keys(subscriptions).length > most.perConnection) throw tooMany('perConnection', most.perConnection);
        const identity = await subscriber.bearer(extra.context);
        const telling = await subscriber.subscribe(extra.context, identity, payload);
        return { ...ANY_SUBSCRIPTION, rootValue: answersOf(telling, extra.socket) };
      } catch (error) {
        const { message, extensions } = shownOf(app, error);
        await refuse(extra, () => undefined);
        return [new GraphQLError(message, { extensions })];
      }
    },
    subscribe: ({ rootValue }) => rootValue as AsyncGenerator<ExecutionResult, void>,
    onNext({ extra }, _id, _payload, _args, result) {
      extra.events += 1;
      told.inc();
      return result;
    },
  });
}

/** Closes for what a connection was refused. */
function closeFor(app: App, socket: WebSocket, error: unknown): void {
  const { code } = shownOf(app, error).extensions;
  if (isUnauthenticated(error)) socket.close(CLOSE.unauthenticated, code);
  else if (code === 'SCOPE_REQUIRED') socket.close(CLOSE.forbidden, code);
  else socket.close(LATER.has(code) ? CLOSE.later : CLOSE.fault, code);
}

/** What is told, as graphql-ws takes it. With the session ends the connection, on which nobody could subscribe any more. */
function answersOf(telling: Telling, socket: WebSocket): AsyncIterableIterator<ExecutionResult> {
  const end = () => telling.return();
  const answers = {
    async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
      const { done, value } = await telling.next();
      if (!done) return { done, value: JSON.parse(value) as ExecutionResult };
      if (isUnauthenticated(telling.endedBy))
        setImmediate(() => socket.close(CLOSE.unauthenticated, 'UNAUTHENTICATED'));
      return { done, value };
    },
    return: end,
    // Without it the library would not take this for something that it can end.
    throw: end,
    [Symbol.asyncIterator]: () => answers,
  };
  return answers;
}

/** Stands for the document, which was looked at already: graphql-ws asks of it only what kind of operation it has. */
const ANY_SUBSCRIPTION = { schema: new GraphQLSchema({}), document: parse('subscription { _ }') };

function serve(app: App, protocol: Protocol, connection: Connection): void {
  const { limits, streams: most } = app.config;
  const { socket, sender, place } = connection;
  const began = performance.now();
  const cut = (why: string) => {
    app.metrics.cut.inc({ why });
    socket.terminate();
  };
  const beat = (taken: () => void) => {
    socket.once('pong', taken);
    socket.ping();
  };
  const heartbeat = new Heartbeat(most.keepAliveSeconds * 1000, beat, () => cut('silent'));
  /** Who asks and does not read what is answered. */
  const isFlooded = () => socket.bufferedAmount > most.buffered && (cut('buffered'), true);
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) =>
        new Promise((sent) => (socket.readyState === socket.OPEN ? socket.send(text, () => sent()) : sent())),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (read) =>
        socket.on('message', (data: Buffer) => {
          if (isFlooded()) return;
          readMessage(data, limits.bodyNesting, read).catch((error: unknown) => {
            app.log.debug({ err: error, requestId: sender.requestId }, 'a message could not be handled');
            socket.close(CLOSE.unreadable, 'BAD_REQUEST');
          });
        }),
    },
    connection,
  );
  socket.on('ping', isFlooded);
  // What is wrong with a connection closes it, which is told below.
  socket.on('error', () => undefined);
  socket.once('close', (code, reason) => {
    heartbeat.stop();
    place.leave();
    void closed(code, String(reason));
    const ms = Math.round(performance.now() - began);
    const { requestId } = sender;
    app.log.info({ requestId, transport: 'websocket', code, events: connection.events, ms }, 'stream');
  });
}

async function readMessage(data: Buffer, nesting: number, read: (text: string) => Promise<void>): Promise<void> {
  assertShallow(data, nesting);
  await read(data.toString());
}
