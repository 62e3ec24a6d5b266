import { type Server, type ServerOptions, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Config } from '../config';

/** Times in ms: how long a client may take to send, and how long an idle connection is kept (longer than proxies do). */
export const serverOptions = ({ requestSeconds }: Config): ServerOptions => ({
  requestTimeout: requestSeconds * 1000,
  headersTimeout: Math.min(10_000, requestSeconds * 1000),
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
});

/** What Node's parser refuses, or gives up waiting for, before there is any request. */
const BROKEN: Record<string, [status: number, code: string, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'REQUEST_TOO_LARGE', 'The headers of the request are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'TIMEOUT', 'The request took too long to arrive.'],
};
const UNREADABLE: [status: number, code: string, message: string] = [400, 'BAD_REQUEST', 'This is no HTTP.'];

/** Gives such requests the form of answer that all others get. */
export function answerBrokenRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const [status, code, message] = BROKEN[error.code ?? ''] ?? UNREADABLE;
    endWith(socket, status, { message, extensions: { code } });
  });
}

/** Answers with an error where there is a connection and no response, and closes it. */
export function endWith(socket: Duplex, status: number, error: object): void {
  const body = JSON.stringify({ errors: [error] });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    'x-content-type-options: nosniff',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
