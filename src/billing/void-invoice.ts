import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import type { Transaction } from '../platform/transaction';
import { refuse } from '../platform/errors';
import { InvoiceCycle } from './invoice-cycle.entity';
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

const CORRECTED =
  'SELECT invoice_id AS id FROM invoice_cycle WHERE corrects_id = ANY ($1) AND NOT voided ORDER BY created_at LIMIT 1';

/** An invoice that corrects what these bill, if there is any. */
const correctedBy = async (tx: Transaction, cycles: readonly InvoiceCycle[]): Promise<string | null> =>
  (await tx.query<{ id: string }>(CORRECTED, [cycles.map(({ id }) => id)]))[0]?.id ?? null;

/** Voids an invoice. It keeps its number, which is never given again; the cycles that it billed can be billed anew. */
export const voidInvoice = operation({
  name: 'invoice.void',
  subject: 'Invoice',
  summary: 'Void an invoice',
  lock: async (tx, input: VoidInvoiceInput) => {
    const invoice = await tx.lock(Invoice, input.invoiceId);
    const cycles = await tx.lockWhere(InvoiceCycle, { invoiceId: invoice.id });
    return { invoice, cycles, lobIds: await lobsOf(tx, invoice), corrected: await correctedBy(tx, cycles) };
  },
  authorize: (may, { invoice }) => may('void', invoice),
  decide: ({ invoice, corrected }, { reason }, { now }) => {
    assertVoidable(invoice);
    if (corrected)
      refuse('INVOICE_NOT_VOIDABLE', 'A later invoice corrects this one: void that first.', { invoiceId: corrected });
    return { status: 'VOIDED' as const, voidedAt: now, voidReason: reason };
  },
  save: async (tx, voided, { invoice, cycles }) => {
    await tx.update(invoice, voided);
    for (const cycle of cycles) await tx.update(cycle, { voided: true });
  },
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
