import { Field, ID, InputType } from 'type-graphql';
import { localDateOf } from '../platform/business-time';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { Account } from './account.entity';
import { Assignment } from './assignment.entity';
import { assertLobOpen, endsOf, running } from './assignment.rules';
import { Lob } from './lob.entity';

@InputType({ description: 'Which line of business to close, and why.' })
export class CloseLobInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the LOB.' })
  lobId!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/** Closes a LOB and ends the assignments to it today. */
export const closeLob = operation({
  name: 'lob.close',
  subject: 'Lob',
  summary: 'Close a line of business and the assignments to it',
  lock: async (tx, input: CloseLobInput) => {
    const lob = await tx.lock(Lob, input.lobId);
    const [account] = await tx.find(Account, { id: lob.accountId });
    const today = localDateOf(tx.now, account!.timeZone);
    return { lob, today, assignments: (await tx.lockWhere(Assignment, { lobId: lob.id })).filter(running(today)) };
  },
  authorize: (may, { lob }) => may('close', lob),
  decide: ({ lob, assignments, today }, _input, { now }) => {
    assertLobOpen(lob);
    return {
      closed: { status: 'CLOSED' as const, closedAt: now },
      ...endsOf(assignments, today, 'LOB closed'),
    };
  },
  save: async (tx, { closed, ends, freed }, { lob }) => {
    await tx.update(lob, closed);
    for (const { assignment, patch } of ends) await tx.update(assignment, patch);
    return { freedAgents: freed };
  },
  record: ({ freed }, { lob }, { reason }) => ({
    action: 'lob.closed',
    subjectId: lob.id,
    changes: [
      { path: 'status', before: lob.status, after: 'CLOSED' },
      { path: 'freedAgents', before: null, after: freed },
    ],
    reason,
  }),
  facts: (_decision, { lob }) => ({ accountId: lob.accountId, lobId: lob.id, lobIds: [lob.id] }),
});
