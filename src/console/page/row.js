import { h } from './dom.js';
import { subjectOf } from './subjects.js';
import { distance, isSoon } from './time.js';
import { said, saidPlainly } from './visible-text.js';
import { operationInWords } from './words.js';

/** @typedef {import('./queries.js').Row} Row */

/**
 * A change request as one of many: a tick, and a link that opens it.
 * @param {Row} row
 * @param {{ open: boolean, ticked: boolean, onTick: (on: boolean) => void }} options
 */
export function rowItem(row, { open, ticked, onTick }) {
  const { id, operation, maker, reason, createdAt, expiresAt, revision } = row;
  const box = /** @type {HTMLInputElement} */ (
    h('input', {
      type: 'checkbox',
      'aria-label': `Tick: ${operationInWords(operation)}, by ${saidPlainly(maker?.name ?? 'somebody')}`,
      onchange: () => onTick(box.checked),
    })
  );
  box.checked = ticked;
  return h(
    'li',
    { 'data-id': id },
    h('label', { class: 'tick' }, box),
    h(
      'a',
      { href: `#/request/${id}`, 'aria-current': open && 'true' },
      h('strong', {}, operationInWords(operation)),
      subjectLine(row),
      row.deceptiveTexts.length > 0 && h('span', { class: 'soon' }, 'Look twice: a text could deceive.'),
      reason && h('span', { class: 'reason' }, said(reason)),
      h(
        'span',
        { class: 'meta' },
        maker ? said(maker.name) : 'somebody',
        ', ',
        distance(createdAt),
        revision > 1 && `, revision ${revision}`,
        ...(expiresAt
          ? ['; ', h('span', { class: isSoon(expiresAt) && 'soon' }, 'expires ', distance(expiresAt))]
          : []),
      ),
    ),
  );
}

/** What it is about, as soon as that is known. @param {Row} row */
export function subjectLine(row) {
  const line = h('span', { class: 'subject' }, '…');
  subjectOf(row).then(
    ({ text, account }) => line.replaceChildren(said(text), ...(account ? [' · ', said(account)] : [])),
    () => line.replaceChildren(said(row.subjectType)),
  );
  return line;
}
