import { IsOptional } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { maskWords } from '../platform/masks';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { Complaint } from './complaint.entity';
import { changesOf, factsOf, resolved } from './complaint.rules';
import { ComplaintResolution } from './complaint.type';

@InputType({ description: 'Which complaint to resolve, and how.' })
export class ResolveComplaintInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the complaint.' })
  complaintId!: string;

  @Field(() => ComplaintResolution, { description: 'Whether the customer was right.' })
  resolution!: ComplaintResolution;

  @IsOptional()
  @Text(2000)
  @Field(() => String, {
    nullable: true,
    description: 'What was found and done. Card numbers and e-mail addresses in it are masked for good.',
  })
  note?: string | null;
}

/** Ends a complaint, and acknowledges it where nobody has. What was late stays late. */
export const resolveComplaint = operation({
  name: 'complaint.resolve',
  subject: 'Complaint',
  summary: 'Resolve a complaint',
  lock: async (tx, input: ResolveComplaintInput) => ({ complaint: await tx.lock(Complaint, input.complaintId) }),
  authorize: (may, { complaint }) => may('resolve', complaint),
  decide: ({ complaint }, { resolution, note }, { now }) =>
    resolved(complaint, { resolution, resolutionNote: note == null ? null : maskWords(note.trim()) }, now),
  save: (tx, patch, { complaint }) => tx.update(complaint, patch),
  record: (patch, { complaint }) => ({
    action: 'complaint.resolved',
    subjectId: complaint.id,
    changes: changesOf(complaint, patch),
  }),
  facts: (_patch, { complaint }) => factsOf(complaint),
});
