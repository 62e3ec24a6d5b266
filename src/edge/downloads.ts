import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Express, Request, Response } from 'express';
import type { ServedContext } from '../answer';
import { bearerOf, noteUse } from '../access/bearer';
import { recordRefusal } from '../audit/record';
import { type Digest, digestOf, type MadeDocument, recordDelivery } from '../documents/made-document';
import { makeDocument } from '../documents/make-document';
import type { App, Context } from '../platform/context';
import { DomainError } from '../platform/errors';
import { ProtocolError } from './answers';
import { type Sender, senderBy, tellError } from './graphql-over-http';
import type { Refusals } from './refusals';
import type { Requests, Seen } from './requests';

interface Serving {
  app: App;
  requests: Requests;
  refusals: Refusals;
  contextOf: (sender: Sender) => ServedContext;
}

/** Where documents are: `/documents/invoices/<id>/invoice.pdf`. */
const PLACE = '/documents/:kind/:id/:file';

/**
 * Serves documents to the bearer of a token: made when they are asked for, and said in the trail before their first byte leaves. Whoever may not read
 * what one tells of is answered as if it did not exist.
 */
export function serveDownloads(web: Express, { app, requests, refusals, contextOf }: Serving): void {
  const senderOf = senderBy(app.config.trustedProxies);

  async function answer(seen: Seen, request: Request, response: Response): Promise<void> {
    const sender = senderOf(seen);
    seen.address = sender.address;
    if (sender.address !== null) app.rates.address(sender.address);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new ProtocolError(405, 'Documents are read by GET.');
    const context = await signedIn(contextOf(sender));
    const { kind, id, file } = request.params as { kind: string; id: string; file: string };
    const made = await makeDocument(app, context.actor!, { kind, id, file, query: request.query }).catch(
      (error: unknown) => refused(context, error, { kind, id }),
    );
    const digest = await digestOf(made.bytes());
    const etag = `"${digest.sha256}"`;
    if (request.get('if-none-match') === etag) return void response.writeHead(304, { etag }).end();
    if (response.destroyed) return;
    await recordDelivery(context, made, digest);
    response.writeHead(200, headersOf(made, digest));
    if (request.method === 'HEAD') return void response.end();
    requests.letRun(seen);
    await pipeline(asDigested(made, digest), response);
  }

  async function signedIn(context: ServedContext): Promise<Context> {
    const identity = context.token ? await bearerOf(context, context.token) : null;
    if (!identity) {
      const error = new DomainError('UNAUTHENTICATED', 'Sign in first.');
      return refused(context, error, null);
    }
    app.rates.user(identity.actor.id);
    noteUse(context, identity);
    return { ...context, actor: identity.actor, sessionId: identity.sessionId };
  }

  web.all(PLACE, (request, response) => {
    const { seen } = request as unknown as { seen: Seen };
    answer(seen, request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      tellError(app, refusals, seen, error);
    });
  });
}

/** Leaves an event of who was refused what, as for any other read, and refuses. */
async function refused(context: Context, error: unknown, of: { kind: string; id: string } | null): Promise<never> {
  if (error instanceof DomainError && ['FORBIDDEN', 'UNAUTHENTICATED'].includes(error.code))
    await recordRefusal(context, error, {
      action: 'document.delivered',
      ...(of && { subjectType: of.kind === 'invoices' ? 'Invoice' : 'Account', subjectId: of.id }),
    });
  throw error;
}

const headersOf = ({ fileName, type }: MadeDocument, { sha256, length }: Digest) => ({
  'content-type': type,
  'content-length': length,
  'content-disposition': `attachment; filename="${fileName}"`,
  // RFC 9530.
  'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
  etag: `"${sha256}"`,
  'cache-control': 'private, no-cache',
});

/** The bytes that the trail tells of, or a connection that breaks: never others. */
async function* asDigested(made: MadeDocument, { sha256 }: Digest): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let last: Buffer | null = null;
  for await (const part of made.bytes()) {
    hash.update(part);
    if (last) yield last;
    last = part;
  }
  if (hash.digest('hex') !== sha256) throw new Error('A document changed while it was sent.');
  if (last) yield last;
}
