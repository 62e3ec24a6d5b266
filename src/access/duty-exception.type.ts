import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import { DUTIES, type Duty, dutyNames } from './duty.rules';
import { User } from './user.type';

export const DutyEnum = Object.fromEntries(dutyNames.map((duty) => [duty, duty])) as Record<Duty, Duty>;
registerEnumType(DutyEnum, {
  name: 'Duty',
  description: 'Something that somebody answers for, and that must not meet with some others in one person.',
  valuesConfig: Object.fromEntries(dutyNames.map((duty) => [duty, { description: DUTIES[duty].summary }])),
});

@ObjectType({ description: 'That two duties may meet in one person for a time, and who answers for it.' })
export class DutyException {
  @Field(() => ID, { description: 'Id of the exception.' })
  id!: string;

  @Field(() => User, { nullable: true, description: 'In whom they may meet: all users of their person.' })
  user!: User | null;

  @Field(() => DutyEnum, { description: 'The one duty.' })
  duty!: Duty;

  @Field(() => DutyEnum, { description: 'The other.' })
  otherDuty!: Duty;

  @Field(() => Int, { description: 'The version of the matrix that it is an exception from.' })
  matrixVersion!: number;

  @Field(() => User, { nullable: true, description: 'Who answers for it.' })
  owner!: User | null;

  @Field({ description: 'Why.' })
  reason!: string;

  @Field({ description: 'Whether it holds now.' })
  running!: boolean;

  @Field(() => User, { nullable: true, description: 'Who proposed it.' })
  allowedBy!: User | null;

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, { description: 'The first instant at which it holds no longer.' })
  endsAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When somebody ended it before.' })
  endedAt!: string | null;

  @Field(() => User, { nullable: true, description: 'Who did.' })
  endedBy!: User | null;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which exceptions: all that is given must hold.' })
export class DutyExceptionFilter {
  @Field(() => ID, { nullable: true, description: 'For this user, as it was asked for.' })
  userId?: string | null;

  @Field(() => ID, { nullable: true, description: 'That this user answers for.' })
  ownerId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it holds now.' })
  running?: boolean | null;
}

export const DutyExceptionOrder = orderEnum('DutyExceptionOrder', ['CREATED_AT', 'ENDS_AT']);
export const DutyExceptionConnection = connectionOf(() => DutyException, 'DutyException');
export const DutyExceptionsArgs = connectionArgs(DutyExceptionFilter, DutyExceptionOrder);

@ObjectType({ description: 'Two duties that must not meet in one person.' })
export class DutyPair {
  @Field(() => DutyEnum, { description: 'The one duty.' })
  duty!: Duty;

  @Field(() => DutyEnum, { description: 'The other.' })
  otherDuty!: Duty;

  @Field({ description: 'Why they are kept apart.' })
  reason!: string;

  @Field(() => [String], { description: 'The roles that have the one.' })
  roles!: string[];

  @Field(() => [String], { description: 'The roles that have the other.' })
  otherRoles!: string[];

  @Field(() => Int, { description: 'The version of the matrix that says so.' })
  matrixVersion!: number;
}

@ObjectType({ description: 'Two duties that met in one person at an instant.' })
export class DutyConflict {
  @Field(() => [ID], { description: 'The users of the person, the first of them first.' })
  userIds!: string[];

  @Field({ description: 'The name of the first of them.' })
  name!: string;

  @Field(() => DutyEnum, { description: 'The one duty.' })
  duty!: Duty;

  @Field(() => DutyEnum, { description: 'The other.' })
  otherDuty!: Duty;

  @Field({ description: 'The role that has the one.' })
  role!: string;

  @Field({ description: 'The role that has the other.' })
  otherRole!: string;

  @Field(() => ID, { nullable: true, description: 'The exception that allowed it then; null: nothing did.' })
  dutyExceptionId!: string | null;
}
