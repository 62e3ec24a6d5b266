import * as argon2 from 'argon2';
import { refuse } from '../platform/errors';

/** OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

const AT_ONCE = 2;
const MAX_WAITING = 100;
let running = 0;
const waiting: (() => void)[] = [];

/** Hashing is heavy on purpose: two at a time, the rest queue, and a long queue is refused with BUSY. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MAX_WAITING) refuse('BUSY', 'Too many people are signing in right now; try again.');
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

/** Passwords are compared in Unicode's composed form, however a keyboard made them. */
const composed = (password: string) => password.normalize('NFC');

export const hashPassword = (password: string): Promise<string> =>
  inTurn(() => argon2.hash(composed(password), PARAMETERS));

let nobodys: Promise<string> | undefined;

/** Whether the password fits. Without a hash (nobody of that name) it takes the same time and is false. */
export async function passwordFits(hash: string | null, password: string): Promise<boolean> {
  nobodys ??= hashPassword('nobody has this password');
  const against = hash ?? (await nobodys);
  const fits = await inTurn(() => argon2.verify(against, composed(password)));
  return fits && hash !== null;
}
