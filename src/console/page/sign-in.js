import { Refusal } from './api.js';
import { codeField } from './code-field.js';
import { h } from './dom.js';
import { signIn } from './queries.js';
import { tellOthers } from './session.js';
import { refusalInWords } from './words.js';

/** After these the password fits, and a code is what is missing. */
const CODES = new Set(['ONE_TIME_CODE_REQUIRED', 'ONE_TIME_CODE_WRONG']);

/**
 * The way in.
 * @param {{ note: string | null, onSignedIn: (viewer: import('./queries.js').Viewer) => void }} options
 */
export function signInView({ note, onSignedIn }) {
  const email = field('email', 'E-mail', { type: 'email', autocomplete: 'username', maxlength: 254 });
  const password = field('password', 'Password', {
    type: 'password',
    autocomplete: 'current-password',
    maxlength: 128,
  });
  const code = codeField('sign-in');
  /** Where a code is typed, once one was asked for. */
  const codePlace = h('div', {});
  const wrong = h('p', { id: 'sign-in-wrong', class: 'wrong', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'main' }, 'Sign in');

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    wrong.replaceChildren();
    button.setAttribute('disabled', '');
    try {
      const oneTimeCode = codePlace.hasChildNodes() ? code.input.value : null;
      const { viewer } = await signIn(email.input.value.trim(), password.input.value, oneTimeCode);
      tellOthers();
      onSignedIn(viewer);
    } catch (error) {
      wrong.replaceChildren(
        error instanceof Refusal
          ? refusalInWords(error.code, error.details)
          : 'The server cannot be reached. Try again.',
      );
      const missing = error instanceof Refusal && CODES.has(error.code);
      if (missing) codePlace.replaceChildren(code.label);
      const again = missing ? code.input : password.input;
      again.select();
      again.focus();
    } finally {
      button.removeAttribute('disabled');
    }
  }

  return h(
    'section',
    { class: 'sign-in', 'aria-labelledby': 'sign-in-title' },
    h('h2', { id: 'sign-in-title', tabindex: -1 }, 'Sign in'),
    note && h('p', { class: 'note' }, note),
    h(
      'form',
      { onsubmit: (/** @type {Event} */ event) => void submit(event) },
      email.label,
      password.label,
      codePlace,
      wrong,
      button,
    ),
  );
}

/**
 * @param {string} name
 * @param {string} words
 * @param {Record<string, string | number>} attributes
 */
function field(name, words, attributes) {
  const input = /** @type {HTMLInputElement} */ (
    h('input', { id: name, name, required: true, 'aria-describedby': 'sign-in-wrong', ...attributes })
  );
  return { input, label: h('div', { class: 'field' }, h('label', { for: name }, words), input) };
}
