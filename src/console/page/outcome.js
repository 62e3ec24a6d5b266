import { Refusal } from './api.js';
import { h } from './dom.js';
import { conflictsShown } from './values.js';
import { isPassing, refusalInWords, VERDICTS } from './words.js';

/**
 * What was decided of what was seen, and what became of it: where the request stands now, or what was thrown.
 * @typedef {{
 *   request: import('./queries.js').Row,
 *   verdict: import('./queries.js').Verdict,
 *   comment: string,
 *   status?: string,
 *   error?: unknown,
 * }} Outcome
 */

/** No answer says neither yes nor no. */
const LOST =
  'The connection was lost before an answer came. It may have been decided or not; sending the same decision again decides once.';

/** @param {Outcome} outcome */
export const isLost = ({ error }) => error !== undefined && !(error instanceof Refusal);

/** @param {Outcome} outcome */
export function outcomeInWords({ verdict, status, error }) {
  if (error !== undefined) return error instanceof Refusal ? refusalInWords(error.code, error.details) : LOST;
  if (verdict !== 'APPROVED') return `${VERDICTS[verdict].done}. Nothing was changed.`;
  return status === 'EXECUTED'
    ? 'Approved, and carried out.'
    : 'Your approval is kept. It still waits for others before it is carried out.';
}

/**
 * Says it, and what can be done about it.
 * @param {Outcome} outcome
 * @param {{ next: string | null, again: () => void }} options `next` is the id of what awaits the viewer next; `again`
 *   sends the same decision.
 */
export function outcomeNote(outcome, { next, again }) {
  const { error } = outcome;
  const { code = null, details = {} } = error instanceof Refusal ? error : {};
  return h(
    'div',
    { class: `note ${error === undefined ? 'good' : 'bad'}`, tabindex: -1 },
    h('p', {}, outcomeInWords(outcome), ' ', code && h('code', {}, code)),
    Array.isArray(details.conflicts) && details.conflicts.length > 0 && conflictsShown(details.conflicts),
    (isLost(outcome) || (code !== null && isPassing(code))) &&
      h('button', { type: 'button', onclick: again }, 'Try again'),
    error === undefined &&
      next !== null &&
      h('p', {}, h('a', { href: `#/request/${next}` }, 'Go on with the next one')),
  );
}
