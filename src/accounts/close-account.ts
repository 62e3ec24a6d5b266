import { Field, ID, InputType } from 'type-graphql';
import { In } from 'typeorm';
import { localDateOf } from '../platform/business-time';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { Account } from './account.entity';
import { assertClosable } from './account.rules';
import { Assignment } from './assignment.entity';
import { endsOf, running } from './assignment.rules';
import { Lob } from './lob.entity';

@InputType({ description: 'Which account to close, and why.' })
export class CloseAccountInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

const OPEN_INVOICES = `SELECT count(*)::int AS count FROM invoice
  WHERE account_id = $1 AND (status IN ('DRAFT', 'CLIENT_REVIEW', 'PENDING_APPROVAL')
    OR (status = 'ISSUED' AND payment_status IN ('UNPAID', 'PARTIALLY_PAID')))`;

/** Closes an account with its LOBs, ends the assignments to them today, and says which agents are free now. */
export const closeAccount = operation({
  name: 'account.close',
  subject: 'Account',
  summary: 'Close an account, its LOBs and the assignments to them',
  lock: async (tx, input: CloseAccountInput) => {
    const account = await tx.lock(Account, input.accountId);
    const lobs = (await tx.lockWhere(Lob, { accountId: account.id })).filter(({ status }) => status === 'OPEN');
    const today = localDateOf(tx.now, account.timeZone);
    const assignments = await tx.lockWhere(Assignment, { lobId: In(lobs.map(({ id }) => id)) });
    const [invoices] = await tx.query<{ count: number }>(OPEN_INVOICES, [account.id]);
    return { account, lobs, assignments: assignments.filter(running(today)), openInvoices: invoices!.count, today };
  },
  authorize: (may, { account }) => may('close', account),
  decide: ({ account, assignments, openInvoices, today }, _input, { now }) => {
    assertClosable(account, openInvoices);
    return {
      closed: { status: 'CLOSED' as const, closedAt: now },
      ...endsOf(assignments, today, 'account closed'),
    };
  },
  save: async (tx, { closed, ends, freed }, { account, lobs }) => {
    await tx.update(account, closed);
    for (const lob of lobs) await tx.update(lob, closed);
    for (const { assignment, patch } of ends) await tx.update(assignment, patch);
    return { freedAgents: freed };
  },
  record: ({ freed }, { account, lobs }, { reason }) => ({
    action: 'account.closed',
    subjectId: account.id,
    changes: [
      { path: 'status', before: account.status, after: 'CLOSED' },
      { path: 'closedLobs', before: null, after: lobs.map(({ code }) => code) },
      { path: 'freedAgents', before: null, after: freed },
    ],
    reason,
  }),
  facts: (_decision, { account }) => ({ accountId: account.id }),
});
