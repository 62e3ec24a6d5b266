import { HeaderMap } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { ArgumentValidationError } from 'type-graphql';
import { DomainError } from './errors';
import { maskText } from './masks';

/** Codes of GraphQL itself, which stay. */
const PROTOCOL_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** The code of a refusal of ours or of an input that does not fit; null for a fault. */
export function refusalCodeOf(error: unknown): string | null {
  if (error instanceof DomainError) return error.code;
  return error instanceof ArgumentValidationError ? 'BAD_USER_INPUT' : null;
}

/** The refusals that mean: come back later. */
const UNAVAILABLE = new Set(['DATABASE_UNAVAILABLE', 'BUSY', 'TIMEOUT']);

const STATUSES: Record<string, number> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  SCOPE_REQUIRED: 403,
  ORIGIN_FOREIGN: 403,
  NOT_FOUND: 404,
  REQUEST_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  TOO_MANY_STREAMS: 429,
};

/** The status of a refusal that nothing was answered beside: of a whole request. */
export function statusOf(code: string): number {
  if (UNAVAILABLE.has(code)) return 503;
  return STATUSES[code] ?? 400;
}

/** When to come back, for those refusals that know, as a header: its name and its value. */
export function retryAfterOf(error: unknown): [string, string][] {
  const seconds = error instanceof DomainError ? error.details.retryAfterSeconds : undefined;
  return typeof seconds === 'number' ? [['retry-after', String(seconds)]] : [];
}

/**
 * The one place where an error becomes what a client sees. Ours keep code, message and details; those of GraphQL keep
 * their code but lose every value that they quote; anything else is INTERNAL and its text goes to the log alone.
 */
export function shownError(
  formatted: GraphQLFormattedError,
  thrown: unknown,
  production: boolean,
  log: Logger,
): GraphQLFormattedError {
  const whole = thrown instanceof GraphQLError && thrown.originalError instanceof DomainError;
  const error = whole ? thrown.originalError : unwrapResolverError(thrown);
  const { path, locations } = formatted;
  const place = { ...(path && { path }), ...(locations && !production && { locations }) };
  if (error instanceof DomainError)
    return { message: error.message, ...place, extensions: { code: error.code, details: error.details } };
  if (error instanceof ArgumentValidationError)
    return {
      message: 'Some of what you sent is not valid.',
      ...place,
      extensions: { code: 'BAD_USER_INPUT', details: { fields: wrongFields(error) } },
    };
  const code = NO_SUCH_ROOT.test(formatted.message) ? 'OPERATION_RESOLUTION_FAILURE' : formatted.extensions?.code;
  if (typeof code === 'string' && (PROTOCOL_CODES.has(code) || UNAVAILABLE.has(code)))
    return {
      message:
        production && code !== 'BAD_USER_INPUT' && !UNAVAILABLE.has(code)
          ? (GENERIC[code] ?? 'The request is not valid.')
          : withoutValues(formatted.message, thrown).replace(production ? HINT : '', ''),
      ...place,
      extensions: { code },
    };
  log.error({ err: error, path }, 'unexpected error');
  return { message: 'Something went wrong on our side.', ...place, extensions: { code: 'INTERNAL' } };
}

/** What graphql-js says, without a code, to a subscription where there are none. */
const NO_SUCH_ROOT = /^Schema is not configured to execute /;

/** What graphql-js thinks was meant. In production the schema is not told. */
const HINT = / Did you mean .*\?$/;

const GENERIC: Record<string, string> = {
  GRAPHQL_PARSE_FAILED: 'The document cannot be parsed.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
};

/**
 * A message of graphql-js without the values that it quotes: they may be passwords or card numbers. In front of what is
 * wrong with a variable it prints the whole value, which may look like anything, also like the rest of the message.
 */
function withoutValues(message: string, thrown: unknown): string {
  const variable = /^(Variable "\$\w+") got invalid value /.exec(message)?.[1];
  if (!variable) return withoutQuoted(message);
  const wrong = thrown instanceof GraphQLError ? thrown.originalError?.message : undefined;
  if (wrong === undefined || !message.endsWith(`; ${wrong}`)) return `${variable} got an invalid value.`;
  const place = / at "[\w.[\]]+"$/.exec(message.slice(0, -wrong.length - 2))?.[0] ?? '';
  return `${variable} got an invalid value${place}; ${withoutQuoted(wrong)}`;
}

const withoutQuoted = (message: string): string =>
  message
    .replace(/(cannot represent[^:"{[]*)[:"{[][\s\S]*$/, '$1')
    .replace(/Value "[\s\S]*" does not exist/, 'The value does not exist')
    .replace(/^(Syntax Error: [\s\S]*?\b(?:Name|Int|Float|String|BlockString)) "[\s\S]*$/, '$1.')
    .replace(/^(Expected value of type "[\w![\]]+"), found [\s\S]*$/, '$1.')
    .replace(/\d[\d -]{6,}\d/g, '…');

interface Failed {
  property: string;
  constraints?: Record<string, string>;
  children?: Failed[];
}

/** Which fields were refused and by which rules; never their values. */
function wrongFields({ extensions }: ArgumentValidationError): { field: string; rules: string[] }[] {
  const walk = (failures: readonly Failed[], prefix: string): { field: string; rules: string[] }[] =>
    failures.flatMap(({ property, constraints, children }) => [
      ...(constraints ? [{ field: prefix + property, rules: Object.keys(constraints) }] : []),
      ...walk(children ?? [], `${prefix}${property}.`),
    ]);
  return walk((extensions as unknown as { validationErrors?: Failed[] }).validationErrors ?? [], '');
}

/** For what fails before any field is resolved: Apollo keeps a GraphQLError as it is. */
export function toGraphQLError(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  return new GraphQLError(error.message, {
    extensions: {
      code: error.code,
      http: { status: statusOf(error.code), headers: new HeaderMap(retryAfterOf(error)) },
    },
    originalError: error,
  });
}

/**
 * An error as the log may keep it: what and where, without the values that a database error carries (parameters, the
 * failing row, the other half of a duplicate).
 */
export function loggedError(error: unknown): object {
  if (!(error instanceof Error)) return { message: maskText(String(error)) };
  const { code, constraint, table } = error as Error & { code?: unknown; constraint?: unknown; table?: unknown };
  return {
    type: error.constructor.name,
    message: maskText(error.message),
    stack: error.stack && maskText(error.stack),
    code,
    constraint,
    table,
    ...(error.cause !== undefined && { cause: loggedError(error.cause) }),
  };
}
