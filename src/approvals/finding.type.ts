import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import { ChangeRequest } from './change-request.type';

export enum FindingKind {
  BREAK_GLASS = 'BREAK_GLASS',
}
registerEnumType(FindingKind, {
  name: 'FindingKind',
  description: 'What was found.',
  valuesConfig: {
    BREAK_GLASS: { description: 'A change was carried out in an emergency, without all the decisions that it needed.' },
  },
});

export enum FindingVerdict {
  JUSTIFIED = 'JUSTIFIED',
  NOT_JUSTIFIED = 'NOT_JUSTIFIED',
}
registerEnumType(FindingVerdict, {
  name: 'FindingVerdict',
  description: 'What a review of a finding came to.',
  valuesConfig: {
    JUSTIFIED: { description: 'It could not wait.' },
    NOT_JUSTIFIED: { description: 'It could have waited.' },
  },
});

@ObjectType({ description: 'Something that another person has to look at afterwards, within a day.' })
export class Finding {
  @Field(() => ID, { description: 'Id of the finding.' })
  id!: string;

  @Field(() => FindingKind, { description: 'What was found.' })
  kind!: FindingKind;

  @Field(() => ChangeRequest, { nullable: true, description: 'The change request that was carried out.' })
  changeRequest!: ChangeRequest | null;

  @Field(() => Int, { description: 'The revision of it.' })
  revision!: number;

  @Field(() => User, { nullable: true, description: 'Who broke the glass.' })
  raisedBy!: User | null;

  @Field({ description: 'Why it could not wait, in their words.' })
  reason!: string;

  @Field(() => DateTimeScalar, { description: 'When it was raised.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, { description: 'The first instant at which a review is late.' })
  dueAt!: string;

  @Field({ description: 'Whether nobody has reviewed it though it is due.' })
  overdue!: boolean;

  @Field(() => User, { nullable: true, description: 'Who reviewed it; null while nobody has.' })
  reviewedBy!: User | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When.' })
  reviewedAt!: string | null;

  @Field(() => FindingVerdict, { nullable: true, description: 'What that came to.' })
  verdict!: FindingVerdict | null;

  @Field(() => String, { nullable: true, description: 'What they said to it.' })
  comment!: string | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which findings: all that is given must hold.' })
export class FindingFilter {
  @Field(() => Boolean, { nullable: true, description: 'Whether somebody has reviewed it.' })
  reviewed?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether nobody has though it is due.' })
  overdue?: boolean | null;

  @Field(() => ID, { nullable: true, description: 'The change request that was carried out.' })
  changeRequestId?: string | null;
}

export const FindingOrder = orderEnum('FindingOrder', ['DUE_AT']);
export const FindingConnection = connectionOf(() => Finding, 'Finding');
export const FindingsArgs = connectionArgs(FindingFilter, FindingOrder);
