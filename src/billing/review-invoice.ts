import { Field, ID, InputType } from 'type-graphql';
import { addDays, localDateOf } from '../platform/business-time';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { factsOf } from './invoice.rules';
import { lockWithZone } from './lock-with-zone';
import { assertReviewable } from './review.rules';

@InputType({ description: 'Which draft to show to its client.' })
export class ReviewInvoiceInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the invoice.' })
  invoiceId!: string;
}

/** Shows a draft to its client, who has `reviewDays` from today on. */
export const reviewInvoice = operation({
  name: 'invoice.review',
  subject: 'Invoice',
  summary: 'Show a draft to its client',
  lock: (tx, { invoiceId }: ReviewInvoiceInput) => lockWithZone(tx, invoiceId),
  authorize: (may, { invoice }) => may('review', invoice),
  decide: ({ invoice, zone }, _input, { now }) => {
    assertReviewable(invoice);
    return {
      status: 'CLIENT_REVIEW' as const,
      reviewEndsOn: addDays(localDateOf(now, zone), invoice.reviewDays),
    };
  },
  save: (tx, shown, { invoice }) => tx.update(invoice, shown),
  record: (shown, { invoice }) => ({
    action: 'invoice.reviewed',
    subjectId: invoice.id,
    changes: [
      { path: 'status', before: invoice.status, after: shown.status },
      { path: 'reviewEndsOn', before: null, after: shown.reviewEndsOn },
    ],
  }),
  facts: (_shown, { invoice, lobIds }) => ({ ...factsOf(invoice), lobIds }),
});
