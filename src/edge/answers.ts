import type { IncomingMessage, ServerResponse } from 'node:http';
import { GraphQLError } from 'graphql';
import helmet from 'helmet';
import type { App } from '../platform/context';
import { DomainError } from '../platform/errors';
import { retryAfterOf, shownError, statusOf } from '../platform/shown-error';
import type { Seen } from './requests';

/** A refusal of the protocol, with a status that its code alone does not tell. */
export class ProtocolError extends DomainError {
  constructor(
    readonly status: number,
    message: string,
    /** Headers of its answer: names and values in turn. */
    readonly headers: readonly string[] = [],
  ) {
    super('BAD_REQUEST', message);
  }
}

/** What helmet sets on every answer, found out once, and that nobody keeps it: names and values in turn, the way that writeHead takes them. */
export const SECURITY_HEADERS: readonly string[] = [...headersOf(helmet()), 'cache-control', 'no-store'];

function headersOf(middleware: ReturnType<typeof helmet>): string[] {
  const headers: string[] = [];
  const response = {
    setHeader: (name: string, value: string) => void headers.push(name, value),
    removeHeader: () => undefined,
  };
  middleware({} as IncomingMessage, response as unknown as ServerResponse, () => undefined);
  return headers;
}

/** Of the GraphQL-over-HTTP draft: it tells an answer of GraphQL from one of something in between. */
const RESPONSE_JSON = 'application/graphql-response+json';
const PLAIN_JSON = 'application/json';

/** The type of an error: the newer one for whoever names it and not, before it, the older. */
function typeFor(accept: string | undefined): string {
  const newer = accept?.indexOf(RESPONSE_JSON) ?? -1;
  const older = accept?.indexOf(PLAIN_JSON) ?? -1;
  return `${newer >= 0 && (older < 0 || newer < older) ? RESPONSE_JSON : PLAIN_JSON}; charset=utf-8`;
}

/** Sends a finished answer, unless one was sent already. `headers` are names and values in turn. */
export function send(response: ServerResponse, status: number, headers: string[], body: string | Uint8Array): void {
  if (response.headersSent || response.destroyed) return;
  const whole = typeof body === 'string' && body.length > SHORT ? Buffer.from(body) : body;
  const length = typeof whole === 'string' ? Buffer.byteLength(whole) : whole.byteLength;
  response.writeHead(status, [...SECURITY_HEADERS, ...headers, 'content-length', String(length)]);
  response.end(whole);
}

/**
 * Characters. What is shorter is written together with its head; a longer text costs Node twice as much to write as its
 * bytes do.
 */
const SHORT = 4_000;

/** An error in the one form that every answer has. Faults are logged and told as INTERNAL. */
export function sendError(app: App, { request, response, id }: Seen, error: unknown, more: string[] = []): void {
  const headers = [
    'x-request-id',
    id,
    'content-type',
    typeFor(request.headers.accept),
    ...retryAfterOf(error).flat(),
    ...(error instanceof ProtocolError ? error.headers : []),
    ...more,
  ];
  const shown = shownOf(app, error);
  const { code } = shown.extensions;
  if (code.startsWith('DOCUMENT_') || code.startsWith('GRAPHQL_')) app.metrics.refused.inc({ code });
  send(response, statusFor(error), headers, JSON.stringify({ errors: [shown] }));
}

/** What a client sees of an error that is the whole answer. */
export function shownOf({ config, log }: App, error: unknown): { message: string; extensions: { code: string } } {
  return shownError(formatted(error), error, config.production, log) as ReturnType<typeof shownOf>;
}

/** What graphql-js says of a document that it cannot read has no code yet. */
const formatted = (error: unknown) =>
  error instanceof GraphQLError
    ? { ...error.toJSON(), extensions: { code: 'GRAPHQL_PARSE_FAILED', ...error.extensions } }
    : { message: '' };

/** The status of an error that is the whole answer. */
export function statusFor(error: unknown): number {
  if (error instanceof ProtocolError) return error.status;
  if (error instanceof DomainError) return statusOf(error.code);
  return error instanceof GraphQLError ? 400 : 500;
}

/** Whether a status says that the request was at fault. */
export const isRefusal = (status: number): boolean => status >= 400 && status < 500;
