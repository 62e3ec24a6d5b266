import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { User } from '../access/user.type';
import { Money } from '../platform/money.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { ChangeRequest } from './change-request.type';

@ObjectType({ description: 'How much somebody may say yes to, in a currency; amounts in others are converted.' })
export class ApprovalLimit {
  @Field(() => ID, { description: 'Id of the limit.' })
  id!: string;

  @Field(() => User, { nullable: true, description: 'Whose it is. It holds for every user of the same person.' })
  user!: User | null;

  @Field({ description: 'ISO 4217 code.' })
  currency!: string;

  @Field(() => Money, { nullable: true, description: 'How much at once; null: without a limit.' })
  perRequest!: Money | null;

  @Field(() => Money, { nullable: true, description: 'How much over any 24 hours; null: without a limit.' })
  perDay!: Money | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which limits: all that is given must hold.' })
export class ApprovalLimitFilter {
  @Field(() => ID, { nullable: true, description: 'Of this user.' })
  userId?: string | null;

  @Field(() => String, { nullable: true, description: 'In this currency, as ISO 4217 code.' })
  currency?: string | null;
}

export const ApprovalLimitOrder = orderEnum('ApprovalLimitOrder', ['CREATED_AT']);
export const ApprovalLimitConnection = connectionOf(() => ApprovalLimit, 'ApprovalLimit');
export const ApprovalLimitsArgs = connectionArgs(ApprovalLimitFilter, ApprovalLimitOrder);
