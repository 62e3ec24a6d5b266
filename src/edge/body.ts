import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
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
 * The JSON object of a body of at most `limit` bytes, as sent and as unpacked. Refuses with REQUEST_TOO_LARGE as soon as it
 * is known, without the rest; with BAD_REQUEST what is no JSON. Null: the client went away.
 */
export async function readJson(request: IncomingMessage, limit: number): Promise<object | null> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    letGo(request);
    return tooLarge(limit);
  }
  const sent = await bytesOf(request, limit);
  if (!sent) return null;
  const encoding = request.headers['content-encoding'];
  return parse(encoding === undefined || encoding === 'identity' ? sent : await unpacked(sent, encoding, limit));
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
