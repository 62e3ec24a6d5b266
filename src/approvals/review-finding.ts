import { Field, ID, InputType } from 'type-graphql';
import { usersOfPerson } from '../access/persons';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { ChangeRequest } from './change-request.entity';
import { Finding } from './finding.entity';
import { FindingVerdict } from './finding.type';

@InputType({ description: 'What a look at a finding came to.' })
export class ReviewFindingInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the finding.' })
  findingId!: string;

  @Field(() => FindingVerdict, { description: 'Whether the emergency was one.' })
  verdict!: FindingVerdict;

  @Text(2000)
  @Field({ description: 'What was looked at, and what it came to.' })
  comment!: string;
}

/** Once, also when it is late, and by neither of the two persons that it is about. */
export const reviewFinding = operation({
  name: 'finding.review',
  subject: 'Finding',
  summary: 'Review a finding',
  lock: async (tx, { findingId }: ReviewFindingInput) => {
    const finding = await tx.lock(Finding, findingId);
    const [request] = await tx.find(ChangeRequest, { id: finding.changeRequestId });
    const { makerId, accountId } = request!;
    return {
      finding,
      accountId,
      concerned: new Set([...(await usersOfPerson(tx, finding.raisedById)), ...(await usersOfPerson(tx, makerId))]),
      deciderId: tx.actorId,
    };
  },
  authorize: (may, { finding }) => may('review', finding),
  decide: ({ finding, concerned, deciderId }, { verdict, comment }, { now, actorId }) => {
    if (finding.reviewedAt) refuse('FINDING_REVIEWED', 'This finding was reviewed already.');
    if (concerned.has(actorId) || concerned.has(deciderId))
      refuse('FINDING_REVIEW_BY_SAME_PERSON', 'Somebody else has to review what you made or carried out.');
    return { reviewedById: actorId, reviewedAt: now, verdict, comment };
  },
  save: (tx, review, { finding }) => tx.update(finding, review),
  record: ({ verdict, comment }, { finding }) => ({
    action: 'finding.reviewed',
    subjectId: finding.id,
    changes: [{ path: 'verdict', before: null, after: verdict }],
    reason: comment,
    changeRequestId: finding.changeRequestId,
  }),
  facts: (_review, { accountId }) => ({ accountId }),
});
