import type { IncomingMessage } from 'node:http';
import type { Config } from '../config';
import { DomainError } from '../platform/errors';
import { originAssertion } from './origin';

/** The session of a page of ours, in a cookie that no script can read. */
export interface Jar {
  readonly token: string | null;
  /** Keeps the token of a session that was opened; null forgets it. */
  keep(token: string | null): void;
  /** The header that the answer is to have. */
  readonly setCookie: string | null;
}

/**
 * What asks for its session to be in a cookie: `X-Session: cookie`. A browser lets no other origin send a header of its own before it has asked us, and
 * is told no; a form or an image cannot send it at all. Without it a cookie counts for nothing.
 */
const ASKS = 'cookie';

const NAME = 'countersign';

/** With this prefix a browser takes a cookie only from this very host, over TLS. */
const HOST_PREFIX = '__Host-';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

/**
 * The jar of a request, or null where its session is not in a cookie. Refuses with ORIGIN_FOREIGN whatever a browser says does not come from a page of
 * this host, and what says nothing of where it comes from.
 */
export function jarBy({
  production,
  trustedProxies,
}: Pick<Config, 'production' | 'trustedProxies'>): (request: IncomingMessage) => Jar | null {
  const assertOwnOrigin = originAssertion(trustedProxies);
  return (request) => {
    const { headers, method } = request;
    if (headers['x-session'] !== ASKS || method !== 'POST') return null;
    const { origin, 'sec-fetch-site': site } = headers;
    if ((site !== undefined && site !== 'same-origin') || (site === undefined && origin === undefined))
      throw new DomainError('ORIGIN_FOREIGN', 'Only a page of this host has its session in a cookie.');
    assertOwnOrigin(request);
    // Over plain HTTP no browser would take a secure one: nobody but whoever develops on this machine goes without.
    const plain = !production && LOOPBACK.test(headers.host ?? '');
    return jarOf(plain ? NAME : `${HOST_PREFIX}${NAME}`, plain ? '' : '; Secure', headers.cookie);
  };
}

function jarOf(name: string, secure: string, cookies: string | undefined): Jar {
  let setCookie: string | null = null;
  return {
    token: tokenIn(name, cookies),
    keep: (token) => {
      const end = token === null ? '; Max-Age=0' : '';
      setCookie = `${name}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict${secure}${end}`;
    },
    get setCookie() {
      return setCookie;
    },
  };
}

/** Two of one name are somebody's attempt to have another's session used. */
function tokenIn(name: string, cookies = ''): string | null {
  const ours = cookies
    .split(';')
    .map((each) => each.trim())
    .filter((each) => each.startsWith(`${name}=`));
  const token = ours.length === 1 ? ours[0]!.slice(name.length + 1) : '';
  return /^[\w-]{43}$/.test(token) ? token : null;
}
