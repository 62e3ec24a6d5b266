import { Refusal } from './api.js';
import { codeField } from './code-field.js';
import { h } from './dom.js';
import { stepUp } from './queries.js';
import { refusalInWords } from './words.js';

/** @param {unknown} error */
export const asksForCode = (error) =>
  error instanceof Refusal && error.code === 'STEP_UP_REQUIRED' && error.details.enrolled !== false;

/**
 * Does what may ask for a one-time code. Where it does, whoever is there is asked for one, and it is done again.
 * @template T
 * @param {() => Promise<T>} work
 * @param {(answer: T) => boolean} [asks] Whether an answer asks for one, where it is no refusal.
 * @returns {Promise<T>}
 */
export async function withCode(work, asks = () => false) {
  try {
    const answer = await work();
    return asks(answer) && (await codeGiven()) ? await work() : answer;
  } catch (error) {
    if (asksForCode(error) && (await codeGiven())) return work();
    throw error;
  }
}

/** Asks for a code until one fits, or nobody gives one. @returns {Promise<boolean>} */
function codeGiven() {
  const code = codeField('step-up');
  const wrong = h('p', { id: 'step-up-wrong', class: 'wrong', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'main' }, 'Go on');
  const dialog = /** @type {HTMLDialogElement} */ (
    h(
      'dialog',
      { 'aria-labelledby': 'step-up-title', 'aria-describedby': 'step-up-text' },
      h('h2', { id: 'step-up-title', tabindex: -1 }, 'Show once more that it is you'),
      h('p', { id: 'step-up-text' }, 'This asks for a code of your authenticator app. It then holds for five minutes.'),
      h(
        'form',
        { onsubmit: (/** @type {Event} */ event) => void submit(event) },
        code.label,
        wrong,
        h(
          'div',
          { class: 'actions' },
          button,
          h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
        ),
      ),
    )
  );

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    wrong.replaceChildren();
    button.setAttribute('disabled', '');
    try {
      await stepUp(code.input.value);
      dialog.close('yes');
    } catch (error) {
      wrong.replaceChildren(
        error instanceof Refusal
          ? refusalInWords(error.code, error.details)
          : 'The server cannot be reached. Try again.',
      );
      code.input.select();
      code.input.focus();
    } finally {
      button.removeAttribute('disabled');
    }
  }

  document.body.append(dialog);
  dialog.showModal();
  code.input.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}
