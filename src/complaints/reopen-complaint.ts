import { Field, ID, InputType } from 'type-graphql';
import { maskWords } from '../platform/masks';
import { Account } from '../accounts/account.entity';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { Complaint } from './complaint.entity';
import { changesOf, clocksFrom, factsOf, reopened } from './complaint.rules';
import { ruleBook } from './rule-book';

@InputType({ description: 'Which complaint to reopen, and why.' })
export class ReopenComplaintInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the complaint.' })
  complaintId!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail. Card numbers and e-mail addresses in it are masked for good.' })
  reason!: string;
}

/** Takes a resolved complaint up again, with a new deadline from now by the rule of today. */
export const reopenComplaint = operation({
  name: 'complaint.reopen',
  subject: 'Complaint',
  summary: 'Reopen a complaint',
  lock: async (tx, input: ReopenComplaintInput) => {
    const complaint = await tx.lock(Complaint, input.complaintId);
    const [account] = await tx.find(Account, { id: complaint.accountId });
    return { complaint, zone: account!.timeZone, book: await ruleBook(tx, tx.now) };
  },
  authorize: (may, { complaint }) => may('reopen', complaint),
  decide: ({ complaint, zone, book }, _input, { now }) =>
    reopened(complaint, () => clocksFrom(now, complaint.channel, zone, book), now),
  save: (tx, patch, { complaint }) => tx.update(complaint, patch),
  record: (patch, { complaint }, { reason }) => ({
    action: 'complaint.reopened',
    subjectId: complaint.id,
    changes: changesOf(complaint, patch),
    reason: maskWords(reason),
  }),
  facts: (_patch, { complaint }) => factsOf(complaint),
});
