import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { LocalDateScalar } from '../platform/scalars';
import { Agent } from './agent.entity';
import { Assignment } from './assignment.entity';
import { assertHired, assertLobOpen } from './assignment.rules';
import { Lob } from './lob.entity';

@InputType({ description: 'An agent to work on a LOB from a date.' })
export class AssignAgentInput extends Input {
  @Field(() => ID, { description: 'Id of the agent.' })
  agentId!: string;

  @Field(() => ID, { description: 'Id of the LOB.' })
  lobId!: string;

  @Field(() => LocalDateScalar, { description: 'First date, in the zone of the LOB’s account.' })
  startsOn!: string;
}

/** That no two assignments of an agent overlap is the database's to refuse: ASSIGNMENT_OVERLAPS. */
export const assignAgent = operation({
  name: 'agent.assign',
  subject: 'Agent',
  summary: 'Assign an agent to a line of business',
  lock: async (tx, input: AssignAgentInput) => ({
    agent: await tx.lock(Agent, input.agentId),
    lob: await tx.lock(Lob, input.lobId),
  }),
  authorize: (may, { agent, lob }) => {
    may('read', lob);
    may('assign', agent);
  },
  decide: ({ agent, lob }, { startsOn }, { newId }) => {
    assertLobOpen(lob);
    assertHired(agent.hiredOn, startsOn);
    return { id: newId(), agentId: agent.id, lobId: lob.id, startsOn, endsOn: null, endReason: null };
  },
  save: async (tx, assignment, { agent }) => {
    await tx.update(agent, {});
    await tx.insert(Assignment, assignment as Assignment);
    return { assignment: assignment.id };
  },
  record: (assignment, { agent, lob }) => ({
    action: 'agent.assigned',
    subjectId: agent.id,
    changes: [
      { path: 'assignment', before: null, after: assignment.id },
      { path: 'lob', before: null, after: lob.id },
      { path: 'startsOn', before: null, after: assignment.startsOn },
    ],
  }),
  facts: (_assignment, { lob }) => ({ accountId: lob.accountId, lobId: lob.id, lobIds: [lob.id] }),
});
