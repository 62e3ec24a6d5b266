import { Arg, Args, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { agentRead } from './agent.read';
import { Agent, AgentConnection, AgentsArgs, Assignment } from './agent.type';
import { AssignAgentInput } from './assign-agent';
import { EndAssignmentInput } from './end-assignment';
import { HireAgentInput } from './hire-agent';
import { RequestAgentTransferInput } from './transfer-agent';

const HireAgentPayload = payloadType('HireAgentPayload', { agent: () => Agent });
const AssignAgentPayload = payloadType('AssignAgentPayload', { agent: () => Agent, assignment: () => Assignment });
const RequestAgentTransferPayload = payloadType('RequestAgentTransferPayload', {
  agent: () => Agent,
  assignment: () => Assignment,
});
const EndAssignmentPayload = payloadType('EndAssignmentPayload', { assignment: () => Assignment });

@Resolver()
export class AgentResolver {
  @Query(() => Agent, { nullable: true, description: 'An agent.' })
  agent(@Arg('id', () => ID, { description: 'Id of the agent.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(agentRead);
  }

  @Query(() => AgentConnection, { description: 'Agents, by code unless told.' })
  agents(@Args(() => AgentsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(agentRead);
  }

  @Mutation(() => HireAgentPayload, { description: 'Hires an agent.' })
  hireAgent(@Arg('input', { description: 'The agent.' }) input: HireAgentInput, @Ask() asked: Asked) {
    return asked.submit('agent.hire', input);
  }

  @Mutation(() => AssignAgentPayload, { description: 'Assigns an agent to a LOB from a date.' })
  assignAgent(@Arg('input', { description: 'Who, to what, from when.' }) input: AssignAgentInput, @Ask() asked: Asked) {
    return asked.submit('agent.assign', input);
  }

  @Mutation(() => RequestAgentTransferPayload, {
    description: 'Asks to move an agent to another LOB; by default it waits for a second person.',
  })
  requestAgentTransfer(
    @Arg('input', { description: 'Who, where to, from when and why.' }) input: RequestAgentTransferInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('agent.transfer', input);
  }

  @Mutation(() => EndAssignmentPayload, { description: 'Ends an assignment.' })
  endAssignment(
    @Arg('input', { description: 'Which one, when and why.' }) input: EndAssignmentInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('assignment.end', input);
  }
}
