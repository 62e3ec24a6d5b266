import { type DestinationStream, type Logger, pino } from 'pino';
import { loggedError } from '../platform/shown-error';

/** Names of what never stands in a log, wherever an object of ours has it. */
const SECRETS = ['authorization', 'cookie', 'password', 'token', 'secret', 'variables', 'email'];

/** How often what is collected is written, in ms; at the end of the process at once. */
const FLUSH = 1_000;

/** Two ways into one stream of lines. */
export interface Logs {
  /** For whatever is logged: secrets are taken out by their names, which costs 20 µs a line. */
  readonly log: Logger;
  /** For the line of each request, whose fields are fixed and hold no secret. */
  readonly requestLog: Logger;
}

/** JSON by lines to standard output, written in blocks: a line for each request must not cost a write. */
export function openLogs(level: string, to?: DestinationStream): Logs {
  const destination = to ?? pino.destination({ sync: false, minLength: 4096, periodicFlush: FLUSH });
  const redact = { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' };
  return {
    log: pino({ level, serializers: { err: loggedError }, redact }, destination),
    requestLog: pino({ level }, destination),
  };
}
