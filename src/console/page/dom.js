/**
 * An element. Children are elements or texts; nothing here makes markup of a text.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} [attributes] Functions listen (`onclick`), `false` and `null` leave out.
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

/**
 * Says something in the live region, also to whoever does not see the page. Said twice, it is heard twice.
 * @param {string} text
 */
export function announce(text) {
  const region = /** @type {HTMLElement} */ (document.getElementById('said'));
  region.replaceChildren();
  requestAnimationFrame(() => region.replaceChildren(text));
}

/**
 * Something went on without its answer: what, and a way to try again.
 * @param {string} text
 * @param {() => void} again
 */
export const failedNote = (text, again) =>
  h(
    'div',
    { class: 'note bad', role: 'alert' },
    h('p', {}, text),
    h('button', { type: 'button', onclick: again }, 'Try again'),
  );

/** @param {string} text */
export const loadingNote = (text) => h('p', { class: 'loading', 'aria-busy': 'true' }, text);
