import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { LocalDateScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { Agent } from './agent.entity';
import { Assignment } from './assignment.entity';
import { assertLobOpen, assertTransferable, endOf } from './assignment.rules';
import { Lob } from './lob.entity';

@InputType({ description: 'An agent to move to another LOB from a date.' })
export class RequestAgentTransferInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the agent.' })
  agentId!: string;

  @Field(() => ID, { description: 'Id of the LOB to move to.' })
  toLobId!: string;

  @Field(() => LocalDateScalar, { description: 'First date there.' })
  startsOn!: string;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** Ends where the agent works on that date and begins the new assignment on the same. By default it waits for approval. */
export const transferAgent = operation({
  name: 'agent.transfer',
  subject: 'Agent',
  summary: 'Transfer an agent to another line of business',
  mutation: 'requestAgentTransfer',
  lock: async (tx, input: RequestAgentTransferInput) => {
    // A LOB before its assignments, like whoever closes it: so nobody waits in a circle.
    const agent = await tx.lock(Agent, input.agentId);
    const lob = await tx.lock(Lob, input.toLobId);
    return { agent, lob, assignments: await tx.lockWhere(Assignment, { agentId: agent.id }) };
  },
  authorize: (may, { agent, lob }) => {
    may('read', lob);
    may('transfer', agent);
  },
  decide: ({ agent, lob, assignments }, { startsOn }, { newId }) => {
    assertLobOpen(lob);
    const from = assertTransferable(assignments, lob.id, startsOn);
    return {
      from,
      end: endOf(from, startsOn, 'transferred'),
      assignment: { id: newId(), agentId: agent.id, lobId: lob.id, startsOn, endsOn: null, endReason: null },
    };
  },
  save: async (tx, { from, end, assignment }, { agent }) => {
    await tx.update(agent, {});
    await tx.update(from, end);
    await tx.insert(Assignment, assignment as Assignment);
    return { assignment: assignment.id };
  },
  record: ({ from, assignment }, { agent, lob }, { reason }) => ({
    action: 'agent.transferred',
    subjectId: agent.id,
    changes: [
      { path: 'lob', before: from.lobId, after: lob.id },
      { path: 'startsOn', before: null, after: assignment.startsOn },
    ],
    reason,
  }),
  facts: ({ from }, { lob }) => ({ accountId: lob.accountId, lobIds: [from.lobId, lob.id] }),
});
