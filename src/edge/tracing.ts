import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span, Tracer } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Pool, PoolClient } from 'pg';
import type { Config } from '../config';
import type { Seen } from './requests';

export interface Tracing {
  /** Does the work of a request within a span of its own, which ends with the answer. */
  around(seen: Seen, work: () => void): void;
  /** Sends what was not sent yet. */
  stop(): Promise<void>;
}

/** How long a collector is waited for, in ms. */
const PATIENCE = 3_000;

/** No statement of ours is longer in a trace. */
const STATEMENT = 4_000;

/**
 * Traces of requests and statements, sent by OTLP over HTTP, or each as it ends to whoever is given. Null without OTEL_EXPORTER_OTLP_ENDPOINT: then nothing of
 * OpenTelemetry is even loaded. It registers nothing globally; which span is the current one is kept here.
 */
export function openTracing({ traceEndpoint }: Config, pool: Pool, spansTo?: SpanExporter): Tracing | null {
  if (!traceEndpoint && !spansTo) return null;
  /* oxlint-disable typescript/no-require-imports */
  const api = require('@opentelemetry/api') as typeof import('@opentelemetry/api');
  const { parseTraceParent } = require('@opentelemetry/core') as typeof import('@opentelemetry/core');
  const { resourceFromAttributes } = require('@opentelemetry/resources') as typeof import('@opentelemetry/resources');
  const sdk = require('@opentelemetry/sdk-trace-base') as typeof import('@opentelemetry/sdk-trace-base');
  /* oxlint-enable typescript/no-require-imports */

  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'countersign' }),
    spanProcessors: [
      spansTo
        ? new sdk.SimpleSpanProcessor(spansTo)
        : new sdk.BatchSpanProcessor(exporterTo(traceEndpoint!), {
            scheduledDelayMillis: 1_000,
            exportTimeoutMillis: PATIENCE,
          }),
    ],
  });
  const tracer = provider.getTracer('countersign');
  const current = new AsyncLocalStorage<Span>();
  const under = (parent: Span) => api.trace.setSpan(api.ROOT_CONTEXT, parent);

  watchStatements(pool, tracer, () => current.getStore(), under);
  return {
    around(seen, work) {
      const { id, request, response } = seen;
      const given = parseTraceParent(String(request.headers.traceparent ?? ''));
      const parent = given
        ? api.trace.setSpanContext(api.ROOT_CONTEXT, { ...given, isRemote: true })
        : api.ROOT_CONTEXT;
      const method = request.method ?? '';
      const attributes = { 'http.request.method': method, 'countersign.request_id': id };
      const span = tracer.startSpan(`${method} /graphql`, { kind: api.SpanKind.SERVER, attributes }, parent);
      response.once('close', () => {
        span.setAttribute('http.response.status_code', response.statusCode);
        if (seen.operations) span.setAttribute('graphql.operation.type', seen.operations);
        if (response.statusCode >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR });
        span.end();
      });
      current.run(span, work);
    },
    stop: () => provider.shutdown().catch(() => undefined),
  };
}

function exporterTo(endpoint: string): SpanExporter {
  const { OTLPTraceExporter } =
    // oxlint-disable-next-line typescript/no-require-imports -- loaded where there is a collector
    require('@opentelemetry/exporter-trace-otlp-http') as typeof import('@opentelemetry/exporter-trace-otlp-http');
  return new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: PATIENCE });
}

type Context = ReturnType<typeof import('@opentelemetry/api').trace.setSpan>;
type Query = (...args: unknown[]) => unknown;
type Callback = (error: Error | undefined, ...rest: unknown[]) => void;

/** A span for each statement of a request: its text, which has no values of ours, and how it ended. */
function watchStatements(
  pool: Pool,
  tracer: Tracer,
  current: () => Span | undefined,
  under: (parent: Span) => Context,
): void {
  // Whoever waits for a connection is called back by whoever lets go of one, in the latter's place.
  const connect = pool.connect.bind(pool) as (callback?: Callback) => unknown;
  (pool as { connect: unknown }).connect = (callback?: Callback) =>
    connect(callback && AsyncLocalStorage.bind(callback));

  const watched = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => {
    if (watched.has(client)) return;
    watched.add(client);
    const query = client.query.bind(client) as Query;
    (client as { query: Query }).query = (...args) => {
      const parent = current();
      if (!parent) return query(...args);
      const text = typeof args[0] === 'string' ? args[0] : ((args[0] as { text?: string }).text ?? '');
      const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text.slice(0, STATEMENT) };
      const span = tracer.startSpan(
        /^\s*\w+/.exec(text)?.[0].trim() ?? 'statement',
        { kind: 2, attributes },
        under(parent),
      );
      const end = (error?: unknown) => {
        if (error) span.setStatus({ code: 2, message: (error as { code?: string }).code ?? '' });
        span.end();
      };
      const last = args.at(-1);
      if (typeof last === 'function') {
        args[args.length - 1] = AsyncLocalStorage.bind((error: Error | undefined, ...rest: unknown[]) => {
          end(error);
          (last as Callback)(error, ...rest);
        });
        return query(...args);
      }
      const answer = query(...args);
      if (answer instanceof Promise) answer.then(() => end(), end);
      else end();
      return answer;
    };
  });
}
