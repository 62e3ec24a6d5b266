/**
 * What others wrote, made to look like what it is. Characters that turn the direction of a text or cannot be seen are drawn
 * as marks: ⟨U+202E⟩. Everything else is text, never markup.
 */

import { h } from './dom.js';

/**
 * Whatever Unicode lets a font ignore (directions, zero widths, soft hyphens, fillers, tags, selectors), formats, controls,
 * separators of lines and halves of pairs. Tabs and ends of lines are seen as they are.
 */
const UNSEEN = /(?![\t\n\r])[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
const PARTS = new RegExp(`(${UNSEEN.source})`, 'u');

/** What they are, for whoever hears the page: Unicode's own words. */
const NAMES = new Map([
  [0x00ad, 'soft hyphen'],
  [0x061c, 'Arabic letter mark'],
  [0x200b, 'zero width space'],
  [0x200c, 'zero width non-joiner'],
  [0x200d, 'zero width joiner'],
  [0x200e, 'left-to-right mark'],
  [0x200f, 'right-to-left mark'],
  [0x202a, 'left-to-right embedding'],
  [0x202b, 'right-to-left embedding'],
  [0x202c, 'pop directional formatting'],
  [0x202d, 'left-to-right override'],
  [0x202e, 'right-to-left override'],
  [0x2060, 'word joiner'],
  [0x2066, 'left-to-right isolate'],
  [0x2067, 'right-to-left isolate'],
  [0x2068, 'first strong isolate'],
  [0x2069, 'pop directional isolate'],
  [0xfeff, 'zero width no-break space'],
]);

/**
 * A text in pieces: what can be seen, and each character that cannot, with its code and its name.
 * @param {string} text
 * @returns {({ text: string } | { code: string, name: string })[]}
 */
export function piecesOf(text) {
  return text
    .split(PARTS)
    .filter((part) => part !== '')
    .map((part) => (UNSEEN.test(part) ? markOf(/** @type {number} */ (part.codePointAt(0))) : { text: part }));
}

/** @param {number} point */
function markOf(point) {
  const code = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
  const tag = point > 0xe0020 && point < 0xe007f ? ` ${String.fromCodePoint(point - 0xe0000)}` : '';
  return { code, name: NAMES.get(point) ?? (tag ? `tag${tag}` : 'invisible character') };
}

/**
 * A text of the server as an element. It stands by itself: no direction within it reaches what is around it.
 * @param {unknown} value
 * @returns {HTMLElement}
 */
export const said = (value) =>
  h(
    'bdi',
    { class: 'said' },
    ...piecesOf(String(value)).map((piece) =>
      'text' in piece
        ? piece.text
        : h('span', { class: 'mark', role: 'img', 'aria-label': `${piece.code}, ${piece.name}` }, `⟨${piece.code}⟩`),
    ),
  );

/** The same where only text can stand: names of controls, titles. */
export const saidPlainly = (/** @type {unknown} */ value) =>
  piecesOf(String(value))
    .map((piece) => ('text' in piece ? piece.text : `⟨${piece.code}⟩`))
    .join('');
