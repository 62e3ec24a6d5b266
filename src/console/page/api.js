import { session } from './session.js';

/** Longer than the server takes to answer or to say that it took too long, in ms. */
const PATIENCE = 40_000;

/** What the API refused: its stable code, and what it says beside. */
export class Refusal extends Error {
  /**
   * @param {string} code
   * @param {Record<string, any>} details
   */
  constructor(code, details) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

/** No answer of the API came: nobody knows whether the request got there. */
export class Unreachable extends Error {}

/** @type {() => void} */
let signedOut = () => undefined;

/**
 * What happens when the session turns out to be over.
 * @param {() => void} then
 */
export const onSignedOut = (then) => void (signedOut = then);

/**
 * Asks the API one thing. Throws a Refusal, or Unreachable.
 * @param {string} query
 * @param {Record<string, unknown>} [variables]
 * @param {{ unattended?: boolean }} [how] Unattended: nobody asked for it, so it is no use of the session.
 * @returns {Promise<Record<string, any>>}
 */
export async function ask(query, variables = {}, { unattended = false } = {}) {
  const before = session();
  const once = () => post({ query, variables }, unattended);
  const first = await once();
  // Nothing was done. The cookie may have been exchanged for another while this was on its way: here, or in another tab.
  const { data, errors } = before !== null && codeOf(first) === 'UNAUTHENTICATED' ? await once() : first;
  const [error] = errors ?? [];
  if (!error) return data ?? {};
  const { code = 'INTERNAL', details = {} } = error.extensions ?? {};
  if (code === 'UNAUTHENTICATED' && before !== null && before === session()) signedOut();
  throw new Refusal(code, details);
}

/** @param {Awaited<ReturnType<typeof post>>} answer */
const codeOf = ({ errors }) => errors?.[0]?.extensions?.code;

/** Has the session in a cookie, which the server takes with this header alone: no page of another origin can send it. */
export const IN_COOKIE = { 'x-session': 'cookie' };

/**
 * @param {object} body
 * @param {boolean} unattended
 * @returns {Promise<{ data?: Record<string, any> | null, errors?: { extensions?: { code?: string, details?: Record<string, any> } }[] }>}
 */
async function post(body, unattended) {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...IN_COOKIE, ...(unattended && { 'x-unattended': 'true' }) },
      body: JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE),
    });
    return await response.json();
  } catch (error) {
    throw new Unreachable('no answer', { cause: error });
  }
}
