import type { IncomingMessage } from 'node:http';
import proxyAddress from 'proxy-addr';
import { DomainError } from '../platform/errors';

/**
 * Whether a page of this host asks, or something that is no page: browsers ask nobody before they open a WebSocket to a foreign host. The host is the one that the
 * request names, or a trusted proxy does. Refuses with ORIGIN_FOREIGN.
 */
export function originAssertion(trustedProxies: readonly string[]): (request: IncomingMessage) => void {
  const trusted = proxyAddress.compile([...trustedProxies]);
  return ({ headers, socket }) => {
    const { origin, host } = headers;
    if (origin === undefined) return;
    const forwarded = trusted(socket.remoteAddress ?? '', 0) ? headers['x-forwarded-host'] : undefined;
    if (URL.canParse(origin) && new URL(origin).host === (forwarded ?? host)) return;
    throw new DomainError('ORIGIN_FOREIGN', 'A page of another origin may not open this.');
  };
}
