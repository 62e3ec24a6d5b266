import { Refusal } from './api.js';
import { h } from './dom.js';
import { signIn } from './queries.js';
import { tellOthers } from './session.js';
import { refusalInWords } from './words.js';

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
  const wrong = h('p', { id: 'sign-in-wrong', class: 'wrong', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'main' }, 'Sign in');

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    wrong.replaceChildren();
    button.setAttribute('disabled', '');
    try {
      const { viewer } = await signIn(email.input.value.trim(), password.input.value);
      tellOthers();
      onSignedIn(viewer);
    } catch (error) {
      wrong.replaceChildren(
        error instanceof Refusal
          ? refusalInWords(error.code, error.details)
          : 'The server cannot be reached. Try again.',
      );
      password.input.select();
      password.input.focus();
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
