import { h } from './dom.js';
import { instant } from './time.js';
import { said } from './visible-text.js';
import { momentInWords, refusalInWords } from './words.js';

/**
 * All that happened to a change request, earliest first.
 * @param {import('./queries.js').Moment[]} moments
 */
export const timeline = (moments) =>
  h(
    'ol',
    { class: 'timeline' },
    ...inOrder(moments).map(({ at, action, code, reason, actor, onBehalfOf }) =>
      h(
        'li',
        { class: code !== null && 'refused' },
        h(
          'p',
          {},
          h('strong', {}, momentInWords(action)),
          ...(actor ? [' by ', said(actor.name)] : []),
          ...(onBehalfOf ? [' for ', said(onBehalfOf.name)] : []),
        ),
        h('p', { class: 'meta' }, instant(at)),
        code !== null && h('p', {}, refusalInWords(code), ' ', h('code', {}, code)),
        reason !== null && h('blockquote', {}, said(reason)),
      ),
    ),
  );

/** What was decided and what that carried out happen at one instant: the decision is told first. @param {import('./queries.js').Moment[]} moments */
const inOrder = (moments) =>
  moments.toSorted(
    (one, other) => Date.parse(one.at) - Date.parse(other.at) || Number(isCarrying(one)) - Number(isCarrying(other)),
  );

/** @param {import('./queries.js').Moment} moment */
const isCarrying = ({ action }) => !action.startsWith('changeRequest.');
