import { DAY } from '../platform/durations';
import { refuse } from '../platform/errors';
import type { AccessReview, AccessReviewItem, ReviewVerdict } from './access-review.entity';

/** How long a campaign runs at most, in ms. */
const LONGEST = 366 * DAY;

/** Refuses with ACCESS_REVIEW_PERIOD_INVALID. */
export function assertPeriod(dueAt: Date, now: Date): void {
  if (dueAt <= now || dueAt.getTime() > now.getTime() + LONGEST)
    refuse('ACCESS_REVIEW_PERIOD_INVALID', 'A review ends within 366 days from now.');
}

/** Somebody who may be asked: one of the users of a person, who can sign in. */
export interface Candidate {
  userId: string;
  personId: string;
}

/** The first of those who may be asked that is not the person whose grant it is. Refuses with REVIEWER_UNFIT where there is none. */
export const reviewerOf = (personId: string, candidates: readonly Candidate[]): string =>
  candidates.find((each) => each.personId !== personId)?.userId ??
  refuse('REVIEWER_UNFIT', 'Nobody reviews what they hold themselves: name a deputy who is another person.');

/** Whether nobody answers any more. */
export const isOver = ({ closedAt, dueAt }: Pick<AccessReview, 'closedAt' | 'dueAt'>, now: Date): boolean =>
  closedAt !== null || dueAt <= now;

/** To what a grant is reduced. */
export interface Reduction {
  accountId: string | null;
  lobId: string | null;
  endsAt: Date | null;
}

type Scope = Pick<AccessReviewItem, 'accountId' | 'lobId' | 'endsAt' | 'apiKeyId'>;

/** What an item is about, as the trail names it. */
export const subjectOf = ({ roleGrantId, apiKeyId }: Pick<AccessReviewItem, 'roleGrantId' | 'apiKeyId'>) => {
  const id = apiKeyId ?? roleGrantId;
  return { path: apiKeyId === null ? 'roleGrant' : 'apiKey', before: id, after: id };
};

/** Refuses with REDUCTION_INVALID a key, whose scopes are those of its whole life, what is not less than it was, and a reduction beside another verdict. */
export function assertReduction(verdict: ReviewVerdict, item: Scope, to: Reduction, now: Date): void {
  if (verdict === 'REDUCE' && item.apiKeyId !== null)
    refuse('REDUCTION_INVALID', 'The scopes of a key stay: revoke it, and make one with fewer.');
  const named = to.accountId !== null || to.lobId !== null || to.endsAt !== null;
  const wider =
    (item.accountId !== null && to.accountId !== item.accountId) ||
    (item.lobId !== null && to.lobId !== item.lobId) ||
    (to.lobId !== null && to.accountId === null) ||
    (item.endsAt !== null && (to.endsAt === null || to.endsAt > item.endsAt)) ||
    (to.endsAt !== null && to.endsAt <= now);
  const same =
    to.accountId === item.accountId && to.lobId === item.lobId && to.endsAt?.getTime() === item.endsAt?.getTime();
  if (verdict === 'REDUCE' ? wider || same : named)
    refuse('REDUCTION_INVALID', 'REDUCE names the account, the LOB and the end that are left: less than there was.');
}
