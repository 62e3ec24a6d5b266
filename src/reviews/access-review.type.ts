import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { ApiKey } from '../access/api-key.type';
import { RoleEnum } from '../access/grant-role';
import type { RoleName } from '../access/permissions';
import { RoleGrant, User } from '../access/user.type';
import { ChangeRequest } from '../approvals/change-request.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import type { ReviewVerdict } from './access-review.entity';
import { ReviewVerdictEnum } from './decide-access-review-item';

@ObjectType({ description: 'A campaign: people look at who has what, each for a part of it, until an instant.' })
export class AccessReview {
  @Field(() => ID, { description: 'Id of the campaign.' })
  id!: string;

  @Field({ description: 'What people call it.' })
  name!: string;

  @Field({ description: 'Why it was started.' })
  reason!: string;

  @Field(() => User, { nullable: true, description: 'Who started it, and makes the change requests that follow.' })
  startedBy!: User | null;

  @Field({ description: 'Whether it is not closed yet.' })
  open!: boolean;

  @Field({ description: 'Whether answers have ended, and the house has not closed it yet.' })
  overdue!: boolean;

  @Field(() => Int, { description: 'How many grants and keys of systems it looks at.' })
  itemCount!: number;

  @Field(() => Int, { description: 'How many of them wait for an answer.' })
  undecidedCount!: number;

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 of the evidence as JSON, in hex; null until it is closed.',
  })
  jsonDigest!: string | null;

  @Field(() => String, { nullable: true, description: 'The same as CSV.' })
  csvDigest!: string | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => DateTimeScalar, { description: 'When it was started: what it looks at is of then.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, { description: 'From when on nobody answers any more. No answer by then means revoke.' })
  dueAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was closed.' })
  closedAt!: string | null;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@ObjectType({
  description: 'A grant, or the key of a system, as it was when the campaign began, and what its reviewer said.',
})
export class AccessReviewItem {
  @Field(() => ID, { description: 'Id of the item.' })
  id!: string;

  @Field(() => AccessReview, { nullable: true, description: 'The campaign. For those who may see it.' })
  accessReview!: AccessReview | null;

  @Field(() => RoleGrant, { nullable: true, description: 'The grant as it is now. For those who may see it.' })
  roleGrant!: RoleGrant | null;

  @Field(() => ApiKey, {
    nullable: true,
    description: 'Where it is no grant: the key of a system as it is now. For those who may see it.',
  })
  apiKey!: ApiKey | null;

  @Field(() => User, { nullable: true, description: 'Who holds it.' })
  user!: User | null;

  @Field(() => RoleEnum, { nullable: true, description: 'The role; null where it is the key of a system.' })
  role!: RoleName | null;

  @Field(() => [String], { nullable: true, description: 'Of a key: what it may be used for. Null: it is a grant.' })
  scopes!: string[] | null;

  @Field(() => ID, { nullable: true, description: 'The account that it holds over; null: all.' })
  accountId!: string | null;

  @Field(() => ID, { nullable: true, description: 'The LOB that it holds over; null: all.' })
  lobId!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ends by itself.' })
  endsAt!: string | null;

  @Field(() => DateTimeScalar, { description: 'Since when it is held.' })
  grantedAt!: string;

  @Field(() => User, { nullable: true, description: 'Who proposed the grant, or made the key.' })
  grantedBy!: User | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'When its user last did something or signed in since they have it, or a key was used, as of the start. Null: never.',
  })
  lastUsedAt!: string | null;

  @Field(() => User, { nullable: true, description: 'Who is asked: never the same person.' })
  reviewer!: User | null;

  @Field(() => ReviewVerdictEnum, { nullable: true, description: 'What was said; null: nothing yet.' })
  verdict!: ReviewVerdict | null;

  @Field(() => String, { nullable: true, description: 'Why.' })
  reason!: string | null;

  @Field(() => User, { nullable: true, description: 'Who said it; null also where nobody answered in time.' })
  decidedBy!: User | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When.' })
  decidedAt!: string | null;

  @Field(() => ID, { nullable: true, description: 'Of REDUCE: the account that is left.' })
  reduceToAccountId!: string | null;

  @Field(() => ID, { nullable: true, description: 'Of REDUCE: the LOB that is left.' })
  reduceToLobId!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Of REDUCE: when what is left ends.' })
  reduceToEndsAt!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When what follows was proposed, or could not be.' })
  remediedAt!: string | null;

  @Field(() => [ID], { description: 'The change requests that follow from it.' })
  changeRequestIds!: string[];

  @Field(() => String, { nullable: true, description: 'Why they could not be proposed: a refusal’s code.' })
  remedyCode!: string | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => DateTimeScalar, { description: 'When the campaign began.' })
  createdAt!: string;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which campaigns.' })
export class AccessReviewFilter {
  @Field(() => Boolean, { nullable: true, description: 'Whether it is not closed yet.' })
  open?: boolean | null;
}

@InputType({ description: 'Which items: all that is given must hold.' })
export class AccessReviewItemFilter {
  @Field(() => ID, { nullable: true, description: 'Of this campaign.' })
  accessReviewId?: string | null;

  @Field(() => ID, { nullable: true, description: 'That this user is asked about.' })
  reviewerId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of what this user holds.' })
  userId?: string | null;

  @Field(() => ReviewVerdictEnum, { nullable: true, description: 'Of which this was said.' })
  verdict?: ReviewVerdict | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether anything was said.' })
  decided?: boolean | null;
}

export const AccessReviewOrder = orderEnum('AccessReviewOrder', ['CREATED_AT', 'DUE_AT']);
export const AccessReviewConnection = connectionOf(() => AccessReview, 'AccessReview');
export const AccessReviewsArgs = connectionArgs(AccessReviewFilter, AccessReviewOrder);

export const AccessReviewItemOrder = orderEnum('AccessReviewItemOrder', ['CREATED_AT']);
export const AccessReviewItemConnection = connectionOf(() => AccessReviewItem, 'AccessReviewItem');
export const AccessReviewItemsArgs = connectionArgs(AccessReviewItemFilter, AccessReviewItemOrder);

export const EvidenceFormatEnum = { JSON: 'JSON', CSV: 'CSV' } as const;
registerEnumType(EvidenceFormatEnum, {
  name: 'EvidenceFormat',
  description: 'How evidence is written.',
  valuesConfig: { JSON: { description: 'For programs: RFC 8785.' }, CSV: { description: 'For people.' } },
});

@ObjectType({ description: 'All that was reviewed and said in a campaign.' })
export class AccessReviewEvidence {
  @Field({ description: 'The file.' })
  content!: string;

  @Field({ description: 'SHA-256 of it, in hex: the one that the event `accessReview.closed` tells.' })
  digest!: string;
}
