import { Field, ID, InputType } from 'type-graphql';
import { localDateOf } from '../platform/business-time';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { InvoiceObjection } from './invoice-objection.entity';
import { factsOf } from './invoice.rules';
import { lockWithZone } from './lock-with-zone';
import { assertObjectionable } from './review.rules';

@InputType({ description: 'Which invoice is objected to, and why.' })
export class ObjectToInvoiceInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the invoice.' })
  invoiceId!: string;

  @Text(2000)
  @Field({ description: 'Why, for billing and the trail.' })
  reason!: string;
}

/** Gives an invoice back that its client was shown. The objection is kept with it. */
export const objectToInvoice = operation({
  name: 'invoice.object',
  subject: 'Invoice',
  summary: 'Object to an invoice that was shown to its client',
  mutation: 'objectToInvoice',
  lock: (tx, { invoiceId }: ObjectToInvoiceInput) => lockWithZone(tx, invoiceId),
  authorize: (may, { invoice }) => may('object', invoice),
  decide: ({ invoice, zone }, { reason }, { now, newId, actorId }) => {
    assertObjectionable(invoice, localDateOf(now, zone));
    return {
      returned: { status: 'DRAFT' as const, reviewEndsOn: null },
      objection: { id: newId(), invoiceId: invoice.id, objectedById: actorId, objectedAt: now, reason: reason.trim() },
    };
  },
  save: async (tx, { returned, objection }, { invoice }) => {
    await tx.insert(InvoiceObjection, objection as InvoiceObjection);
    await tx.update(invoice, returned);
  },
  record: ({ returned }, { invoice }, { reason }) => ({
    action: 'invoice.objected',
    subjectId: invoice.id,
    changes: [
      { path: 'status', before: invoice.status, after: returned.status },
      { path: 'reviewEndsOn', before: invoice.reviewEndsOn, after: null },
    ],
    reason,
  }),
  facts: (_objection, { invoice, lobIds }) => ({ ...factsOf(invoice), lobIds }),
});
