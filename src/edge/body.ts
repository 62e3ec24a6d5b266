import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { DocumentLimits } from '../platform/document-limits';
import { refuse } from '../platform/errors';
import { ProtocolError } from './answers';

/** In ms: how long what was refused unread is still listened to, so that its sender gets to read the answer. */
const PATIENCE = 2_000;

const DECODERS = { gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) } as const;

const TYPE = /^application\/json *(?:; *charset="?([\w-]+)"? *)?(?:;.*)?$/i;

/** A body that is sent as a form of a foreign page could be, or in another charset. Refuses with BAD_REQUEST and 415. */
export function assertJson({ headers }: IncomingMessage): void {
  const type = headers['content-type'];
  if (type === 'application/json') return;
  const [, charset = 'utf-8'] = TYPE.exec(type ?? '') ?? unsupported('Send JSON: content-type application/json.');
  if (charset.toLowerCase() !== 'utf-8') unsupported('Send UTF-8.');
}

const unsupported = (message: string): never => {
  throw new ProtocolError(415, message);
};

const tooLarge = (limit: number): never =>
  refuse('REQUEST_TOO_LARGE', `A request has at most ${limit} bytes.`, { limit, setting: 'LIMITS=body' });

/**
 * The JSON object of a body of at most `limits.body` bytes, as sent and as unpacked. Refuses with REQUEST_TOO_LARGE as soon as
 * it is known, without the rest; with REQUEST_TOO_DEEP; with BAD_REQUEST what is no JSON. Null: the client went away.
 */
export async function readJson(
  request: IncomingMessage,
  { body: limit, bodyNesting }: Pick<DocumentLimits, 'body' | 'bodyNesting'>,
): Promise<object | null> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    letGo(request);
    return tooLarge(limit);
  }
  const sent = await bytesOf(request, limit);
  if (!sent) return null;
  const encoding = request.headers['content-encoding'];
  const bytes = encoding === undefined || encoding === 'identity' ? sent : await unpacked(sent, encoding, limit);
  assertShallow(bytes, bodyNesting);
  return parse(bytes);
}

function bytesOf(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request
      .on('data', (chunk: Buffer) => {
        if (size > limit) return;
        size += chunk.length;
        chunks.push(chunk);
        if (size <= limit) return;
        chunks.length = 0;
        letGo(request);
        try {
          tooLarge(limit);
        } catch (error) {
          reject(error);
        }
      })
      .on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
      .on('error', () => resolve(null))
      .on('close', () => resolve(null));
  });
}

/** Whatever still comes is dropped, and after a while the connection. */
function letGo(request: IncomingMessage): void {
  request.resume();
  const timer = setTimeout(() => request.destroy(), PATIENCE).unref();
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
}

async function unpacked(bytes: Buffer, encoding: string, limit: number): Promise<Buffer> {
  const decode = Object.hasOwn(DECODERS, encoding.toLowerCase())
    ? DECODERS[encoding.toLowerCase() as keyof typeof DECODERS]
    : unsupported('Send it as it is, or packed with gzip, deflate or br.');
  try {
    return await decode(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(limit);
    throw unreadable();
  }
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}');

/**
 * Refuses with REQUEST_TOO_DEEP before anything is made of the body: what is made goes as deep, and so does whoever walks
 * through it. Looks at bytes, since no part of a longer character looks like one of these; not at all at a body that is too
 * short to be as deep. What ends open is no JSON: BAD_REQUEST.
 */
export function assertShallow(bytes: Uint8Array, limit: number): void {
  if (bytes.length <= 2 * limit) return;
  let [depth, at] = [0, 0];
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfText(bytes, at + 1);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
      if (depth > limit)
        refuse('REQUEST_TOO_DEEP', `A request has at most ${limit} brackets within each other.`, {
          limit,
          setting: 'LIMITS=bodyNesting',
        });
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
  }
  // A text that is open ends beyond the last byte.
  if (depth !== 0 || at > bytes.length) throw unreadable();
}

function endOfText(bytes: Uint8Array, begin: number): number {
  let at = begin;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

const unreadable = () => new ProtocolError(400, 'The request cannot be read: is it JSON?');

function parse(bytes: Buffer): object {
  if (!isUtf8(bytes)) throw unreadable();
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw unreadable();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable();
  return value;
}
