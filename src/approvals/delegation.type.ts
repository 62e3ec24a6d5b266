import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { User } from '../access/user.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import { ChangeRequest } from './change-request.type';

@ObjectType({ description: 'That somebody stands in for another over change requests.' })
export class Delegation {
  @Field(() => ID, { description: 'Id of the delegation.' })
  id!: string;

  @Field(() => User, { nullable: true, description: 'Whose right it is.' })
  delegator!: User | null;

  @Field(() => User, { nullable: true, description: 'Who stands in.' })
  delegate!: User | null;

  @Field(() => DateTimeScalar, { description: 'From when on.' })
  startsAt!: string;

  @Field(() => DateTimeScalar, { description: 'The instant from which on it holds no longer.' })
  endsAt!: string;

  @Field(() => [String], { nullable: true, description: 'Over these operations alone; null: over all.' })
  operations!: string[] | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'Only over what concerns one of these accounts; null: whatever it concerns.',
  })
  accountIds!: string[] | null;

  @Field({ description: 'The delegator is away: nobody counts on them, and reminders go to whoever stands in.' })
  outOfOffice!: boolean;

  @Field({ description: 'Why.' })
  reason!: string;

  @Field({ description: 'Whether it holds now.' })
  running!: boolean;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was ended early.' })
  revokedAt!: string | null;

  @Field(() => User, { nullable: true, description: 'Who ended it early.' })
  revokedBy!: User | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, { description: 'Raised with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which delegations: all that is given must hold.' })
export class DelegationFilter {
  @Field(() => ID, { nullable: true, description: 'Whose right it is.' })
  delegatorId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Who stands in.' })
  delegateId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it holds now.' })
  running?: boolean | null;
}

export const DelegationOrder = orderEnum('DelegationOrder', ['CREATED_AT', 'ENDS_AT']);
export const DelegationConnection = connectionOf(() => Delegation, 'Delegation');
export const DelegationsArgs = connectionArgs(DelegationFilter, DelegationOrder);
