import { h } from './dom.js';

/**
 * Where a one-time code is typed. A recovery code is taken, too, so letters are.
 * @param {string} form The id that its note begins with.
 */
export function codeField(form) {
  const name = `${form}-code`;
  const input = /** @type {HTMLInputElement} */ (
    h('input', {
      id: name,
      name,
      type: 'text',
      autocomplete: 'one-time-code',
      autocapitalize: 'off',
      spellcheck: 'false',
      maxlength: 40,
      required: true,
      'aria-describedby': `${form}-wrong`,
    })
  );
  const words = 'Code of your authenticator app, or a recovery code';
  return { input, label: h('div', { class: 'field' }, h('label', { for: name }, words), input) };
}
