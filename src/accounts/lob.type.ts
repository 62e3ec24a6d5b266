import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ChangeRequest } from '../approvals/change-request.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import { Account, AccountStatus } from './account.type';

@ObjectType({ description: 'A line of business: a service that is run for an account.' })
export class Lob {
  @Field(() => ID, { description: 'Id of the LOB.' })
  id!: string;

  @Field({ description: 'Short code for people, unique within its account.' })
  code!: string;

  @Field({ description: 'What the service is.' })
  name!: string;

  @Field(() => AccountStatus, { description: 'Whether it is open.' })
  status!: AccountStatus;

  @Field(() => Account, { nullable: true, description: 'The account that it is run for.' })
  account!: Account | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => DateTimeScalar, { description: 'When it was opened.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was closed.' })
  closedAt!: string | null;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which lines of business: all that is given must hold.' })
export class LobFilter {
  @Field(() => ID, { nullable: true, description: 'Of this account.' })
  accountId?: string | null;

  @Field(() => String, { nullable: true, description: 'With exactly this code.' })
  code?: string | null;

  @Field(() => AccountStatus, { nullable: true, description: 'Whether they are open.' })
  status?: AccountStatus | null;
}

export const LobOrder = orderEnum('LobOrder', ['CODE', 'CREATED_AT']);
export const LobConnection = connectionOf(() => Lob, 'Lob');
export const LobsArgs = connectionArgs(LobFilter, LobOrder);
