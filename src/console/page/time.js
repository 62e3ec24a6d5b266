import { h } from './dom.js';

const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const EXACT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const EXACTEST = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

/** The largest unit that fits, with its length in seconds. @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/**
 * How far an instant is from now: `3 hours ago`, `in 2 days`.
 * @param {string} iso
 * @param {number} [now] In ms.
 */
export function fromNow(iso, now = Date.now()) {
  const seconds = (Date.parse(iso) - now) / 1000;
  const [unit, length] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['minute', Infinity];
  if (length === Infinity) return seconds > 0 ? 'in less than a minute' : 'just now';
  return RELATIVE.format(Math.trunc(seconds / length), unit);
}

/** An instant as people say it, in the zone of the browser; the whole of it is in its title. @param {string} iso */
export const instant = (iso) => h('time', { datetime: iso, title: exactest(iso) }, EXACT.format(new Date(iso)));

/** An instant by its distance; `refreshTimes` keeps it right. @param {string} iso */
export const distance = (iso) =>
  h('time', { datetime: iso, title: exactest(iso), 'data-from-now': true }, fromNow(iso));

/** @param {string} iso */
const exactest = (iso) => EXACTEST.format(new Date(iso));

/** Whether an instant is less than four hours away. @param {string} iso */
export const isSoon = (iso) => Date.parse(iso) - Date.now() < 4 * 3_600_000;

/** Brings every distance on the page up to date. */
export function refreshTimes() {
  for (const element of document.querySelectorAll('time[data-from-now]'))
    element.textContent = fromNow(/** @type {string} */ (element.getAttribute('datetime')));
}
