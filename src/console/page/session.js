/**
 * The session of this tab: in memory, and in sessionStorage so that a reload keeps it. Another tab has its own, and closing
 * the tab forgets it.
 * @typedef {{ token: string, expiresAt: string }} Session
 */

const KEY = 'countersign.session';

/** @type {Session | null} */
let session = stored();

function stored() {
  try {
    return /** @type {Session | null} */ (JSON.parse(sessionStorage.getItem(KEY) ?? 'null'));
  } catch {
    return null;
  }
}

export const token = () => session?.token ?? null;

/** @param {Session} opened */
export function keepSession({ token: bearer, expiresAt }) {
  session = { token: bearer, expiresAt };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(session));
  } catch {
    // Storage is switched off: then a reload asks to sign in again.
  }
}

export function forgetSession() {
  session = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // As above.
  }
}
