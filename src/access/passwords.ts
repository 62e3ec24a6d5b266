import { availableParallelism } from 'node:os';
import * as argon2 from 'argon2';
import { refuse } from '../platform/errors';

/** OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The root fields that hash a password while a request waits: a document may hold one of them. */
export const HASHING_FIELDS: ReadonlySet<string> = new Set(['signIn', 'changePassword', 'createUser']);

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

/** Passwords are compared in Unicode's composed form, however a keyboard made them. */
const composed = (password: string) => password.normalize('NFC');

export const hashPassword = (password: string): Promise<string> =>
  inTurn(() => argon2.hash(composed(password), PARAMETERS));

let nobodys: Promise<string> | undefined;

/** What is done round a comparison, when its turn has come: a guard that counts cannot be overtaken by many at once. */
export interface Guard {
  assertAllowed(): Promise<void>;
  failed(): Promise<void>;
}

/** Whether the password fits. Without a hash (nobody of that name) it takes the same time and is false. */
export async function passwordFits(hash: string | null, password: string, guard?: Guard): Promise<boolean> {
  nobodys ??= hashPassword('nobody has this password');
  const against = hash ?? (await nobodys);
  return inTurn(async () => {
    await guard?.assertAllowed();
    const fits = (await argon2.verify(against, composed(password))) && hash !== null;
    if (!fits) await guard?.failed();
    return fits;
  });
}
