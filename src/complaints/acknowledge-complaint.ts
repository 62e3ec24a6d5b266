import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Complaint } from './complaint.entity';
import { acknowledged, changesOf, factsOf } from './complaint.rules';

@InputType({ description: 'Which complaint to acknowledge.' })
export class AcknowledgeComplaintInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the complaint.' })
  complaintId!: string;
}

/** The customer was told that the complaint has arrived. */
export const acknowledgeComplaint = operation({
  name: 'complaint.acknowledge',
  subject: 'Complaint',
  summary: 'Acknowledge a complaint',
  lock: async (tx, input: AcknowledgeComplaintInput) => ({ complaint: await tx.lock(Complaint, input.complaintId) }),
  authorize: (may, { complaint }) => may('acknowledge', complaint),
  decide: ({ complaint }, _input, { now }) => acknowledged(complaint, now),
  save: (tx, patch, { complaint }) => tx.update(complaint, patch),
  record: (patch, { complaint }) => ({
    action: 'complaint.acknowledged',
    subjectId: complaint.id,
    changes: changesOf(complaint, patch),
  }),
  facts: (_patch, { complaint }) => factsOf(complaint),
});
