import { Field, ID, InputType } from 'type-graphql';
import { record } from '../audit/record';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import type { Transaction } from '../platform/transaction';
import { AccessReview, AccessReviewItem } from './access-review.entity';
import { subjectOf } from './access-review.rules';
import { digestOf, evidenceOf } from './evidence';

@InputType({ description: 'Which campaign to close.' })
export class CloseAccessReviewInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the campaign.' })
  accessReviewId!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/** What closing a campaign keeps: when, and what the evidence then was. */
export function closingOf(review: AccessReview, items: readonly AccessReviewItem[], closedAt: Date) {
  const { json, csv } = evidenceOf(review, items, closedAt);
  return { closedAt, jsonDigest: digestOf(json), csvDigest: digestOf(csv) };
}

export const changesOfClosing = (closing: ReturnType<typeof closingOf>) => [
  { path: 'closedAt', before: null, after: closing.closedAt.toISOString() },
  { path: 'jsonDigest', before: null, after: closing.jsonDigest },
  { path: 'csvDigest', before: null, after: closing.csvDigest },
];

/** Closes a campaign in which everything was answered. One that is due is closed by the house itself. */
export const closeAccessReview = operation({
  name: 'accessReview.close',
  subject: 'AccessReview',
  summary: 'Close a review of who has what',
  lock: async (tx, { accessReviewId }: CloseAccessReviewInput) => {
    const review = await tx.lock(AccessReview, accessReviewId);
    return { review, items: await tx.find(AccessReviewItem, { accessReviewId: review.id }) };
  },
  authorize: (may, { review }) => may('close', review),
  decide: ({ review, items }, _input, { now }) => {
    if (review.closedAt) refuse('ACCESS_REVIEW_OVER', 'This review is closed already.');
    const open = items.filter(({ verdict }) => verdict === null).length;
    if (open > 0) refuse('ACCESS_REVIEW_UNDECIDED', 'Not everything was answered yet.', { open });
    return closingOf(review, items, now);
  },
  save: (tx, patch, { review }) => tx.update(review, patch),
  record: (closing, { review }, { reason }) => ({
    action: 'accessReview.closed',
    subjectId: review.id,
    changes: changesOfClosing(closing),
    reason,
  }),
  facts: () => ({ accountId: null }),
});

const UNANSWERED = 'Nobody answered in time.';

/** Closes a campaign that is due: what nobody answered is to be revoked, as of the instant at which answers ended. */
export async function closeDue(tx: Transaction, review: AccessReview): Promise<void> {
  const { dueAt } = review;
  const items = await tx.lockWhere(AccessReviewItem, { accessReviewId: review.id });
  for (const item of items.filter(({ verdict }) => verdict === null)) {
    const said = { verdict: 'REVOKE' as const, reason: UNANSWERED, decidedAt: dueAt };
    await tx.update(item, said);
    Object.assign(item, said);
    await record(tx, {
      action: 'accessReviewItem.unanswered',
      outcome: 'DONE',
      subjectType: 'AccessReviewItem',
      subjectId: item.id,
      changes: [subjectOf(item), { path: 'verdict', before: null, after: 'REVOKE' }],
      reason: UNANSWERED,
    });
  }
  const closing = closingOf(review, items, dueAt);
  await tx.update(review, closing);
  await record(tx, {
    action: 'accessReview.closed',
    outcome: 'DONE',
    subjectType: 'AccessReview',
    subjectId: review.id,
    changes: changesOfClosing(closing),
    reason: 'It was due.',
  });
}
