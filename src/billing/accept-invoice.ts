import { IsOptional } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { factsOf } from './invoice.rules';
import { lockWithZone } from './lock-with-zone';
import { assertAcceptable, assertOnWord } from './review.rules';

@InputType({ description: 'Which invoice its client accepts.' })
export class AcceptInvoiceInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the invoice.' })
  invoiceId!: string;

  @IsOptional()
  @Text(500)
  @Field(() => String, {
    nullable: true,
    description: 'On what word of the client; needed of whoever is not of theirs.',
  })
  note?: string | null;
}

/** Accepts an invoice that its client was shown: they do, or billing does on their word. From then on it can be issued. */
export const acceptInvoice = operation({
  name: 'invoice.accept',
  subject: 'Invoice',
  summary: 'Accept an invoice that was shown to its client',
  lock: async (tx, { invoiceId }: AcceptInvoiceInput) => ({
    ...(await lockWithZone(tx, invoiceId)),
    byClient: tx.context.actor?.roles.includes('client') ?? false,
  }),
  authorize: (may, { invoice }) => may('accept', invoice),
  decide: ({ invoice, byClient }, { note }, { now, actorId }) => {
    assertAcceptable(invoice);
    assertOnWord(byClient, note ?? null);
    return { acceptedAt: now, acceptedById: actorId, acceptanceNote: note ?? null };
  },
  save: (tx, accepted, { invoice }) => tx.update(invoice, accepted),
  record: ({ acceptedAt }, { invoice }, { note }) => ({
    action: 'invoice.accepted',
    subjectId: invoice.id,
    changes: [{ path: 'acceptedAt', before: null, after: acceptedAt.toISOString() }],
    reason: note ?? null,
  }),
  facts: (_accepted, { invoice, lobIds }) => ({ ...factsOf(invoice), lobIds }),
});
