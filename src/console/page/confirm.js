import { h } from './dom.js';

/**
 * Says what will happen and asks whether it shall. The title is heard and focused first, so that a key that is still held
 * down says nothing yet.
 * @param {{ title: string, body: Node[], action: string }} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, body, action }) {
  const heading = h('h2', { id: 'confirm-title', tabindex: -1 }, title);
  const dialog = /** @type {HTMLDialogElement} */ (
    h(
      'dialog',
      { 'aria-labelledby': 'confirm-title', 'aria-describedby': 'confirm-text' },
      heading,
      h('div', { id: 'confirm-text' }, ...body),
      h(
        'div',
        { class: 'actions' },
        h('button', { type: 'button', class: 'main', onclick: () => dialog.close('yes') }, action),
        h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
      ),
    )
  );
  document.body.append(dialog);
  dialog.showModal();
  heading.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}

/** Whatever is asked at the moment is not asked any more. */
export const dropQuestion = () => document.querySelector('dialog')?.close();
