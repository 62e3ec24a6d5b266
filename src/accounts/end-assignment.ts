import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { LocalDateScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { Assignment } from './assignment.entity';
import { assertEndable, endOf } from './assignment.rules';
import { Lob } from './lob.entity';

@InputType({ description: 'Which assignment to end, when and why.' })
export class EndAssignmentInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the assignment.' })
  assignmentId!: string;

  @Field(() => LocalDateScalar, { description: 'The first date that does not belong to it any more.' })
  endsOn!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

export const endAssignment = operation({
  name: 'assignment.end',
  subject: 'Assignment',
  summary: 'End an assignment',
  lock: async (tx, input: EndAssignmentInput) => {
    const assignment = await tx.lock(Assignment, input.assignmentId);
    const [lob] = await tx.find(Lob, { id: assignment.lobId });
    return { assignment, accountId: lob!.accountId };
  },
  authorize: (may, { assignment }) => may('end', assignment),
  decide: ({ assignment }, { endsOn, reason }) => {
    assertEndable(assignment, endsOn);
    return endOf(assignment, endsOn, reason);
  },
  save: (tx, patch, { assignment }) => tx.update(assignment, patch),
  record: (patch, { assignment }, { reason }) => ({
    action: 'assignment.ended',
    subjectId: assignment.id,
    changes: [{ path: 'endsOn', before: assignment.endsOn, after: patch.endsOn }],
    reason,
  }),
  facts: (_patch, { assignment, accountId }) => ({ accountId, lobId: assignment.lobId, lobIds: [assignment.lobId] }),
});
