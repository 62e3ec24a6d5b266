import { token } from './session.js';

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
 * @returns {Promise<Record<string, any>>}
 */
export async function ask(query, variables = {}) {
  const bearer = token();
  const { data, errors } = await post({ query, variables }, bearer);
  const [error] = errors ?? [];
  if (!error) return data ?? {};
  const { code = 'INTERNAL', details = {} } = error.extensions ?? {};
  if (code === 'UNAUTHENTICATED' && bearer !== null && bearer === token()) signedOut();
  throw new Refusal(code, details);
}

/**
 * @param {object} body
 * @param {string | null} bearer
 * @returns {Promise<{ data?: Record<string, any> | null, errors?: { extensions?: { code?: string, details?: Record<string, any> } }[] }>}
 */
async function post(body, bearer) {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) },
      body: JSON.stringify(body),
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE),
    });
    return await response.json();
  } catch (error) {
    throw new Unreachable('no answer', { cause: error });
  }
}
