import { Field, ID, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { ADD_JOB } from '../platform/job';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { BillingRunAccount } from './billing-run.entity';
import { BILL } from './run-billing';

@InputType({ description: 'What the fuse stopped, and why it may go on.' })
export class ReleaseBillingInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the account’s part in the run.' })
  billingRunAccountId!: string;

  @Text(500)
  @Field({ description: 'What was found when it was looked at, for the approver and the trail.' })
  reason!: string;
}

/** Lets what the fuse stopped go on, as it was when it was looked at: if it comes to something else by then, it is stopped again. */
export const releaseBilling = operation({
  name: 'billing.release',
  subject: 'BillingRunAccount',
  summary: 'Go on with what the fuse stopped',
  twoPeople: true,
  lock: async (tx, { billingRunAccountId }: ReleaseBillingInput) => ({
    part: await tx.lock(BillingRunAccount, billingRunAccountId),
  }),
  authorize: (may, { part }) => may('release', part),
  decide: ({ part }) => {
    if (part.state !== 'PARKED') refuse('BILLING_NOT_PARKED', 'Nothing is stopped here.', { state: part.state });
    return { state: 'WAITING' as const };
  },
  save: async (tx, { state }, { part }) => {
    await tx.update(part, { state });
    await tx.query(ADD_JOB, [BILL, '{}', null]);
  },
  record: ({ state }, { part }, { reason }) => ({
    action: 'billing.released',
    subjectId: part.id,
    changes: [
      { path: 'state', before: part.state, after: state },
      ...part.figures.map((each, index) => ({ path: `figures.${index + 1}`, before: each, after: each })),
    ],
    reason,
  }),
  facts: (_decision, { part }) => ({
    accountId: part.accountId,
    ...(part.figures[0] && {
      amount: { minor: BigInt(part.figures[0].subtotalMinor), currency: part.figures[0].currency },
    }),
    risk: 'HIGH',
  }),
});
