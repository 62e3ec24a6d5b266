import { Field, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { LocalDateScalar } from '../platform/scalars';
import { Code, Text } from '../platform/text';
import { Agent } from './agent.entity';

@InputType({ description: 'An agent who begins to work.' })
export class HireAgentInput extends Input {
  @Code()
  @Field({ description: 'Short code, unique: letters, digits, and `-`, `_` or `.` behind the first; at most 40.' })
  code!: string;

  @Text(200)
  @Field({ description: 'Name, as colleagues know them.' })
  name!: string;

  @Field(() => LocalDateScalar, { description: 'First business date at work.' })
  hiredOn!: string;
}

export const hireAgent = operation({
  name: 'agent.hire',
  subject: 'Agent',
  summary: 'Hire an agent',
  lock: async (_tx, _input: HireAgentInput) => ({}),
  authorize: (may) => may.create('hire', 'Agent'),
  decide: (_state, { code, name, hiredOn }, { newId }) => ({ id: newId(), code, name: name.trim(), hiredOn }),
  save: (tx, agent) => tx.insert(Agent, agent as Agent),
  record: (agent) => ({
    action: 'agent.hired',
    subjectId: agent.id,
    changes: (['code', 'name', 'hiredOn'] as const).map((path) => ({ path, before: null, after: agent[path] })),
  }),
  facts: () => ({ accountId: null }),
});
