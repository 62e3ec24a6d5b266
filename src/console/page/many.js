import { Refusal } from './api.js';
import { confirmed } from './confirm.js';
import { decisionForm } from './decision-form.js';
import { deceptionNote } from './deceptive-texts.js';
import { announce, h, loadingNote } from './dom.js';
import { decideMany, freshKey } from './queries.js';
import { subjectLine } from './row.js';
import { withCode } from './step-up.js';
import { changesShown } from './values.js';
import { counted, operationInWords, refusalInWords, VERDICTS } from './words.js';

/** @typedef {import('./queries.js').Row} Row */
/** @typedef {import('./queries.js').Verdict} Verdict */
/** @typedef {{ rows: Row[], verdict: Verdict, comment: string, key: string }} Decisions */

/**
 * Decides alike whatever is ticked, and tells of each what became of it.
 * @param {{ onDecided: () => void, onCleared: () => void }} options
 */
export function manyPanel({ onDecided, onCleared }) {
  /** As each was shown when it was ticked. @type {Map<string, Row>} */
  const ticked = new Map();
  const element = h('div', { class: 'many', hidden: true });
  const title = h('h3', { tabindex: -1 });

  function draw() {
    element.hidden = ticked.size === 0;
    title.replaceChildren(`${counted(ticked.size, 'change request')} ticked`);
    if (element.hidden) element.replaceChildren();
    else if (!element.contains(title))
      element.replaceChildren(
        title,
        decisionForm({ idPrefix: 'many', decide }),
        h('button', { type: 'button', onclick: clear }, 'Clear ticks'),
      );
  }

  function clear() {
    ticked.clear();
    draw();
    onCleared();
  }

  /**
   * @param {Verdict} verdict
   * @param {string} comment
   */
  async function decide(verdict, comment) {
    const decisions = { rows: [...ticked.values()], verdict, comment, key: freshKey() };
    if (await confirmed(question(decisions))) await send(decisions);
  }

  /** @param {Decisions} decisions */
  async function send(decisions) {
    ticked.clear();
    element.replaceChildren(loadingNote('Deciding …'));
    try {
      const { rows, verdict, comment, key } = decisions;
      const results = await withCode(
        () => decideMany(rows, verdict, comment, key),
        (each) => each.some(({ code }) => code === 'STEP_UP_REQUIRED'),
      );
      const done = results.filter(({ ok }) => ok).length;
      tell(
        `${VERDICTS[decisions.verdict].done}: ${done} of ${results.length}.`,
        h('ul', { class: 'results' }, ...results.map((result, at) => resultItem(decisions, result, at))),
      );
    } catch (error) {
      const words =
        error instanceof Refusal
          ? refusalInWords(error.code, error.details)
          : 'The connection was lost before an answer came. Sending the same decisions again decides each once.';
      tell(words, h('button', { type: 'button', onclick: () => void send(decisions) }, 'Try again'));
    }
    onDecided();
  }

  /**
   * @param {string} words
   * @param {Node} rest
   */
  function tell(words, rest) {
    const heading = h('h3', { tabindex: -1 }, words);
    element.replaceChildren(heading, rest, h('button', { type: 'button', onclick: () => draw() }, 'Close'));
    element.hidden = false;
    announce(words);
    heading.focus();
  }

  return {
    element,
    /** @param {string} id */
    isTicked: (id) => ticked.has(id),
    /**
     * @param {Row} row
     * @param {boolean} on
     */
    tick(row, on) {
      if (on) ticked.set(row.id, row);
      else ticked.delete(row.id);
      draw();
    },
    /** Keeps the ticks of what is still as it was. Returns how many are gone. @param {readonly Row[]} rows */
    keepOnly(rows) {
      const digests = new Map(rows.map(({ id, digest }) => [id, digest]));
      const gone = [...ticked.values()].filter(({ id, digest }) => digests.get(id) !== digest);
      gone.forEach(({ id }) => ticked.delete(id));
      if (gone.length > 0) draw();
      return gone.length;
    },
  };
}

/** Everything that would be decided, as it was seen. @param {Decisions} decisions */
const question = ({ rows, verdict }) => ({
  title: `${VERDICTS[verdict].verb}: ${counted(rows.length, 'change request')}?`,
  action: VERDICTS[verdict].verb,
  body: [
    h(
      'p',
      {},
      verdict === 'APPROVED'
        ? 'Each is carried out at once on behalf of its maker, unless it needs more approvals than yours. One that is refused holds up no other.'
        : 'Nothing is changed. Each maker reads your comment. One that is refused holds up no other.',
    ),
    ...rows.map((row) =>
      h(
        'div',
        { class: 'asked' },
        h('h3', {}, operationInWords(row.operation)),
        subjectLine(row),
        deceptionNote(row.deceptiveTexts),
        changesShown(row.changes),
      ),
    ),
  ],
});

/**
 * @param {Decisions} decisions
 * @param {{ id: string, ok: boolean, code: string | null }} result
 * @param {number} at
 */
function resultItem({ rows, verdict }, { id, ok, code }, at) {
  const row = /** @type {Row} */ (rows[at]);
  return h(
    'li',
    { class: ok ? 'good' : 'bad', 'data-id': id },
    h('a', { href: `#/request/${id}` }, operationInWords(row.operation)),
    ' ',
    subjectLine(row),
    h(
      'p',
      {},
      ok ? `${VERDICTS[verdict].done}.` : refusalInWords(code ?? 'INTERNAL'),
      ' ',
      code !== null && h('code', {}, code),
    ),
  );
}
