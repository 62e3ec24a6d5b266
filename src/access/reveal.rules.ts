import { DAY } from '../platform/durations';
import { refuse } from '../platform/errors';
import type { FieldChange } from '../platform/operation';
import type { RevealAllowance } from './reveal-allowance.entity';

/** How many sensitive values somebody saw in 24 hours, how many they may, and what they may draw upon beyond that. */
export interface Quota {
  seen: number;
  limit: number;
  /** Null: nothing, or it is not needed yet. */
  allowance: RevealAllowance | null;
}

/** Refuses REVEAL_LIMIT_REACHED. */
export function assertWithin({ seen, limit, allowance }: Quota): void {
  if (seen >= limit && !allowance)
    refuse(
      'REVEAL_LIMIT_REACHED',
      'You have seen as many values as anybody may in a day; more is granted by grantRevealAllowance.',
      {
        limit,
      },
    );
}

/** What the trail is told where it was beyond those of every day. */
export const allowanceDrawn = ({ allowance }: Quota): FieldChange[] =>
  allowance ? [{ path: 'allowance', before: null, after: allowance.id }] : [];

/** The purpose in the words of the list, where there is one. Null: any will do, and none. Refuses REVEAL_PURPOSE_INVALID. */
export function purposeAmong(purposes: readonly string[] | null, given: string | null | undefined): string | null {
  const said = given?.trim() ?? '';
  const purpose = said === '' ? null : said;
  if (purposes === null) return purpose;
  const found = purposes.find((each) => each.toLowerCase() === purpose?.toLowerCase());
  return (
    found ??
    refuse('REVEAL_PURPOSE_INVALID', 'Say what you will use it for: one of the purposes that there are.', { purposes })
  );
}

/** So long an allowance lasts at most. */
export const LONGEST_DAYS = 31;

/** Refuses REVEAL_ALLOWANCE_TERM_INVALID. */
export function assertTerm(expiresAt: Date, now: Date): void {
  if (expiresAt <= now || expiresAt.getTime() - now.getTime() > LONGEST_DAYS * DAY)
    refuse('REVEAL_ALLOWANCE_TERM_INVALID', `It ends after now, and within ${LONGEST_DAYS} days.`, {
      days: LONGEST_DAYS,
    });
}
