import { Refusal } from './api.js';
import { announce, failedNote, h, loadingNote } from './dom.js';
import { manyPanel } from './many.js';
import { awaiting } from './queries.js';
import { rowItem } from './row.js';
import { refreshTimes } from './time.js';
import { counted, refusalInWords } from './words.js';

/** @typedef {import('./queries.js').Row} Row */

/** How many are asked for at once, and how many are kept up to date. */
const PAGE = 20;
const MOST = 100;

/**
 * What awaits the viewer, with ticks to decide several alike. A tick is for what was shown when it was set: a row that was
 * revised since loses it.
 * @param {{ onNews: (rows: readonly Row[]) => void }} options
 */
export function awaitingView({ onNews }) {
  const count = h('span', { class: 'count' });
  const trouble = h('div', {});
  const list = h('ol', { class: 'rows', onkeydown: moveByKey });
  const more = h(
    'button',
    { type: 'button', class: 'more', hidden: true, onclick: () => void showMore() },
    'Show more',
  );
  const many = manyPanel({ onDecided: () => void refresh(), onCleared: () => render() });
  const section = h(
    'section',
    { class: 'awaiting', 'aria-labelledby': 'awaiting-title' },
    h('h2', { id: 'awaiting-title', tabindex: -1 }, 'Awaiting you ', count),
    keysHint(),
    many.element,
    trouble,
    list,
    more,
  );

  /** @type {Row[] | null} Null: not known yet. */
  let rows = null;
  /** @type {string | null} */
  let cursor = null;
  /** @type {string | null} */
  let open = null;
  let drawn = '';

  /** @param {{ unattended?: boolean }} [how] */
  async function refresh(how = {}) {
    if (rows === null) trouble.replaceChildren(loadingNote('Loading what awaits you …'));
    try {
      keep(await awaiting(Math.min(MOST, Math.max(PAGE, rows?.length ?? 0)), null, how), []);
    } catch (error) {
      fail(error, () => refresh());
    }
  }

  async function showMore() {
    const before = rows ?? [];
    try {
      keep(await awaiting(PAGE, cursor), before);
      focusRow(rows?.[before.length]?.id ?? null);
    } catch (error) {
      fail(error, showMore);
    }
  }

  /**
   * @param {Awaited<ReturnType<typeof awaiting>>} page
   * @param {Row[]} before
   */
  function keep({ nodes, totalCount, pageInfo }, before) {
    const known = rows && new Set(rows.map(({ id }) => id));
    const arrived = known && before.length === 0 ? nodes.filter(({ id }) => !known.has(id)).length : 0;
    const ids = new Set(before.map(({ id }) => id));
    rows = [...before, ...nodes.filter(({ id }) => !ids.has(id))];
    cursor = pageInfo.endCursor;
    more.hidden = !pageInfo.hasNextPage;
    count.replaceChildren(String(totalCount));
    document.title = `${totalCount === 0 ? '' : `(${totalCount}) `}Countersign console`;
    trouble.replaceChildren(...(rows.length === 0 ? [emptyNote()] : []));
    const lost = many.keepOnly(rows);
    if (lost > 0) announce(`${counted(lost, 'ticked change request')} changed or went, and is not ticked any more.`);
    else if (arrived > 0) announce(`${counted(arrived, 'new change request')}.`);
    render();
    onNews(rows);
  }

  /**
   * @param {unknown} error
   * @param {() => Promise<void>} again
   */
  function fail(error, again) {
    const words =
      error instanceof Refusal ? refusalInWords(error.code, error.details) : 'The server cannot be reached.';
    trouble.replaceChildren(
      failedNote(rows === null ? words : `${words} Below is what awaited you before.`, () => void again()),
    );
  }

  /** Draws the rows anew where they are others; whoever was on one stays on it, or where it was. */
  function render() {
    refreshTimes();
    const now = JSON.stringify([rows?.map(({ id, digest }) => [id, digest, many.isTicked(id)]), open]);
    if (rows === null || now === drawn) return;
    drawn = now;
    const { length } = rows;
    const active = document.activeElement;
    const item = active instanceof HTMLElement && list.contains(active) ? active.closest('li') : null;
    const index = item ? [...list.children].indexOf(item) : -1;
    list.replaceChildren(
      ...rows.map((row) =>
        rowItem(row, { open: row.id === open, ticked: many.isTicked(row.id), onTick: (on) => many.tick(row, on) }),
      ),
    );
    if (!item) return;
    const same = list.querySelector(`[data-id="${item.dataset.id}"]`) ?? list.children[Math.min(index, length - 1)];
    const target = active?.matches('input') ? same?.querySelector('input') : same?.querySelector('a');
    (target ?? titleOf(section)).focus();
  }

  /** @param {string | null} id */
  function focusRow(id) {
    const link = /** @type {HTMLElement | null} */ (list.querySelector(`[data-id="${id}"] a`));
    (link ?? titleOf(section)).focus();
  }

  return {
    element: section,
    refresh,
    focusRow,
    /** @param {string | null} id */
    setOpen(id) {
      open = id;
      render();
    },
    /** What awaits the viewer after a row, or instead of it. @param {string} id */
    nextTo(id) {
      const others = (rows ?? []).filter((row) => row.id !== id);
      const at = (rows ?? []).findIndex((row) => row.id === id);
      return (others[at] ?? others[0])?.id ?? null;
    },
  };
}

/** @param {Element} section */
const titleOf = (section) => /** @type {HTMLElement} */ (section.querySelector('h2'));

const emptyNote = () =>
  h(
    'div',
    { class: 'empty' },
    h('p', {}, h('strong', {}, 'Nothing awaits you.')),
    h('p', {}, 'What somebody proposes and you may decide appears here by itself.'),
  );

/** Only where the focus is on a row do the keys mean anything: nothing is decided by one of them. */
const KEYS = [
  ['↓', 'j', 'next'],
  ['↑', 'k', 'previous'],
  ['Enter', '', 'open'],
  ['x', '', 'tick'],
  ['Esc', '', 'back'],
];

const keysHint = () =>
  h(
    'p',
    { class: 'keys' },
    ...KEYS.flatMap(([key = '', other, what = '']) => [
      h('kbd', {}, key),
      ...(other ? [' ', h('kbd', {}, other)] : []),
      ` ${what}  `,
    ]),
  );

/** @type {Record<string, (at: number, last: number) => number>} */
const MOVES = {
  ArrowDown: (at, last) => Math.min(at + 1, last),
  j: (at, last) => Math.min(at + 1, last),
  ArrowUp: (at) => Math.max(at - 1, 0),
  k: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_at, last) => last,
};

/** @param {KeyboardEvent} event */
function moveByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  const item = event.target instanceof Element ? event.target.closest('li') : null;
  if (!item) return;
  const links = [...list.querySelectorAll('a')];
  const to = MOVES[event.key]?.([...list.children].indexOf(item), links.length - 1);
  if (to !== undefined) links[to]?.focus();
  else if (event.key === 'x') item.querySelector('input')?.click();
  else return;
  event.preventDefault();
}
