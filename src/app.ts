import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type ErrorRequestHandler, type Express, type Request } from 'express';
import helmet from 'helmet';
import { pino } from 'pino';
import { identify } from './access/identify';
import { submit } from './approvals/submit';
import { catalogue } from './catalogue';
import type { Config } from './config';
import { serveExplorer } from './explorer';
import type { Reads } from './platform/asked';
import { limitRootFields, MAX_TOKENS } from './platform/limits';
import type { App, Context } from './platform/context';
import type { Database } from './platform/database';
import { maskText } from './platform/masks';
import { loggedError, shownError, toGraphQLError } from './platform/shown-error';
import { deriveKeys } from './platform/keys';
import { isReady } from './ready';
import { guardedSchema, reads } from './schema';

/** A request's context, and where its reads are looked up. */
export type ServedContext = Context & { reads: Reads };

export interface Served {
  readonly app: App;
  readonly server: Server;
  readonly express: Express;
  /** Stops taking requests, finishes those in flight, and leaves the database open. */
  stop(): Promise<void>;
}

interface Options {
  clock?: () => Date;
}

/** The largest body that is read, in bytes: an invoice of 500 lines fits several times. */
const MAX_BODY = 1_000_000;

/** What main and every test start: the API over an open database. It does not listen yet. */
export async function createApp(config: Config, database: Database, options: Options = {}): Promise<Served> {
  const app: App = {
    config,
    database,
    keys: deriveKeys(config.masterKey),
    catalogue,
    log: pino({ level: config.logLevel, serializers: { err: loggedError } }),
    clock: options.clock ?? (() => new Date()),
    submit,
  };
  const web = express().disable('x-powered-by').set('trust proxy', config.trustedProxies);
  const server = createServer(web);
  const apollo = new ApolloServer<ServedContext>({
    schema: guardedSchema(),
    introspection: !config.production,
    hideSchemaDetailsFromClientErrors: config.production,
    includeStacktraceInErrorResponses: false,
    parseOptions: { maxLexicalTokens: MAX_TOKENS },
    validationRules: [limitRootFields],
    persistedQueries: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => shownError(formatted, error, config.production, app.log),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginDrainHttpServer({ httpServer: server, stopGracePeriodMillis: 10_000 }),
    ],
  });
  await apollo.start();

  web.use(helmet());
  web.use(requestIds(app));
  web.get('/health', (_request, response) => void response.json({ status: 'alive' }));
  web.get('/ready', async (_request, response) => {
    const ready = await isReady(database);
    response.status(ready.ready ? 200 : 503).json(ready);
  });
  if (!config.production) serveExplorer(web);
  web.use(
    '/graphql',
    express.json({ limit: MAX_BODY }),
    expressMiddleware(apollo, { context: ({ req }) => contextOf(app, req) }),
  );
  web.use(
    (_request, response) =>
      void response
        .status(404)
        .json({ errors: [{ message: 'There is nothing here.', extensions: { code: 'NOT_FOUND' } }] }),
  );
  web.use(jsonErrors(app));
  return { app, server, express: web, stop: () => apollo.stop() };
}

const REQUEST_ID = /^[\w.:-]{8,64}$/;

/** Gives every request an id (the client's, if it is a sensible one), answers it in a header, and writes one line of log. */
const requestIds =
  ({ log }: App): express.RequestHandler =>
  (request, response, next) => {
    const given = request.get('x-request-id') ?? '';
    const requestId = REQUEST_ID.test(given) && maskText(given) === given ? given : randomUUID();
    const started = performance.now();
    response.locals.requestId = requestId;
    response.set('x-request-id', requestId);
    response.on('finish', () =>
      log.info(
        {
          requestId,
          method: request.method,
          path: maskText(request.baseUrl + request.path),
          status: response.statusCode,
          ms: Math.round(performance.now() - started),
        },
        'request',
      ),
    );
    next();
  };

/** Who asks, by the bearer token. An unknown, ended or expired one is nobody. Throws only when the database is gone. */
async function contextOf(app: App, request: Request): Promise<ServedContext> {
  const token = /^Bearer ([\w-]{20,200})$/.exec(request.get('authorization') ?? '')?.[1];
  try {
    const identity = token ? await identify(app, token) : null;
    return {
      app,
      reads,
      requestId: String(request.res?.locals.requestId),
      sessionId: identity?.sessionId ?? null,
      actor: identity?.actor ?? null,
      address: request.ip ?? null,
      userAgent: maskText(request.get('user-agent')?.toWellFormed().slice(0, 300) ?? '') || null,
    };
  } catch (error) {
    throw toGraphQLError(error);
  }
}

/** A body that cannot be read gets the same form of answer as everything else. */
const jsonErrors =
  ({ log }: App): ErrorRequestHandler =>
  (error: { status?: number; type?: string }, _request, response, _next) => {
    const status = error.status ?? 500;
    if (status >= 500) log.error({ err: error, requestId: response.locals.requestId as string }, 'request failed');
    const [code, message] =
      error.type === 'entity.too.large'
        ? ['REQUEST_TOO_LARGE', `A request has at most ${MAX_BODY} bytes.`]
        : status < 500
          ? ['BAD_REQUEST', 'The request cannot be read: is it JSON?']
          : ['INTERNAL', 'Something went wrong on our side.'];
    response.status(status).json({ errors: [{ message, extensions: { code } }] });
  };
