import { h } from './dom.js';
import { said } from './visible-text.js';
import { deceptionInWords, fieldInWords } from './words.js';

/**
 * The texts of a change that could deceive whoever reads them: where they stand, how, and what they hold. Null: none.
 * @param {import('./queries.js').DeceptiveText[]} texts
 */
export const deceptionNote = (texts) =>
  texts.length === 0
    ? null
    : h(
        'div',
        { class: 'note bad' },
        h('p', {}, h('strong', {}, 'Look twice: not everything is what it looks like.')),
        h(
          'ul',
          {},
          ...texts.map(({ path, side, kinds, visible }) =>
            h(
              'li',
              {},
              `${fieldInWords(path)}${path === 'reason' ? '' : `, ${side}`}: ${kinds.map(deceptionInWords).join('; ')}. It holds `,
              h('q', {}, said(visible)),
            ),
          ),
        ),
      );
