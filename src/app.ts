import { createServer, type Server } from 'node:http';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import express from 'express';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { GraphQLSchema } from 'graphql';
import type { DestinationStream } from 'pino';
import { answering, type ServedContext, written } from './answer';
import { Issuer } from './access/issuer';
import { SessionUses } from './access/session-uses';
import { AwaitsOfDatabase } from './approvals/awaits';
import { lookupNames } from './access/sensitive-fields';
import { submit } from './approvals/submit';
import { learnKeys, openClassKeys } from './audit/class-keys';
import { TrailReadings } from './audit/readings';
import { catalogue } from './catalogue';
import type { Config } from './config';
import { serveConsole } from './console/serve-console';
import { sendError } from './edge/answers';
import { documentsOf } from './edge/documents';
import { serveDownloads } from './edge/downloads';
import { serveMetrics } from './edge/figures';
import { graphqlOverHttp, type Sender } from './edge/graphql-over-http';
import { STREAM_PATH, graphqlOverSse } from './edge/graphql-over-sse';
import { graphqlOverWebSocket } from './edge/graphql-over-websocket';
import { openLogs } from './edge/log';
import { OpenStreams } from './edge/open-streams';
import { ratesOf } from './edge/rates';
import { Refusals } from './edge/refusals';
import { Requests } from './edge/requests';
import { answerBrokenRequests, serverOptions } from './edge/server';
import { serveRest } from './edge/rest';
import { subscriberOf } from './edge/subscribe';
import { openTracing } from './edge/tracing';
import { serveExplorer } from './explorer';
import { announce } from './notifications/announce';
import type { App } from './platform/context';
import type { Database } from './platform/database';
import { DomainError } from './platform/errors';
import { ringOf } from './platform/keys';
import { maskText } from './platform/masks';
import { Metrics } from './platform/metrics';
import { shownError } from './platform/shown-error';
import { isReady } from './ready';
import { reads } from './reads';
import { decimalNames, guardedSchema, inputReader } from './schema';
import { Subscriptions } from './subscriptions/subscriptions';

export interface Served {
  readonly app: App;
  readonly server: Server;
  /** Stops taking requests, finishes those in flight, and leaves the database open. */
  stop(): Promise<void>;
}

interface Options {
  clock?: () => Date;
  /** Where lines of log go; standard output, unless told. */
  logTo?: DestinationStream;
  /** Where spans of traces go; to OTEL_EXPORTER_OTLP_ENDPOINT, unless told. */
  spansTo?: SpanExporter;
}

/** The schema, which takes long to make and holds nothing of any app: one for a process. */
let served: GraphQLSchema | undefined;

/** What main and every test start: the API over an open database. It does not listen yet. */
export async function createApp(config: Config, database: Database, options: Options = {}): Promise<Served> {
  const { log, requestLog } = openLogs(config.logLevel, options.logTo);
  const parts = {
    config,
    database,
    keys: ringOf(config),
    log,
    metrics: new Metrics(),
  };
  const schema = (served ??= guardedSchema());
  const rates = ratesOf(parts);
  const readings = new TrailReadings();
  const clock = options.clock ?? (() => new Date());
  const uses = new SessionUses({ ...parts, clock });
  const awaits = new AwaitsOfDatabase({ ...parts, clock });
  const app: App = {
    ...parts,
    rates,
    uses,
    issuer: config.openId && new Issuer(config.openId, { ...parts, clock }),
    readings,
    catalogue,
    clock,
    awaits,
    submit,
    announce,
    decimals: decimalNames(schema),
    learnKeys: () => learnKeys(parts),
    inputOf: inputReader(),
  };
  await openClassKeys(app, lookupNames(app));
  const requests = new Requests(requestLog, app.metrics, config.requestSeconds * 1000, (seen) =>
    sendError(app, seen, new DomainError('TIMEOUT', 'That took too long and was stopped.'), ['connection', 'close']),
  );
  const refusals = new Refusals(config.refusalsPerSecond, app.metrics);
  const tracing = openTracing(config, database.pool, options.spansTo);
  const documents = documentsOf(config, schema);
  const server = createServer(serverOptions(config), (request, response) => {
    const seen = requests.begin(request, response);
    if (request.url === STREAM_PATH) return stream(seen);
    // What asks for nothing but an answer of GraphQL goes straight to it.
    const direct = request.url === '/graphql' && request.method === 'POST';
    if (tracing && request.url?.startsWith('/graphql')) tracing.around(seen, () => (direct ? graphql : rest)(seen));
    else (direct ? graphql : rest)(seen);
  });
  answerBrokenRequests(server);
  const apollo = new ApolloServer<ServedContext>({
    schema,
    stringifyResult: written,
    introspection: !config.production,
    // An error costs more to make than a field to look at, and nobody reads a hundred.
    validationOptions: { maxErrors: 20 },
    hideSchemaDetailsFromClientErrors: config.production,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => shownError(formatted, error, config.production, app.log),
    plugins: [
      answering(app, schema, reads),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginDrainHttpServer({ httpServer: server, stopGracePeriodMillis: 10_000 }),
    ],
  });
  await apollo.start();
  const serving = { app, refusals, contextOf: (sender: Sender) => contextOf(app, sender) };
  const graphql = graphqlOverHttp({ ...serving, apollo, documents });
  const streams = new OpenStreams(config.streams, app.metrics);
  const subscriptions = new Subscriptions(app, schema, reads);
  const subscriber = subscriberOf(app, documents, subscriptions);
  const stream = graphqlOverSse({ ...serving, subscriber, streams, requests });
  server.on('upgrade', graphqlOverWebSocket({ ...serving, subscriber, streams }));

  const web = express().disable('x-powered-by').disable('etag');
  web.get('/health', (_request, response) => void response.json({ status: 'alive' }));
  web.get('/ready', async (_request, response) => {
    const ready = await isReady(database);
    response.status(ready.ready ? 200 : 503).json(ready);
  });
  serveMetrics(web, app, requests);
  serveConsole(web);
  serveDownloads(web, { ...serving, requests });
  if (!config.production) serveExplorer(web);
  const rest = serveRest(app, web, graphql);

  const stop = async () => {
    streams.stop();
    subscriptions.stop();
    refusals.stop();
    await apollo.stop();
    rates.stop();
    requests.stop();
    await awaits.stop();
    await readings.stop();
    await uses.stop();
    await tracing?.stop();
    await new Promise<void>((resolve) => app.log.flush(() => resolve()));
  };
  return { app, server, stop };
}

/** What is known of a request before anything is asked of the database. */
function contextOf(app: App, { requestId, address, authorization, userAgent, unattended, jar }: Sender): ServedContext {
  const bearer = /^Bearer ([\w-]{20,200}|[\w-]{10,6000}(?:\.[\w-]{10,6000}){2})$/.exec(authorization ?? '')?.[1];
  return {
    app,
    reads,
    requestId,
    token: bearer ?? (authorization === undefined && jar ? jar.token : null),
    unattended,
    ...(jar && { keepToken: (token) => jar.keep(token) }),
    sessionId: null,
    actor: null,
    address,
    userAgent: maskText(userAgent?.toWellFormed().slice(0, 300) ?? '') || null,
  };
}
