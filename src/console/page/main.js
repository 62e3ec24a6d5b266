import { onSignedOut, Refusal } from './api.js';
import { awaitingView } from './awaiting.js';
import { dropQuestion } from './confirm.js';
import { announce, failedNote, h, loadingNote } from './dom.js';
import { watchNews } from './live.js';
import { signOut, viewerNow } from './queries.js';
import { requestView } from './request.js';
import { enterSession, leaveSession, onOthersTold, session, tellOthers } from './session.js';
import { signInView } from './sign-in.js';
import { forgetSubjects } from './subjects.js';
import { said } from './visible-text.js';

/** @typedef {import('./queries.js').Viewer} Viewer */

const ENDED = 'Your session has ended. Sign in again, and go on where you were.';
const UNTOLD = 'The server could not be told: you are still signed in. Try again.';

const view = /** @type {HTMLElement} */ (document.getElementById('view'));
const badge = /** @type {HTMLElement} */ (document.getElementById('signed-in'));

/** Whatever runs while somebody is signed in ends with that. @type {(() => void)[]} */
let endings = [];

/** Comments that were begun, by change request; whoever signs in next does not find them. @type {Map<string, string>} */
const drafts = new Map();
/** @type {string | null} */
let lastViewerId = null;

onSignedOut(() => leave(ENDED));
onOthersTold(() => void enter());
void enter();

/** Whose session the browser has is the server's to say; without one, somebody signs in. */
async function enter() {
  const before = session();
  stop();
  badge.replaceChildren();
  view.replaceChildren(loadingNote('Signing in …'));
  try {
    const viewer = await viewerNow();
    return viewer ? work(viewer) : leave(before === null ? null : ENDED);
  } catch {
    view.replaceChildren(failedNote('The server cannot be reached.', () => void enter()));
  }
}

/** The way in. What the address names stays, so that whoever signs in goes on there. @param {string | null} note */
function leave(note) {
  stop();
  leaveSession();
  badge.replaceChildren();
  document.title = 'Countersign console';
  view.replaceChildren(signInView({ note, onSignedIn: work }));
  if (note) announce(note);
  /** @type {HTMLElement} */ (view.querySelector('input')).focus();
}

function stop() {
  dropQuestion();
  endings.forEach((end) => end());
  endings = [];
}

/** Somebody is signed in: what awaits them, and one change request beside it or in its place. @param {Viewer} viewer */
function work(viewer) {
  stop();
  enterSession();
  if (viewer.id !== lastViewerId) {
    drafts.clear();
    forgetSubjects();
  }
  lastViewerId = viewer.id;
  drawBadge(viewer);

  /** @type {{ id: string, view: ReturnType<typeof requestView> } | null} */
  let open = null;
  const list = awaitingView({
    onNews(rows) {
      const row = rows.find(({ id }) => id === open?.id);
      if (row) open?.view.compareWith(row.digest);
    },
  });
  const place = h('div', { class: 'place' });
  const panes = h('div', { class: 'panes' }, list.element, place);
  view.replaceChildren(panes);

  function route() {
    const id = /^#\/request\/([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null;
    const left = open?.id ?? null;
    if (id !== null && id === left) return;
    panes.dataset.shows = id === null ? 'list' : 'request';
    open =
      id === null
        ? null
        : { id, view: requestView({ id, viewer, drafts, onDecided: refresh, next: () => list.nextTo(id) }) };
    place.replaceChildren(open?.view.element ?? h('p', { class: 'hint' }, 'Choose one to read what it would change.'));
    list.setOpen(id);
    if (id === null) list.focusRow(left);
  }
  const refresh = () => void list.refresh();
  const look = () => void list.refresh({ unattended: true });

  window.addEventListener('hashchange', route);
  endings = [() => window.removeEventListener('hashchange', route), watchNews(look)];
  route();
  refresh();
}

/** @param {Viewer} viewer */
function drawBadge({ name, roles }) {
  badge.replaceChildren(
    h(
      'span',
      { class: 'who' },
      said(name),
      ' ',
      h('span', { class: 'roles' }, roles.length > 0 ? roles.join(', ') : 'no role counts yet'),
    ),
    h('button', { type: 'button', onclick: () => void endSession() }, 'Sign out'),
  );
}

/** Ends the session on the server, which has the browser forget it. */
async function endSession() {
  try {
    await signOut();
  } catch (error) {
    // One that had ended before has led to the way in already.
    if (!(error instanceof Refusal)) announce(UNTOLD);
    return;
  }
  tellOthers();
  drafts.clear();
  location.hash = '#/';
  leave('You are signed out.');
}
