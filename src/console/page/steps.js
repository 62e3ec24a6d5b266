import { h } from './dom.js';
import { said } from './visible-text.js';
import { stepStateInWords } from './words.js';

/** @typedef {import('./queries.js').Step} Step */

/**
 * Whose yes a change request needs, and how far that is.
 * @param {Step[]} steps
 */
export const stepsShown = (steps) =>
  h(
    'ol',
    { class: 'steps' },
    ...steps.map(({ name, roles, quorum, approvals, state }) =>
      h(
        'li',
        { class: state.toLowerCase() },
        h('strong', {}, said(name ?? (roles.join(' or ') || 'people by name'))),
        ` ${approvals} of ${quorum}, ${stepStateInWords(state)}`,
      ),
    ),
  );

/** How many more have to say yes. @param {Step[]} steps */
export const missingIn = (steps) =>
  steps.reduce((sum, { quorum, approvals }) => sum + Math.max(0, quorum - approvals), 0);
