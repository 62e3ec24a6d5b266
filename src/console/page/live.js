import { AWAITS } from './documents.js';
import { IN_COOKIE } from './api.js';

/** How often it is asked what is new, in ms: what others decided and what expired is not told. */
const EVERY = 60_000;

/** How long it waits before it listens again, in ms: a second at first, half a minute at most. */
const [SOON, LATE] = [1_000, 30_000];

const seen = () => document.visibilityState === 'visible';

/**
 * Calls `look` when something new awaits the viewer, now and then anyway, and at once when the page comes back into sight or on line. It listens
 * while the page can be seen. The one place that knows how news arrive. Returns a way to stop.
 * @param {() => void} look
 * @returns {() => void}
 */
export function watchNews(look) {
  let listening = new AbortController();
  const turn = () => {
    listening.abort();
    if (!seen()) return;
    listening = new AbortController();
    void listen(look, listening.signal);
    look();
  };
  const timer = setInterval(() => seen() && look(), EVERY);
  document.addEventListener('visibilitychange', turn);
  window.addEventListener('online', turn);
  if (seen()) void listen(look, listening.signal);
  return () => {
    listening.abort();
    clearInterval(timer);
    document.removeEventListener('visibilitychange', turn);
    window.removeEventListener('online', turn);
  };
}

/**
 * Follows the stream of what begins to await the viewer (docs/SUBSCRIPTIONS.md), again and again until it is stopped. What came while it did
 * not listen is found by looking.
 * @param {() => void} look
 * @param {AbortSignal} signal
 */
async function listen(look, signal) {
  for (let pause = SOON; !signal.aborted; pause = Math.min(pause * 2, LATE)) {
    const heard = await follow(look, signal).catch(() => false);
    if (heard) pause = SOON;
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (heard && !signal.aborted) look();
  }
}

/**
 * One stream until it ends. Whether it began at all.
 * @param {() => void} look
 * @param {AbortSignal} signal
 */
async function follow(look, signal) {
  const response = await fetch('/graphql/stream', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...IN_COOKIE },
    body: JSON.stringify({ query: AWAITS }),
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    signal,
  });
  if (!response.ok || !response.body) return false;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: '' }));
    if (done) return true;
    const events = (rest + value).split('\n\n');
    rest = events.pop() ?? '';
    if (events.some((event) => event.startsWith('event: next'))) look();
  }
}
