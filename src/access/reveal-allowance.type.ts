import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import { User } from './user.type';

@ObjectType({
  description: 'How many sensitive values somebody may see beyond those of every day, as two people said.',
})
export class RevealAllowance {
  @Field(() => ID, { description: 'Id of the allowance.' })
  id!: string;

  @Field(() => User, { nullable: true, description: 'Whose it is. It holds for every user of the same person.' })
  user!: User | null;

  @Field(() => Int, { description: 'How many values.' })
  reveals!: number;

  @Field(() => Int, { description: 'How many of them were drawn.' })
  used!: number;

  @Field(() => DateTimeScalar, { description: 'Until when.' })
  expiresAt!: string;

  @Field({ description: 'Whether something is left of it, and it is not over.' })
  usable!: boolean;

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  createdAt!: string;

  @Field(() => Int, { description: 'Raised by one with each value that is drawn.' })
  version!: number;
}

@InputType({ description: 'Which allowances: all that is given must hold.' })
export class RevealAllowanceFilter {
  @Field(() => ID, { nullable: true, description: 'Of this user.' })
  userId?: string | null;
}

export const RevealAllowanceOrder = orderEnum('RevealAllowanceOrder', ['CREATED_AT']);
export const RevealAllowanceConnection = connectionOf(() => RevealAllowance, 'RevealAllowance');
export const RevealAllowancesArgs = connectionArgs(RevealAllowanceFilter, RevealAllowanceOrder);
