import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ChangeRequest } from '../approvals/change-request.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { LocalDateScalar } from '../platform/scalars';
import { Lob } from './lob.type';

@ObjectType({ description: 'An agent’s work on a line of business, from a date until another.' })
export class Assignment {
  @Field(() => ID, { description: 'Id of the assignment.' })
  id!: string;

  @Field(() => Agent, { nullable: true, description: 'Who works.' })
  agent!: Agent | null;

  @Field(() => Lob, { nullable: true, description: 'On what.' })
  lob!: Lob | null;

  @Field(() => LocalDateScalar, { description: 'First date.' })
  startsOn!: string;

  @Field(() => LocalDateScalar, {
    nullable: true,
    description: 'The first date that does not belong to it any more; null while it lasts.',
  })
  endsOn!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it ended.' })
  endReason!: string | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@ObjectType({ description: 'Somebody who handles calls.' })
export class Agent {
  @Field(() => ID, { description: 'Id of the agent.' })
  id!: string;

  @Field({ description: 'Short code for people, unique.' })
  code!: string;

  @Field({ description: 'Name, as colleagues know them.' })
  name!: string;

  @Field(() => LocalDateScalar, { description: 'First business date at work.' })
  hiredOn!: string;

  @Field(() => [Assignment], { description: 'Every assignment, earliest first.' })
  assignments!: Assignment[];

  @Field(() => Lob, { nullable: true, description: 'What they work on today; null when they are free.' })
  currentLob!: Lob | null;

  @Field(() => [ChangeRequest], { description: 'Changes to them that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which agents: all that is given must hold.' })
export class AgentFilter {
  @Field(() => String, { nullable: true, description: 'Whose code or name contains this, whatever its case.' })
  search?: string | null;

  @Field(() => ID, { nullable: true, description: 'Who work on this LOB today.' })
  lobId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Who have no assignment today (true), or have one (false).' })
  free?: boolean | null;
}

export const AgentOrder = orderEnum('AgentOrder', ['CODE', 'NAME']);
export const AgentConnection = connectionOf(() => Agent, 'Agent');
export const AgentsArgs = connectionArgs(AgentFilter, AgentOrder);
