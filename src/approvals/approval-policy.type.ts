import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Money } from '../platform/money.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';

@ObjectType({ description: 'When an operation needs a second person, and whom.' })
export class ApprovalPolicy {
  @Field(() => ID, { description: 'Id of the policy.' })
  id!: string;

  @Field({ description: 'The operation that it is about: `invoice.void`.' })
  operation!: string;

  @Field({ description: 'Whether it applies.' })
  active!: boolean;

  @Field(() => [String], { description: 'Holders of any of these roles may decide.' })
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

  @Field(() => Int, { description: 'How many hours a request waits before it expires.' })
  expiresAfterHours!: number;

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
