import type { IncomingMessage } from 'node:http';
import type { ErrorRequestHandler, Express } from 'express';
import helmet from 'helmet';
import type { App } from '../platform/context';
import { DomainError } from '../platform/errors';
import { ProtocolError, sendError } from './answers';
import type { Seen } from './requests';

type Carrying = IncomingMessage & { seen?: Seen };

const seenOf = (request: Carrying): Seen => request.seen!;

/**
 * Everything besides a plain POST to /graphql: what Express has routes for, queries by GET, and what there is not. Its answers
 * have the same headers and errors of the same form.
 */
export function serveRest(app: App, routes: Express, graphql: (seen: Seen) => void): (seen: Seen) => void {
  routes.use('/graphql', (request) => graphql(seenOf(request)));
  routes.use((request) => sendError(app, seenOf(request), new DomainError('NOT_FOUND', 'There is nothing here.')));
  const onError: ErrorRequestHandler = (error: { status?: number }, request, _response, _next) => {
    const refused = error.status !== undefined && error.status < 500;
    sendError(app, seenOf(request), refused ? new ProtocolError(error.status!, 'The request cannot be read.') : error);
  };
  routes.use(onError);
  const guard = helmet();
  return (seen) => {
    const { request, response, id } = seen;
    (request as Carrying).seen = seen;
    guard(request, response, () => {
      response.setHeader('x-request-id', id);
      routes(request, response);
    });
  };
}
