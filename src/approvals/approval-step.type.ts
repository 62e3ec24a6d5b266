import { ArrayMaxSize, ArrayUnique, IsOptional, Max, MaxLength, Min } from 'class-validator';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { RoleEnum } from '../access/grant-role';
import type { RoleName } from '../access/permissions';

export const ApproverWarning = {
  NO_APPROVER: 'NO_APPROVER',
  TOO_FEW_APPROVERS: 'TOO_FEW_APPROVERS',
  ABOVE_EVERY_LIMIT: 'ABOVE_EVERY_LIMIT',
} as const;
export type Warning = keyof typeof ApproverWarning;
registerEnumType(ApproverWarning, {
  name: 'ApproverWarning',
  description: 'What is amiss with those who could decide a change request.',
  valuesConfig: {
    NO_APPROVER: { description: 'Nobody holds a role that its policy asks for, but for its maker.' },
    TOO_FEW_APPROVERS: { description: 'Fewer people than a step needs.' },
    ABOVE_EVERY_LIMIT: { description: 'It is above the limit of everybody who could decide.' },
  },
});

export enum ApprovalStepState {
  DONE = 'DONE',
  OPEN = 'OPEN',
  LATER = 'LATER',
}
registerEnumType(ApprovalStepState, {
  name: 'ApprovalStepState',
  description: 'Where a step stands.',
  valuesConfig: {
    DONE: { description: 'It has its quorum.' },
    OPEN: { description: 'It can be decided now, if the request waits.' },
    LATER: { description: 'Steps of an earlier stage come first.' },
  },
});

@ObjectType({ description: 'Whose yes is needed.' })
export class ApprovalStep {
  @Field(() => Int, { description: 'Steps of one stage are open together; the next stage comes when all are done.' })
  stage!: number;

  @Field(() => String, { nullable: true, description: 'What it is called.' })
  name!: string | null;

  @Field(() => [String], { description: 'Holders of any of these roles.' })
  roles!: string[];

  @Field(() => [ID], { description: 'Ids of users who may, too, whatever their roles.' })
  people!: string[];

  @Field(() => Int, { description: 'So many of them.' })
  quorum!: number;
}

@ObjectType({ description: 'A step of a change request, as it is now.' })
export class ChangeRequestStep extends ApprovalStep {
  @Field(() => Int, { description: 'Its number, from 1 on: decisions name it.' })
  step!: number;

  @Field(() => Int, {
    description:
      'How many said yes to this revision, and could say so again now: a role that was revoked since counts no more.',
  })
  approvals!: number;

  @Field(() => ApprovalStepState, { description: 'Where it stands.' })
  state!: ApprovalStepState;
}

@InputType({ description: 'Whose yes is needed.' })
export class ApprovalStepInput {
  @Min(1)
  @Max(10)
  @Field(() => Int, {
    defaultValue: 1,
    description: 'Steps of one stage are open together; the next stage comes when all are done. 1 to 10.',
  })
  stage!: number;

  @IsOptional()
  @MaxLength(100)
  @Field(() => String, { nullable: true, description: 'What to call it.' })
  name?: string | null;

  @ArrayUnique()
  @Field(() => [RoleEnum], { defaultValue: [], description: 'Holders of any of these roles.' })
  roles!: RoleName[];

  @ArrayUnique()
  @ArrayMaxSize(50)
  @Field(() => [ID], { defaultValue: [], description: 'Ids of users who may, too, whatever their roles.' })
  people!: string[];

  @Min(1)
  @Max(10)
  @Field(() => Int, { defaultValue: 1, description: 'So many of them, 1 to 10.' })
  quorum!: number;
}
