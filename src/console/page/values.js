import { h } from './dom.js';
import { said } from './visible-text.js';
import { fieldInWords } from './words.js';

/**
 * A JSON value of the API, as people read it. Each text in it stands by itself.
 * @param {unknown} value
 * @returns {HTMLElement}
 */
export function shown(value) {
  if (value === null || value === undefined) return h('span', { class: 'none' }, 'none');
  if (typeof value === 'boolean') return h('span', {}, value ? 'yes' : 'no');
  if (value === '') return h('span', { class: 'none' }, 'empty text');
  if (typeof value !== 'object') return said(value);
  if (isMoney(value)) return said(`${value.amount} ${value.currency}`);
  if (Array.isArray(value))
    return value.length === 0
      ? h('span', { class: 'none' }, 'none')
      : h('ol', { class: 'values' }, ...value.map((each) => h('li', {}, shown(each))));
  return fields(Object.entries(value));
}

/** @param {object} value @returns {value is { amount: string, currency: string }} */
const isMoney = (value) => Object.keys(value).toSorted().join() === 'amount,currency';

/**
 * Names and values.
 * @param {[string, unknown][]} entries
 */
export const fields = (entries) =>
  h(
    'dl',
    { class: 'fields' },
    ...entries.map(([name, value]) => h('div', {}, h('dt', {}, said(fieldInWords(name))), h('dd', {}, shown(value)))),
  );

/**
 * What a change would do to each field: before → after.
 * @param {import('./queries.js').Change[]} changes
 */
export const changesShown = (changes) =>
  changes.length === 0
    ? h('p', {}, 'It changes no field that is shown.')
    : compared(changes.map(({ path, before, after }) => ({ path, sides: { before, after } })));

/**
 * Fields that are not any more what they were when the change was proposed.
 * @param {{ path: string, base: unknown, theirs: unknown, mine: unknown }[]} conflicts
 */
export const conflictsShown = (conflicts) =>
  compared(
    conflicts.map(({ path, base, theirs, mine }) => ({
      path,
      sides: { 'when proposed': base, now: theirs, 'as proposed': mine },
    })),
  );

/** @param {{ path: string, sides: Record<string, unknown> }[]} rows */
const compared = (rows) =>
  h(
    'dl',
    { class: 'changes' },
    ...rows.map(({ path, sides }) =>
      h(
        'div',
        {},
        h('dt', {}, said(fieldInWords(path))),
        ...Object.entries(sides).map(([side, value]) =>
          h('dd', { 'data-side': side }, h('span', { class: 'side' }, side), ' ', shown(value)),
        ),
      ),
    ),
  );
