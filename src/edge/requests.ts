import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { maskText } from '../platform/masks';
import type { Metrics, Operations, Outcome } from '../platform/metrics';

/** What a request turned out to be, for its line of log and its figures. */
export interface Seen {
  readonly id: string;
  /** In ms, of performance.now(). */
  readonly began: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Who is connected, or whom a trusted proxy names; null until that was looked up. */
  address: string | null;
  /** Of the document that it carried; null for what is no GraphQL at all. */
  operations: Operations | null;
  /** Whether a well-formed answer told of errors. */
  errors: boolean;
}

const REQUEST_ID = /^[\w.:-]{8,64}$/;

/** The client's, if it is a sensible one that hides nothing; else a new one. */
export function idOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) && maskText(given) === given ? given : randomUUID();
}

/** How often it is looked for requests that take too long, in ms. */
const ROUND = 1_000;

/** The requests that are being answered: gives each an id, notes how it ended, and ends those that take too long. */
export class Requests {
  private readonly underWay = new Set<Seen>();
  private readonly round = setInterval(() => this.endOverdue(), ROUND).unref();

  constructor(
    private readonly log: Logger,
    private readonly metrics: Metrics,
    /** In ms. */
    private readonly deadline: number,
    private readonly onOverdue: (seen: Seen) => void,
  ) {}

  get count(): number {
    return this.underWay.size;
  }

  begin(request: IncomingMessage, response: ServerResponse): Seen {
    const id = idOf(request);
    const began = performance.now();
    const seen: Seen = { id, began, request, response, address: null, operations: null, errors: false };
    this.underWay.add(seen);
    response.once('close', () => this.end(seen));
    return seen;
  }

  /** It was answered with the beginning of a stream, and may take as long as it likes. */
  letRun(seen: Seen): void {
    this.underWay.delete(seen);
  }

  stop(): void {
    clearInterval(this.round);
  }

  private end(seen: Seen): void {
    const { id, began, request, response, operations } = seen;
    this.underWay.delete(seen);
    const ms = performance.now() - began;
    const outcome = outcomeOf(seen);
    if (operations) this.metrics.observe(operations, outcome, ms / 1000);
    this.log.info(
      {
        requestId: id,
        method: request.method,
        path: pathOf(request),
        status: response.statusCode,
        ms: Math.round(ms * 10) / 10,
        operations,
        outcome,
      },
      'request',
    );
  }

  private endOverdue(): void {
    const since = performance.now() - this.deadline;
    for (const seen of this.underWay) {
      // They stand in the order in which they came.
      if (seen.began > since) break;
      if (!seen.response.headersSent) this.onOverdue(seen);
    }
  }
}

function outcomeOf({ response, errors }: Seen): Outcome {
  if (!response.writableFinished) return 'aborted';
  if (response.statusCode >= 500) return 'failed';
  if (response.statusCode >= 400) return 'refused';
  return errors ? 'errors' : 'ok';
}

/** Without what is asked for, and without what could be a card number or an address: a path may hold anything. */
function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  const { originalUrl: url = request.url ?? '/' } = request;
  if (url === '/graphql') return url;
  const end = url.indexOf('?');
  return maskText((end < 0 ? url : url.slice(0, end)).slice(0, 500));
}
