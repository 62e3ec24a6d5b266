/** How often it is asked what is new, in ms. */
const EVERY = 20_000;

/**
 * Calls `look` now and then while the page can be seen, and at once when it comes back into sight or on line. The one place
 * that knows how news arrive. Returns a way to stop.
 * @param {() => void} look
 * @returns {() => void}
 */
export function watchNews(look) {
  const lookIfSeen = () => document.visibilityState === 'visible' && look();
  const timer = setInterval(lookIfSeen, EVERY);
  document.addEventListener('visibilitychange', lookIfSeen);
  window.addEventListener('online', lookIfSeen);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', lookIfSeen);
    window.removeEventListener('online', lookIfSeen);
  };
}
