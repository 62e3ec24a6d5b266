import { availableParallelism } from 'node:os';
import * as argon2 from 'argon2';
import { refuse } from '../platform/errors';
import { composed } from './password.rules';

/** OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The root fields that hash a password while a request waits: a document may hold one of them. */
export const HASHING_FIELDS: ReadonlySet<string> = new Set([
  'signIn',
  'changePassword',
  'createUser',
  'choosePassword',
]);

/** Half of the processors: the other half answers everybody else, whoever tries passwords. */
const AT_ONCE = Math.max(1, Math.floor(availableParallelism() / 2));
/** Some seconds of work at most: whoever would wait longer is told so at once. */
const MAX_WAITING = 50 * AT_ONCE;
let running = 0;
const waiting: (() => void)[] = [];

/** How many are hashed or wait to be. */
export const hashesUnderWay = (): number => running + waiting.length;

/** Hashing is heavy on purpose: few at a time, the rest queue, and a long queue is refused with BUSY. */
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

export const hashPassword = (password: string): Promise<string> =>
  inTurn(() => argon2.hash(composed(password), PARAMETERS));

/** A hash under the parameters of now, where that of a password which just fitted was made under weaker ones. */
export const rehashed = async (hash: string, password: string): Promise<string | null> =>
  argon2.needsRehash(hash, PARAMETERS) ? hashPassword(password) : null;

let nobodys: Promise<string> | undefined;

/**
 * Whether the password fits. Without a hash (nobody of that name, or nobody who has a password) it takes the same time and is false. `counted` is called when its
 * turn has come: a try that is counted first cannot be overtaken by many at once.
 */
export async function passwordFits(
  hash: string | null,
  password: string,
  counted: () => Promise<void> = async () => undefined,
): Promise<boolean> {
  nobodys ??= hashPassword('nobody has this password');
  const own = hash === '' ? null : hash;
  const against = own ?? (await nobodys);
  return inTurn(async () => {
    await counted();
    return (await argon2.verify(against, composed(password))) && own !== null;
  });
}
