import { DAY } from '../platform/durations';
import type { Retention } from '../platform/keeping-settings';
import type { SensitiveKind } from '../platform/masks';
import type { Row } from '../platform/row';

/** When what a row was kept for was over, by its type: from then on its sensitive values are kept for so many days. */
export const OVER_SINCE = { Account: 'closedAt', Complaint: 'resolvedAt' } as const;

export type KeptType = keyof typeof OVER_SINCE;

/** The instant up to which something must have been over to be erased now; null: it is kept for good. */
export const overUntil = (days: number, now: Date): Date | null =>
  days === 0 ? null : new Date(now.getTime() - days * DAY);

/** When something that is over is erased; null: never, or it is not over. */
export const erasedAt = (days: number, since: Date | null): Date | null =>
  days === 0 || since === null ? null : new Date(since.getTime() + days * DAY);

/** Since when a row of a type is over; null: it is not. Whoever reopens something has its time begin anew. */
export const overSince = (type: KeptType, row: Row): Date | null =>
  (row as unknown as Record<string, Date | null>)[OVER_SINCE[type]] ?? null;

interface Kept {
  readonly path: string;
  readonly kind: SensitiveKind;
}

/** Those of these fields whose time is over. */
export const dueFields = <F extends Kept>(fields: readonly F[], since: Date | null, kept: Retention, now: Date): F[] =>
  fields.filter(({ kind }) => {
    const at = erasedAt(kept[kind], since);
    return at !== null && at <= now;
  });
