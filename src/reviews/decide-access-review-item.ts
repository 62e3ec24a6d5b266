import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import { usersOfPerson } from '../access/persons';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { DateTimeScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { AccessReview, AccessReviewItem, type ReviewVerdict } from './access-review.entity';
import { assertReduction, isOver, subjectOf } from './access-review.rules';

export const ReviewVerdictEnum = { KEEP: 'KEEP', REDUCE: 'REDUCE', REVOKE: 'REVOKE' } as const;
registerEnumType(ReviewVerdictEnum, {
  name: 'ReviewVerdict',
  description: 'What a reviewer says of a grant or of the key of a system.',
  valuesConfig: {
    KEEP: { description: 'It is needed as it is.' },
    REDUCE: { description: 'Less is enough. Of a grant alone.' },
    REVOKE: { description: 'It is not needed any more.' },
  },
});

@InputType({ description: 'What you say of a grant or key that you were asked to review.' })
export class DecideAccessReviewItemInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the item.' })
  accessReviewItemId!: string;

  @Field(() => ReviewVerdictEnum, { description: 'What is to become of it.' })
  verdict!: ReviewVerdict;

  @Text(500)
  @Field({ description: 'Why, for the evidence and the trail.' })
  reason!: string;

  @Field(() => ID, { nullable: true, description: 'Of REDUCE: the account that is left.' })
  accountId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of REDUCE: the LOB of it that is left.' })
  lobId?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Of REDUCE: when what is left ends.' })
  endsAt?: string | null;
}

/** Answers for one grant or key, once. What follows from it is proposed afterwards: see remedy-access-reviews.ts. */
export const decideAccessReviewItem = operation({
  name: 'accessReviewItem.decide',
  subject: 'AccessReviewItem',
  summary: 'Say whether somebody still needs what they have',
  lock: async (tx, { accessReviewItemId }: DecideAccessReviewItemInput) => {
    const item = await tx.lock(AccessReviewItem, accessReviewItemId);
    // Its closing waits for this, or this for its closing.
    const review = await tx.lock(AccessReview, item.accessReviewId);
    const holders = await usersOfPerson(tx, item.userId);
    // Whoever made a key has drawn its secret.
    if (item.apiKeyId !== null && item.grantedById !== null)
      for (const user of await usersOfPerson(tx, item.grantedById)) holders.add(user);
    return { item, review, holders };
  },
  authorize: (may, { item }) => may('decide', item),
  decide: ({ item, review, holders }, input, { now, actorId }) => {
    if (holders.has(actorId)) refuse('REVIEW_OF_OWN', 'Nobody reviews what they hold themselves.');
    if (isOver(review, now)) refuse('ACCESS_REVIEW_OVER', 'This review is over: no answer meant revoke.');
    if (item.verdict !== null) refuse('ACCESS_REVIEW_ITEM_DECIDED', 'This was answered already.');
    const to = {
      accountId: input.accountId?.toLowerCase() ?? null,
      lobId: input.lobId?.toLowerCase() ?? null,
      endsAt: input.endsAt == null ? null : new Date(input.endsAt),
    };
    assertReduction(input.verdict, item, to, now);
    return {
      verdict: input.verdict,
      reason: input.reason,
      decidedAt: now,
      decidedById: actorId,
      reduceToAccountId: to.accountId,
      reduceToLobId: to.lobId,
      reduceToEndsAt: to.endsAt,
    };
  },
  save: (tx, patch, { item }) => tx.update(item, patch),
  record: (said, { item }, { reason }) => ({
    action: 'accessReviewItem.decided',
    subjectId: item.id,
    changes: [
      subjectOf(item),
      { path: 'verdict', before: null, after: said.verdict },
      ...(said.verdict === 'REDUCE'
        ? [
            { path: 'account', before: item.accountId, after: said.reduceToAccountId },
            { path: 'lob', before: item.lobId, after: said.reduceToLobId },
            {
              path: 'endsAt',
              before: item.endsAt?.toISOString() ?? null,
              after: said.reduceToEndsAt?.toISOString() ?? null,
            },
          ]
        : []),
    ],
    reason,
  }),
  facts: (_said, { item }) => ({ accountId: item.accountId }),
});
