import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Money } from '../platform/money.type';
import type { Freshness, Risk } from './approval-policy.entity';
import { ApprovalStep } from './approval-step.type';
import { FreshnessEnum, RiskEnum } from './policy-terms';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { ChangeRequest } from './change-request.type';

@ObjectType({ description: 'When an operation needs other people, and whom.' })
export class ApprovalPolicy {
  @Field(() => ID, { description: 'Id of the policy.' })
  id!: string;

  @Field({ description: 'The operation that it is about: `invoice.void`.' })
  operation!: string;

  @Field({ description: 'Which of the operation’s policies: `standard`.' })
  name!: string;

  @Field({ description: 'Whether it applies.' })
  active!: boolean;

  @Field(() => Int, {
    nullable: true,
    description: 'Those with a tier chain, the lowest first; null: it stands for itself.',
  })
  tier!: number | null;

  @Field(() => [ApprovalStep], { description: 'Whose yes is needed.' })
  steps!: ApprovalStep[];

  @Field(() => [String], { description: 'All roles of its steps.' })
  approverRoles!: string[];

  @Field(() => [String], {
    nullable: true,
    description: 'Only when one of these fields would change; null: whichever.',
  })
  whenFields!: string[] | null;

  @Field(() => Money, {
    nullable: true,
    description: 'Only above this amount; null: whatever the amount, or above zero where `whenAmountPositive`.',
  })
  whenAmountAbove!: Money | null;

  @Field({ description: 'Only when money is at stake at all: an amount above zero in any currency.' })
  whenAmountPositive!: boolean;

  @Field(() => [ID], { nullable: true, description: 'Only about one of these accounts; null: whichever.' })
  whenAccountIds!: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Only about one of these LOBs; null: whichever.' })
  whenLobIds!: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Only of one of these categories; null: whichever.' })
  whenCategories!: string[] | null;

  @Field(() => RiskEnum, { nullable: true, description: 'Only at this risk or a higher one; null: whatever the risk.' })
  whenRiskAtLeast!: Risk | null;

  @Field(() => FreshnessEnum, { description: 'What makes a request stale.' })
  freshness!: Freshness;

  @Field(() => Int, { description: 'How many hours a request waits before it expires.' })
  expiresAfterHours!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Every how many hours those who may decide are reminded; null: never.',
  })
  remindAfterHours!: number | null;

  @Field(() => Int, { nullable: true, description: 'After how many hours others may decide, too; null: never.' })
  escalateAfterHours!: number | null;

  @Field(() => [String], { nullable: true, description: 'Those others: holders of any of these roles.' })
  escalateToRoles!: string[] | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, {
    description: 'Raised by one with each change; a request keeps the version that it was made under.',
  })
  version!: number;
}

@InputType({ description: 'Which policies: all that is given must hold.' })
export class ApprovalPolicyFilter {
  @Field(() => String, { nullable: true, description: 'Of this operation.' })
  operation?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it applies.' })
  active?: boolean | null;
}

export const ApprovalPolicyOrder = orderEnum('ApprovalPolicyOrder', ['OPERATION']);
export const ApprovalPolicyConnection = connectionOf(() => ApprovalPolicy, 'ApprovalPolicy');
export const ApprovalPoliciesArgs = connectionArgs(ApprovalPolicyFilter, ApprovalPolicyOrder);
