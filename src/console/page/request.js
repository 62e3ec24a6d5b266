import { Refusal } from './api.js';
import { confirmed } from './confirm.js';
import { decisionForm } from './decision-form.js';
import { deceptionNote } from './deceptive-texts.js';
import { announce, failedNote, h, loadingNote } from './dom.js';
import { isLost, outcomeInWords, outcomeNote } from './outcome.js';
import { changeRequest, decide } from './queries.js';
import { withCode } from './step-up.js';
import { missingIn, stepsShown } from './steps.js';
import { subjectOf } from './subjects.js';
import { distance, instant, isSoon } from './time.js';
import { timeline } from './timeline.js';
import { changesShown, fields, shown } from './values.js';
import { said, saidPlainly } from './visible-text.js';
import { operationInWords, refusalInWords, statusInWords, VERDICTS, warningInWords } from './words.js';

/** @typedef {import('./queries.js').ChangeRequest} ChangeRequest */
/** @typedef {import('./queries.js').Verdict} Verdict */
/** @typedef {import('./outcome.js').Outcome} Outcome */

/**
 * One change request: what it would do, who said what to it, and what the viewer says. What is shown stays until the viewer
 * asks for something newer, since a decision is on what was seen.
 * @param {{
 *   id: string,
 *   viewer: import('./queries.js').Viewer,
 *   drafts: Map<string, string>,
 *   onDecided: () => void,
 *   next: () => string | null,
 * }} options
 */
export function requestView({ id, viewer, drafts, onDecided, next }) {
  const section = h('section', { class: 'request', 'aria-label': 'Change request', onkeydown: leaveByEscape });
  const news = h('div', { 'aria-live': 'polite' });
  /** @type {{ request: ChangeRequest, subject: import('./subjects.js').Subject } | null} */
  let seen = null;
  /** @type {Outcome | null} */
  let outcome = null;

  async function load() {
    if (!seen) section.replaceChildren(backLink(), loadingNote('Loading the change request …'));
    try {
      const request = await changeRequest(id);
      if (!request) return show(h('p', { class: 'note' }, refusalInWords('NOT_FOUND')));
      seen = { request, subject: await subjectOf(request) };
      show();
    } catch (error) {
      const words =
        error instanceof Refusal ? refusalInWords(error.code, error.details) : 'The server cannot be reached.';
      show(failedNote(words, () => void load()));
    }
  }

  /** @param {HTMLElement} [trouble] What is said in place of it, or beside its outcome. */
  function show(trouble) {
    news.replaceChildren();
    const made = outcome;
    const note = made && outcomeNote(made, { next: next(), again: () => void send(made) });
    section.replaceChildren(
      backLink(),
      ...(seen ? headOf(seen.request, seen.subject) : [h('h2', { tabindex: -1 }, 'Change request')]),
      ...(note ? [note] : []),
      news,
      ...(trouble ? [trouble] : []),
      ...(seen && !trouble ? [bodyOf(seen)] : []),
    );
    (note ?? section.querySelector('h2'))?.focus({ preventScroll: note === null });
    if (!note) window.scrollTo({ top: 0 });
  }

  /** @param {NonNullable<typeof seen>} shown */
  const bodyOf = ({ request, subject }) =>
    h(
      'div',
      { class: 'columns' },
      h(
        'div',
        {},
        part('What changes', ...withDeceptions(request)),
        part('Reason', request.reason ? h('blockquote', {}, said(request.reason)) : h('p', {}, 'None was given.')),
        part('Input of the operation', shown(request.input)),
        part('Your decision', decision(request, subject)),
      ),
      h(
        'div',
        {},
        part('Whose yes it needs', stepsShown(request.steps), ...request.warnings.map(warningNote)),
        part('What happened so far', timeline(request.timeline)),
        request.revisions.length > 0 &&
          part('What it asked for before', ...request.revisions.toReversed().map(earlier)),
      ),
    );

  /**
   * @param {ChangeRequest} request
   * @param {import('./subjects.js').Subject} subject
   */
  function decision(request, subject) {
    if (!request.canDecide) return h('p', {}, whyNot(request, viewer));
    return decisionForm({
      idPrefix: 'decision',
      draft: drafts.get(id),
      onDraft: (comment) => drafts.set(id, comment),
      decide: async (verdict, comment) => {
        if (await confirmed(question(request, subject, verdict, comment))) await send({ request, verdict, comment });
      },
    });
  }

  /** @param {Outcome} decision Of what was seen then, also where it is sent again. */
  async function send({ request, verdict, comment }) {
    outcome = await withCode(() => decide(request, verdict, comment)).then(
      (status) => ({ request, verdict, comment, status }),
      (error) => ({ request, verdict, comment, error }),
    );
    announce(outcomeInWords(outcome));
    if (isLost(outcome)) return show();
    if (outcome.error === undefined) drafts.delete(id);
    await load();
    onDecided();
  }

  function lookAgain() {
    outcome = null;
    void load();
  }

  void load();
  return {
    element: section,
    /** What the list says of it now; it says so where that is not what is shown. @param {string} digest */
    compareWith(digest) {
      if (!seen || seen.request.digest === digest || news.hasChildNodes()) return;
      news.replaceChildren(
        h(
          'div',
          { class: 'note bad' },
          h('p', {}, 'It was revised while you were reading. A decision on what you see will be refused.'),
          h('button', { type: 'button', onclick: lookAgain }, 'Show what it asks for now'),
        ),
      );
    },
  };
}

/** @param {KeyboardEvent} event */
function leaveByEscape(event) {
  if (event.key === 'Escape') location.hash = '#/';
}

const backLink = () => h('p', { class: 'back' }, h('a', { href: '#/' }, '← All that awaits you'));

/**
 * @param {ChangeRequest} request
 * @param {import('./subjects.js').Subject} subject
 */
function headOf(request, { text, account }) {
  const { operation, status, maker, createdAt, expiresAt, revision, amount, assignee } = request;
  /** @type {[string, Node | null][]} */
  const facts = [
    ['Account', account === null ? null : said(account)],
    ['Proposed by', maker ? said(maker.name) : h('span', { class: 'none' }, 'somebody you may not see')],
    ['Proposed', h('span', {}, instant(createdAt), ', ', distance(createdAt))],
    [
      'Expires',
      expiresAt && status === 'PENDING'
        ? h('span', { class: isSoon(expiresAt) && 'soon' }, instant(expiresAt), ', ', distance(expiresAt))
        : null,
    ],
    ['At stake', amount && said(`${amount.amount} ${amount.currency}`)],
    ['Revision', h('span', {}, String(revision))],
    ['It is the turn of', status === 'PENDING' && assignee ? said(assignee.name) : null],
  ];
  return [
    h('h2', { tabindex: -1 }, operationInWords(operation)),
    h('p', { class: 'subject' }, said(text)),
    h('p', { class: `status ${status.toLowerCase()}` }, `It ${statusInWords(status)}.`),
    h(
      'dl',
      { class: 'facts' },
      ...facts.flatMap(([name, value]) => (value ? [h('div', {}, h('dt', {}, name), h('dd', {}, value))] : [])),
    ),
  ];
}

/**
 * @param {string} title
 * @param {...Node} content
 */
const part = (title, ...content) => h('section', { class: 'part' }, h('h3', {}, title), ...content);

/** @param {import('./queries.js').Revision} revision */
const earlier = ({ revision, reason, revisedAt, changes, input }) =>
  h(
    'details',
    {},
    h('summary', {}, `Revision ${revision}, until `, instant(revisedAt)),
    changesShown(changes),
    fields([
      ['reason', reason],
      ['input', input],
    ]),
  );

/**
 * @param {ChangeRequest} request
 * @param {import('./queries.js').Viewer} viewer
 */
function whyNot({ status, maker, approverRoles, assignee, decisions, revision }, viewer) {
  if (status !== 'PENDING') return `There is nothing to decide: it ${statusInWords(status)}.`;
  if (maker?.id === viewer.id) return refusalInWords('MAKER_IS_CHECKER');
  if (decisions.some((each) => each.revision === revision && each.decidedBy?.id === viewer.id))
    return refusalInWords('DECISION_REPEATED');
  if (assignee && assignee.id !== viewer.id) return refusalInWords('ASSIGNED_TO_ANOTHER');
  return refusalInWords('NOT_AN_APPROVER', { approverRoles });
}

/**
 * What will happen, before it does.
 * @param {ChangeRequest} request
 * @param {import('./subjects.js').Subject} subject
 * @param {Verdict} verdict
 * @param {string} comment
 */
function question({ operation, maker, changes, deceptiveTexts, revision, steps }, { text }, verdict, comment) {
  const whose = saidPlainly(maker?.name ?? 'its maker');
  const happens = {
    APPROVED: `${approving(missingIn(steps), whose)} Nobody can take your approval back.`,
    REJECTED: `Nothing is changed. It is over for good; ${whose} reads why and may propose something else.`,
    RETURNED: `Nothing is changed. ${whose} reads what to rework and may revise it; it then waits for a decision anew.`,
  }[verdict];
  return {
    title: `${VERDICTS[verdict].verb}: ${operationInWords(operation)}?`,
    action: VERDICTS[verdict].verb,
    body: [
      h('p', {}, said(text), `, revision ${revision}`),
      ...(verdict === 'APPROVED' ? withDeceptions({ changes, deceptiveTexts }) : []),
      h('p', {}, happens),
      ...(comment ? [h('p', {}, 'Your comment:'), h('blockquote', {}, said(comment))] : []),
    ],
  };
}

/**
 * @param {number} missing How many have to say yes, the viewer among them.
 * @param {string} whose
 */
const approving = (missing, whose) =>
  missing > 1
    ? `Your approval is kept; it waits for ${missing - 1} more before it is carried out on behalf of ${whose}.`
    : `It is carried out at once on behalf of ${whose}.`;

/** @param {string} warning */
const warningNote = (warning) => h('p', { class: 'soon' }, warningInWords(warning));

/** What changes, and what of it could deceive. @param {Pick<ChangeRequest, 'changes' | 'deceptiveTexts'>} request */
function withDeceptions({ changes, deceptiveTexts }) {
  const note = deceptionNote(deceptiveTexts);
  return [...(note ? [note] : []), changesShown(changes)];
}
