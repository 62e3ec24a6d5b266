import { DAY } from '../platform/durations';
import { refuse } from '../platform/errors';

/** How long somebody may stand in for another at most. */
export const MOST_DAYS = 366;

/**
 * From when until when, both told. Refuses with DELEGATION_PERIOD_INVALID what begins in the past, is over before it begins, or lasts longer than 366 days. What
 * `waited` for an approval begins when that came, if it was to have begun by then.
 */
export function periodOf(
  told: { startsAt?: string | null; endsAt: string },
  now: Date,
  waited: boolean,
): { startsAt: Date; endsAt: Date } {
  const endsAt = new Date(told.endsAt);
  const asked = told.startsAt == null ? now : new Date(told.startsAt);
  if (asked < now && !waited) invalid('It begins in the past.');
  const startsAt = asked < now ? now : asked;
  if (endsAt <= startsAt) invalid('It is over before it begins.');
  if (endsAt.getTime() - startsAt.getTime() > MOST_DAYS * DAY) invalid(`It lasts at most ${MOST_DAYS} days.`);
  return { startsAt, endsAt };
}

const invalid = (message: string) => refuse('DELEGATION_PERIOD_INVALID', message);

/** Refuses with DELEGATION_NOT_REVOCABLE what does not hold any more. */
export function assertRevocable({ revokedAt, endsAt }: { revokedAt: Date | null; endsAt: Date }, now: Date): void {
  if (revokedAt) refuse('DELEGATION_NOT_REVOCABLE', 'It is revoked already.');
  if (endsAt <= now) refuse('DELEGATION_NOT_REVOCABLE', 'It is over.');
}
