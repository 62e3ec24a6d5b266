import { ask, Refusal } from './api.js';
import * as documents from './documents.js';

/**
 * @typedef {{ path: string, before: unknown, after: unknown }} Change
 * @typedef {{ id: string, at: string, action: string, outcome: string, code: string | null, reason: string | null,
 *   actor: { name: string } | null, onBehalfOf: { name: string } | null }} Moment
 * @typedef {{ id: string, revision: number, reason: string | null, revisedAt: string, input: any, changes: Change[] }} Revision
 * @typedef {{ path: string, side: string, kinds: string[], visible: string }} DeceptiveText
 * @typedef {{ id: string, operation: string, revision: number, digest: string, status: string, subjectType: string,
 *   subjectId: string | null, input: any, reason: string | null, createdAt: string, expiresAt: string | null,
 *   maker: { id: string, name: string } | null, changes: Change[], deceptiveTexts: DeceptiveText[] }} Row
 * @typedef {{ step: number, stage: number, name: string | null, roles: string[], quorum: number, approvals: number,
 *   state: string }} Step
 * @typedef {Row & { approverRoles: string[], canDecide: boolean, warnings: string[],
 *   amount: { amount: string, currency: string } | null, assignee: { id: string, name: string } | null, steps: Step[],
 *   decisions: { revision: number, decidedBy: { id: string } | null }[], timeline: Moment[],
 *   revisions: Revision[] }} ChangeRequest
 * @typedef {'APPROVED' | 'REJECTED' | 'RETURNED'} Verdict
 * @typedef {{ id: string, name: string, roles: string[] }} Viewer
 */

/**
 * @param {string} email
 * @param {string} password
 * @param {string | null} oneTimeCode Null until it is asked for.
 * @returns {Promise<{ token: string, expiresAt: string, viewer: Viewer }>}
 */
export const signIn = async (email, password, oneTimeCode) =>
  (await ask(documents.SIGN_IN, { email, password, oneTimeCode })).signIn;

/** Shows once more who one is. @param {string} oneTimeCode */
export const stepUp = (oneTimeCode) => ask(documents.STEP_UP, { oneTimeCode });

export const signOut = () => ask(documents.SIGN_OUT);

/** @returns {Promise<Viewer | null>} */
export const viewerNow = async () => (await ask(documents.VIEWER)).viewer;

/**
 * What waits for the viewer, latest first.
 * @param {number} first
 * @param {string | null} [after]
 * @param {{ unattended?: boolean }} [how]
 * @returns {Promise<{ totalCount: number, nodes: Row[], pageInfo: { hasNextPage: boolean, endCursor: string | null } }>}
 */
export const awaiting = async (first, after = null, how = {}) =>
  (await ask(documents.AWAITING, { first, after }, how)).myApprovals;

/**
 * @param {string} id
 * @returns {Promise<ChangeRequest | null>}
 */
export const changeRequest = async (id) => (await ask(documents.REQUEST_BY_ID, { id })).changeRequest;

/**
 * A row that a change is about, as its document asks for it; null for what the viewer may not see.
 * @param {string} type
 * @param {string} id
 * @returns {Promise<Record<string, any> | null>}
 */
export async function subjectRow(type, id) {
  const document = documents.SUBJECTS[/** @type {keyof typeof documents.SUBJECTS} */ (type)];
  if (!document) return null;
  try {
    return (await ask(document, { id })).subject;
  } catch (error) {
    if (error instanceof Refusal && ['FORBIDDEN', 'NOT_FOUND'].includes(error.code)) return null;
    throw error;
  }
}

/**
 * Decides one change request. The key follows from what is decided: the same decision sent again, from whatever page, is the
 * same decision.
 * @param {Row} request As it was seen.
 * @param {Verdict} verdict
 * @param {string} comment
 * @returns {Promise<string>} Where it stands now; PENDING while it still waits for others.
 */
export async function decide({ id, revision, digest }, verdict, comment) {
  const idempotencyKey = `console/${id}/${revision}/${verdict}`;
  const { document, input } = {
    APPROVED: { document: documents.APPROVE, input: { id, revision, digest, comment: comment || null } },
    REJECTED: { document: documents.REJECT, input: { id, reason: comment } },
    RETURNED: { document: documents.RETURN, input: { id, revision, reason: comment } },
  }[verdict];
  const [payload] = Object.values(await ask(document, { input: { ...input, idempotencyKey } }));
  return payload.changeRequest?.status ?? 'PENDING';
}

/**
 * Decides many alike, each by itself. The key is the caller's: sent again with it, what was decided stays decided.
 * @param {Row[]} requests As they were seen.
 * @param {Verdict} decision
 * @param {string} comment
 * @param {string} idempotencyKey
 * @returns {Promise<{ id: string, ok: boolean, code: string | null }[]>}
 */
export async function decideMany(requests, decision, comment, idempotencyKey) {
  const decisions = requests.map(({ id, revision, digest }) => ({
    id,
    revision,
    digest,
    decision,
    comment: comment || null,
  }));
  return (await ask(documents.DECIDE_MANY, { input: { decisions, idempotencyKey } })).decideChangeRequests.results;
}

/** A key that nobody has: random, also where the page came over plain HTTP. */
export const freshKey = () =>
  `console/${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
