/**
 * The session is the browser's, in a cookie that no script reads (docs/CONSOLE.md): all tabs have the same. Here is only known whether this tab takes somebody to be signed
 * in, and since which of its sign-ins.
 */

let turn = 0;
let signedIn = false;

/** Tells the other tabs. A browser that has no such channel has each find out with its next request. */
const others = 'BroadcastChannel' in globalThis ? new BroadcastChannel('countersign') : null;

/** Null while nobody is signed in; else a number that is another with each sign-in. */
export const session = () => (signedIn ? turn : null);

export function enterSession() {
  signedIn = true;
  turn += 1;
}

export function leaveSession() {
  signedIn = false;
}

/** Somebody signed in or out here: what other tabs show is not theirs any more. */
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has but one origin, that of its pages
export const tellOthers = () => others?.postMessage('changed');

/**
 * What happens when somebody signs in or out in another tab.
 * @param {() => void} then
 */
export const onOthersTold = (then) => others?.addEventListener('message', then);
