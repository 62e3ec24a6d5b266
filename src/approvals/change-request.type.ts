import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { AuditOutcome } from '../audit/event.type';
import { FieldChange } from '../platform/field-change.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { Money } from '../platform/money.type';
import { waitsAs } from '../platform/payload.type';
import { DateTimeScalar, JsonScalar } from '../platform/scalars';
import { DeceptiveText } from './deceptive-text.type';
import { ApproverWarning, ChangeRequestStep } from './approval-step.type';

export enum ChangeRequestStatus {
  PENDING = 'PENDING',
  RETURNED = 'RETURNED',
  EXECUTED = 'EXECUTED',
  REJECTED = 'REJECTED',
  WITHDRAWN = 'WITHDRAWN',
  EXPIRED = 'EXPIRED',
  STALE = 'STALE',
  FAILED = 'FAILED',
}
registerEnumType(ChangeRequestStatus, {
  name: 'ChangeRequestStatus',
  description: 'Where a change request stands.',
  valuesConfig: {
    PENDING: { description: 'Waits for a decision.' },
    RETURNED: { description: 'Sent back to its maker for rework.' },
    EXECUTED: { description: 'Approved, and carried out in the same transaction.' },
    REJECTED: { description: 'Refused by an approver, with a reason.' },
    WITHDRAWN: { description: 'Taken back by its maker.' },
    EXPIRED: { description: 'Nobody decided in time.' },
    STALE: { description: 'What it is about changed after it was proposed, so an approval was refused.' },
    FAILED: { description: 'It was approved but could not be carried out any more; nothing changed.' },
  },
});

export enum Verdict {
  APPROVED = 'APPROVED',
  REJECTED = 'REJECTED',
  RETURNED = 'RETURNED',
}
registerEnumType(Verdict, {
  name: 'Verdict',
  description: 'What a decision said.',
  valuesConfig: {
    APPROVED: { description: 'Yes.' },
    REJECTED: { description: 'No.' },
    RETURNED: { description: 'Not like this: the maker may revise it.' },
  },
});

@ObjectType({ description: 'What somebody said to a change request.' })
export class Decision {
  @Field(() => ID, { description: 'Id of the decision.' })
  id!: string;

  @Field(() => Verdict, { description: 'Yes, no, or not like this.' })
  verdict!: Verdict;

  @Field(() => User, { nullable: true, description: 'Who decided.' })
  decidedBy!: User | null;

  @Field(() => User, { nullable: true, description: 'For whom, where they stood in for another.' })
  onBehalfOf!: User | null;

  @Field(() => Int, { description: 'The revision that was decided.' })
  revision!: number;

  @Field(() => Int, { description: 'The step of the request that it is about, from 1 on.' })
  step!: number;

  @Field(() => String, { nullable: true, description: 'What they said to it.' })
  comment!: string | null;

  @Field(() => DateTimeScalar, { description: 'When.' })
  at!: string;
}

@ObjectType({ description: 'What a change request asked for before its maker revised it.' })
export class ChangeRequestRevision {
  @Field(() => ID, { description: 'Id of the revision.' })
  id!: string;

  @Field(() => Int, { description: 'Its number: 1, 2, 3 …' })
  revision!: number;

  @Field({ description: 'What decisions on it were bound to.' })
  digest!: string;

  @Field(() => JsonScalar, { description: 'The input of the operation, masked.' })
  input!: unknown;

  @Field(() => [FieldChange], { description: 'What would have changed, masked.' })
  changes!: FieldChange[];

  @Field(() => String, { nullable: true, description: 'Why the maker wanted it.' })
  reason!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was revised, and so no longer waited.' })
  revisedAt!: string;
}

@ObjectType({ description: 'Something that happened to a change request, or was done by it.' })
export class ChangeRequestMoment {
  @Field(() => ID, { description: 'Id of the event in the trail that tells of it.' })
  id!: string;

  @Field(() => DateTimeScalar, { description: 'When.' })
  at!: string;

  @Field({ description: 'What: `changeRequest.proposed`, or what carrying it out did (`invoice.voided`).' })
  action!: string;

  @Field(() => AuditOutcome, { description: 'Done, or refused where the refusal ended the request.' })
  outcome!: AuditOutcome;

  @Field(() => User, { nullable: true, description: 'Who did it; null for the house’s own clock.' })
  actor!: User | null;

  @Field(() => User, { nullable: true, description: 'For whom, where somebody acted for another.' })
  onBehalfOf!: User | null;

  @Field(() => String, { nullable: true, description: 'Why, in their words.' })
  reason!: string | null;

  @Field(() => String, { nullable: true, description: 'Code of the refusal.' })
  code!: string | null;
}

@ObjectType({ description: 'A change that waits, or waited, for a second person.' })
export class ChangeRequest {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @Field({ description: 'The operation that is carried out on approval: `invoice.void`.' })
  operation!: string;

  @Field(() => ChangeRequestStatus, { description: 'Where it stands; EXPIRED from the instant on that it expires.' })
  status!: ChangeRequestStatus;

  @Field(() => Int, { description: 'Raised with each rework by its maker.' })
  revision!: number;

  @Field({ description: 'Keyed digest of all that an approval is bound to, 64 hex digits. Send it back to approve.' })
  digest!: string;

  @Field({ description: 'Type of what it is about.' })
  subjectType!: string;

  @Field(() => ID, { nullable: true, description: 'Id of what it is about; null for what does not exist yet.' })
  subjectId!: string | null;

  @Field(() => JsonScalar, { description: 'The input of the operation, masked.' })
  input!: unknown;

  @Field(() => [FieldChange], { description: 'What would change, masked.' })
  changes!: FieldChange[];

  @Field(() => [DeceptiveText], {
    description: 'Which of the texts in its changes and its reason could deceive whoever reads them, made visible.',
  })
  deceptiveTexts!: DeceptiveText[];

  @Field(() => User, { nullable: true, description: 'Who proposed it.' })
  maker!: User | null;

  @Field(() => String, { nullable: true, description: 'Why the maker wants it.' })
  reason!: string | null;

  @Field(() => [ChangeRequestStep], { description: 'Whose yes it needs, and how far that is.' })
  steps!: ChangeRequestStep[];

  @Field(() => [String], { description: 'Holders of any of these roles may decide now, except for the maker.' })
  approverRoles!: string[];

  @Field(() => [ID], { description: 'Ids of users who may decide now, whatever their roles.' })
  approverIds!: string[];

  @Field(() => User, {
    nullable: true,
    description: 'The one whose turn it is alone, as long as they could decide it; null: any of them.',
  })
  assignee!: User | null;

  @Field(() => Money, { nullable: true, description: 'What is at stake; null: no money, or none that is told.' })
  amount!: Money | null;

  @Field(() => [ApproverWarning], { description: 'What was amiss with those who could decide when it was made.' })
  warnings!: string[];

  @Field(() => DateTimeScalar, { description: 'When it was proposed.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it expires.' })
  expiresAt!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it stopped waiting.' })
  closedAt!: string | null;

  @Field(() => [Decision], { description: 'What was said to it, earliest first. It counts for its revision alone.' })
  decisions!: Decision[];

  @Field(() => [ChangeRequestRevision], { description: 'What it asked for before it was revised, earliest first.' })
  revisions!: ChangeRequestRevision[];

  @Field(() => [ChangeRequestMoment], { description: 'All that happened to it, earliest first.' })
  timeline!: ChangeRequestMoment[];

  @Field({ description: 'Whether the viewer may decide it now.' })
  canDecide!: boolean;

  @Field(() => String, { nullable: true, description: 'Why it became STALE or FAILED: the code of a refusal.' })
  failureCode!: string | null;

  @Field(() => JsonScalar, { nullable: true, description: 'Ids of what carrying it out made or touched.' })
  result!: unknown;
}

waitsAs(() => ChangeRequest);

@InputType({ description: 'Which change requests: all that is given must hold.' })
export class ChangeRequestFilter {
  @Field(() => ChangeRequestStatus, { nullable: true, description: 'Where it stands.' })
  status?: ChangeRequestStatus | null;

  @Field(() => String, { nullable: true, description: 'Of this operation.' })
  operation?: string | null;

  @Field(() => String, { nullable: true, description: 'Type of what it is about.' })
  subjectType?: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of what it is about.' })
  subjectId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Who proposed it.' })
  makerId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The client account that it concerns.' })
  accountId?: string | null;
}

export const ChangeRequestOrder = orderEnum('ChangeRequestOrder', ['CREATED_AT', 'EXPIRES_AT']);
export const ChangeRequestConnection = connectionOf(() => ChangeRequest, 'ChangeRequest');
export const ChangeRequestsArgs = connectionArgs(ChangeRequestFilter, ChangeRequestOrder);
