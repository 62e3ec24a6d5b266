import { IsIn, MaxLength } from 'class-validator';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { DateTimeScalar } from '../platform/scalars';
import { RoleEnum } from './grant-role';
import type { RoleName } from './permissions';

export const BucketEnum = { DAY: 'DAY', WEEK: 'WEEK', MONTH: 'MONTH' } as const;
registerEnumType(BucketEnum, {
  name: 'Bucket',
  description: 'How a range of time is cut, in UTC.',
  valuesConfig: {
    DAY: { description: 'By days.' },
    WEEK: { description: 'By weeks that begin on Monday.' },
    MONTH: { description: 'By months.' },
  },
});

@InputType({ description: 'A range of time, and how it is cut: at most 1000 pieces.' })
export class MetricsRangeInput {
  @MaxLength(40)
  @Field(() => DateTimeScalar, { description: 'The first instant.' })
  from!: string;

  @MaxLength(40)
  @Field(() => DateTimeScalar, { description: 'The first instant that does not belong to it any more.' })
  to!: string;

  @IsIn(Object.keys(BucketEnum))
  @Field(() => BucketEnum, { description: 'How it is cut.' })
  bucket!: keyof typeof BucketEnum;
}

@ObjectType({ description: 'What the trail tells of access within a piece of time.' })
export class AccessMetrics {
  @Field(() => DateTimeScalar, { description: 'When the piece begins, whether or not the range began later.' })
  startsAt!: string;

  @Field(() => Int, { description: 'Sessions that were opened.' })
  signIns!: number;

  @Field(() => Int, { description: 'Tries to sign in that were refused.' })
  signInsRefused!: number;

  @Field(() => Int, { description: 'Sensitive values that somebody saw.' })
  reveals!: number;

  @Field(() => Int, { description: 'Sensitive values that somebody asked to see and was refused.' })
  revealsRefused!: number;

  @Field(() => Int, { description: 'Exceptions from the matrix of duties that were allowed.' })
  dutyExceptions!: number;

  @Field(() => Int, { description: 'Changes for which the glass was broken.' })
  glassBroken!: number;

  @Field(() => Int, { description: 'Roles that were granted.' })
  rolesGranted!: number;

  @Field(() => Int, { description: 'Roles that were revoked, or ended by themselves.' })
  rolesEnded!: number;
}

@ObjectType({ description: 'A grant by which somebody could do something at an instant.' })
export class CouldDo {
  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @Field({ description: 'Their name.' })
  name!: string;

  @Field(() => RoleEnum, { description: 'The role by which they could.' })
  role!: RoleName;

  @Field(() => ID, { nullable: true, description: 'Over this account alone.' })
  accountId!: string | null;

  @Field(() => ID, { nullable: true, description: 'Over this LOB of it alone.' })
  lobId!: string | null;

  @Field(() => ID, { description: 'Id of the grant.' })
  roleGrantId!: string;

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  grantedAt!: string;

  @Field(() => ID, { nullable: true, description: 'Who proposed it; null for the first users of an installation.' })
  grantedById!: string | null;

  @Field(() => ID, { nullable: true, description: 'Who approved it, by the trail.' })
  approvedById!: string | null;
}

@ObjectType({ description: 'That somebody saw a sensitive value.' })
export class ValueReveal {
  @Field(() => ID, { description: 'Id of the event.' })
  auditEventId!: string;

  @Field(() => DateTimeScalar, { description: 'When.' })
  at!: string;

  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @Field({ description: 'Their name.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Which field; null where the content of the event was dropped.' })
  field!: string | null;

  @Field(() => String, { nullable: true, description: 'What for.' })
  purpose!: string | null;

  @Field(() => String, { nullable: true, description: 'Why.' })
  reason!: string | null;
}

@ObjectType({ description: 'Somebody who can sign in and has not been seen for long.' })
export class DormantUser {
  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @Field({ description: 'Their name.' })
  name!: string;

  @Field(() => [String], { description: 'The roles that they hold.' })
  roles!: string[];

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When they last did something or signed in; null: never.',
  })
  lastUsedAt!: string | null;

  @Field(() => Int, {
    description: 'For how many whole days they have not been seen; since they were created, if never.',
  })
  days!: number;
}
