import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { Invoice } from './invoice.entity';
import { assertVoidable, factsOf, shownMoney } from './invoice.rules';
import { lobsOf } from './lobs-of-invoice';

@InputType({ description: 'Which invoice to void, and why.' })
export class VoidInvoiceInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the invoice.' })
  invoiceId!: string;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** Voids an invoice. It keeps its number, which is never given again. */
export const voidInvoice = operation({
  name: 'invoice.void',
  subject: 'Invoice',
  summary: 'Void an invoice',
  lock: async (tx, input: VoidInvoiceInput) => {
    const invoice = await tx.lock(Invoice, input.invoiceId);
    return { invoice, lobIds: await lobsOf(tx, invoice) };
  },
  authorize: (may, { invoice }) => may('void', invoice),
  decide: ({ invoice }, { reason }, { now }) => {
    assertVoidable(invoice);
    return { status: 'VOIDED' as const, voidedAt: now, voidReason: reason };
  },
  save: (tx, voided, { invoice }) => tx.update(invoice, voided),
  record: (voided, { invoice }, { reason }) => ({
    action: 'invoice.voided',
    subjectId: invoice.id,
    changes: [
      { path: 'status', before: invoice.status, after: voided.status },
      { path: 'total', before: shownMoney(invoice.totalMinor, invoice.currency), after: null },
    ],
    reason,
  }),
  facts: (_voided, { invoice, lobIds }) => ({ ...factsOf(invoice), lobIds, risk: 'MEDIUM' }),
});
