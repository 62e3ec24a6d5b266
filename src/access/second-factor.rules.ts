import { createHash, randomBytes } from 'node:crypto';
import { generateSecret, generateURI, verifySync } from 'otplib';
import { refuse } from '../platform/errors';

/** In seconds, of RFC 6238; what apps take when nothing else is said. */
const PERIOD = 30;

/** How many recovery codes somebody has. */
export const RECOVERY_CODES = 10;

/** In ms: how long a code that was given counts for what asks for one. */
export const STEP_UP_LASTS = 300_000;

/** The roles that approve, administer or audit: what they may do is to be nobody else’s. */
export const OVERSEEING = ['admin', 'supervisor', 'compliance', 'auditor'] as const;

/** What is kept of a second factor, with its secret opened. */
export interface Factor {
  secret: string;
  lastStep: number;
  recoveryHashes: readonly string[];
}

/** When a code is given, and how many periods before and after that one are taken for it: clocks may differ. */
export interface Instant {
  now: Date;
  drift: number;
}

/** What taking a code changes: no code is taken again. */
export type Taken = { lastStep: number } | { recoveryHashes: string[] };

/**
 * What takes a code: six digits of the app, each once and in order (RFC 6238, 5.2), or a recovery code. Refuses with ONE_TIME_CODE_WRONG, whether it does
 * not fit or was taken before.
 */
export function takeCode(factor: Factor, given: string, at: Instant): Taken {
  const code = given.replaceAll(/[\s-]/g, '').toLowerCase();
  const taken = /^\d{6}$/.test(code) ? takeDigits(factor, code, at) : takeRecovery(factor, code);
  return taken ?? refuse('ONE_TIME_CODE_WRONG', 'This code does not fit, or was used before: wait for the next.');
}

function takeDigits({ secret, lastStep }: Factor, token: string, { now, drift }: Instant): Taken | null {
  const epoch = Math.floor(now.getTime() / 1000);
  // The library throws at a last step that has yet to come.
  if (lastStep > epoch / PERIOD + drift) return null;
  const tolerance = drift * PERIOD;
  const verdict = verifySync({ secret, token, epoch, epochTolerance: tolerance, afterTimeStep: lastStep });
  return verdict.valid && 'timeStep' in verdict ? { lastStep: verdict.timeStep } : null;
}

function takeRecovery({ recoveryHashes }: Factor, code: string): Taken | null {
  const hash = hashCode(code);
  return recoveryHashes.includes(hash) ? { recoveryHashes: recoveryHashes.filter((each) => each !== hash) } : null;
}

/** They have 120 random bits, so that no slow hash is needed (NIST 800-63B, 3.1.2.2). */
const hashCode = (code: string): string => createHash('sha256').update(code).digest('base64url');

/** Letters and digits that are not taken for each other (Crockford). */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/** New recovery codes, as they are shown, once, and as they are kept. */
export function drawRecovery(): { recoveryCodes: string[]; recoveryHashes: string[] } {
  const codes = Array.from({ length: RECOVERY_CODES }, () =>
    Array.from(randomBytes(24), (byte) => LETTERS[byte % LETTERS.length]).join(''),
  );
  return { recoveryCodes: codes.map((code) => code.match(/.{4}/g)!.join('-')), recoveryHashes: codes.map(hashCode) };
}

/** A secret of 160 bits, as apps take it. */
export const drawSecret = (): string => generateSecret({ length: 20 });

/** What an app reads from a picture. */
export const otpauthUri = (secret: string, email: string): string =>
  generateURI({ issuer: 'Countersign', label: email, secret });

/** Whether a code was given lately enough, in the session that asks. */
export const isSteppedUp = (at: Date | null, now: Date): boolean =>
  at !== null && now.getTime() - at.getTime() < STEP_UP_LASTS;
