import { h } from './dom.js';
import { VERDICTS } from './words.js';

/**
 * A comment and a button for each verdict. Calls `decide` with what was chosen once it is complete: a comment is needed
 * where the maker must learn something.
 * @param {{
 *   idPrefix: string,
 *   draft?: string,
 *   onDraft?: (comment: string) => void,
 *   decide: (verdict: import('./queries.js').Verdict, comment: string) => Promise<void>,
 * }} options
 */
export function decisionForm({ idPrefix, draft = '', onDraft, decide }) {
  const [commentId, hintId, wrongId] = ['comment', 'hint', 'wrong'].map((name) => `${idPrefix}-${name}`);
  const comment = /** @type {HTMLTextAreaElement} */ (
    h('textarea', {
      id: commentId,
      rows: 3,
      maxlength: 2000,
      'aria-describedby': `${hintId} ${wrongId}`,
      oninput: () => onDraft?.(comment.value),
    })
  );
  comment.value = draft;
  const wrong = h('p', { id: wrongId, class: 'wrong' });
  const buttons = Object.entries(VERDICTS).map(([verdict, { verb }]) =>
    h(
      'button',
      {
        type: 'button',
        'data-verdict': verdict,
        onclick: () => void choose(/** @type {import('./queries.js').Verdict} */ (verdict)),
      },
      verb,
    ),
  );

  /** @param {import('./queries.js').Verdict} verdict */
  async function choose(verdict) {
    const text = comment.value.trim();
    const missing = VERDICTS[verdict].needsComment && text === '';
    comment.toggleAttribute('aria-invalid', false);
    if (missing) comment.setAttribute('aria-invalid', 'true');
    wrong.replaceChildren(
      missing ? `Say why: whoever proposed it has to learn that. Then choose “${VERDICTS[verdict].verb}” again.` : '',
    );
    if (missing) return comment.focus();
    buttons.forEach((button) => button.setAttribute('disabled', ''));
    try {
      await decide(verdict, text);
    } finally {
      buttons.forEach((button) => button.removeAttribute('disabled'));
    }
  }

  return h(
    'form',
    { class: 'decision', onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    h('label', { for: commentId }, 'Comment'),
    h('p', { id: hintId, class: 'hint' }, 'The maker and the trail have it. Needed to reject or to return.'),
    comment,
    wrong,
    h('div', { class: 'actions' }, ...buttons),
  );
}
