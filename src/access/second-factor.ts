import { IsNull, Not } from 'typeorm';
import { refuse } from '../platform/errors';
import type { FieldChange } from '../platform/operation';
import { unsealText } from '../platform/sealed-text';
import type { Transaction } from '../platform/transaction';
import { type Factor, takeCode, type Taken } from './second-factor.rules';
import { SecondFactor } from './second-factor.entity';

const ELSEWHERE = `SELECT second_factor_required() AND u.second_factor_at IS NULL AND can_show_two_factors(u)
    AND NOT EXISTS (SELECT FROM session s WHERE s.id = $2 AND s.user_id = u.id AND shows_two_factors(s, u, $3)) AS elsewhere
  FROM app_user u WHERE u.id = $1`;

/** Whether who asks has a second factor at the issuer of their tokens, where one is required, and did not come with it. */
export async function isElsewhere(tx: Transaction): Promise<boolean> {
  const [found] = await tx.query<{ elsewhere: boolean }>(ELSEWHERE, [tx.actorId, tx.context.sessionId, tx.now]);
  return found!.elsewhere;
}

/** Refuses who `isElsewhere`: a password alone, or a token that tells of nothing, would enrol an app that stands in for it from then on. */
export function assertComesWithIt(elsewhere: boolean): void {
  if (elsewhere) refuse('SECOND_FACTOR_ELSEWHERE', 'Come with a token of your issuer that tells of two factors.');
}

/** Where a secret is sealed to. */
export const placeOfTotp = (id: string): string => `SecondFactor/${id}/secret`;

/** The one that works, or the one that waits to be confirmed, under a lock. */
export async function lockFactor(tx: Transaction, userId: string, confirmed = true): Promise<SecondFactor | null> {
  const confirmedAt = confirmed ? Not(IsNull()) : IsNull();
  return (await tx.lockWhere(SecondFactor, { userId, removedAt: IsNull(), confirmedAt }))[0] ?? null;
}

/** What takes a code of it. Refuses with ONE_TIME_CODE_WRONG. */
export const takenBy = (tx: Transaction, factor: SecondFactor, code: string): Taken =>
  takeCode(opened(tx, factor), code, { now: tx.now, drift: tx.context.app.config.oneTimeCodeDrift });

export const opened = (tx: Transaction, { id, secretSealed, lastStep, recoveryHashes }: SecondFactor): Factor => ({
  secret: unsealText(tx.context.app.keys, secretSealed!, placeOfTotp(id)),
  lastStep,
  recoveryHashes,
});

/** What a removed one becomes: its secret is gone, and its codes with it. */
export const removed = (now: Date): Partial<SecondFactor> => ({
  removedAt: now,
  secretSealed: null,
  recoveryHashes: [],
});

export const notEnrolled = (): never =>
  refuse('SECOND_FACTOR_NOT_ENROLLED', 'There is no authenticator app to speak of: enrol one first.');

/** A recovery code is one less, and the trail says so. */
export const codesLeft = (before: readonly string[], taken: object): FieldChange[] =>
  'recoveryHashes' in taken
    ? [{ path: 'recoveryCodes', before: before.length, after: (taken.recoveryHashes as string[]).length }]
    : [];
