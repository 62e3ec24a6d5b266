import { Arg, Args, FieldResolver, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Account } from '../accounts/account.type';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { AcceptInvoiceInput } from './accept-invoice';
import { DraftInvoiceInput } from './draft-invoice';
import { invoiceRead } from './invoice.read';
import { Invoice, InvoiceConnection, InvoicesArgs } from './invoice.type';
import { IssueInvoiceInput } from './issue-invoice';
import { ObjectToInvoiceInput } from './object-to-invoice';
import { ReviewInvoiceInput } from './review-invoice';
import { VoidInvoiceInput } from './void-invoice';

const DraftInvoicePayload = payloadType('DraftInvoicePayload', { invoice: () => Invoice });
const ReviewInvoicePayload = payloadType('ReviewInvoicePayload', { invoice: () => Invoice });
const AcceptInvoicePayload = payloadType('AcceptInvoicePayload', { invoice: () => Invoice });
const ObjectToInvoicePayload = payloadType('ObjectToInvoicePayload', { invoice: () => Invoice });
const IssueInvoicePayload = payloadType('IssueInvoicePayload', { invoice: () => Invoice });
const VoidInvoicePayload = payloadType('VoidInvoicePayload', { invoice: () => Invoice });

@Resolver(() => Account)
export class AccountInvoices {
  @FieldResolver(() => InvoiceConnection, { description: 'Its invoices, latest first unless told.' })
  invoices(@Args(() => InvoicesArgs) _args: PageArgs): void {}
}

@Resolver()
export class InvoiceResolver {
  @Query(() => Invoice, { nullable: true, description: 'An invoice.' })
  invoice(@Arg('id', () => ID, { description: 'Id of the invoice.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(invoiceRead);
  }

  @Query(() => InvoiceConnection, { description: 'Invoices, latest first unless told.' })
  invoices(@Args(() => InvoicesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(invoiceRead);
  }

  @Mutation(() => DraftInvoicePayload, { description: 'Drafts an invoice.' })
  draftInvoice(@Arg('input', { description: 'The invoice.' }) input: DraftInvoiceInput, @Ask() asked: Asked) {
    return asked.submit('invoice.draft', input);
  }

  @Mutation(() => ReviewInvoicePayload, { description: 'Shows a draft to its client before it is issued.' })
  reviewInvoice(@Arg('input', { description: 'Which one.' }) input: ReviewInvoiceInput, @Ask() asked: Asked) {
    return asked.submit('invoice.review', input);
  }

  @Mutation(() => AcceptInvoicePayload, {
    description: 'Accepts an invoice that was shown to its client: they do, or billing does on their word.',
  })
  acceptInvoice(@Arg('input', { description: 'Which one.' }) input: AcceptInvoiceInput, @Ask() asked: Asked) {
    return asked.submit('invoice.accept', input);
  }

  @Mutation(() => ObjectToInvoicePayload, { description: 'Gives an invoice back that was shown to its client.' })
  objectToInvoice(
    @Arg('input', { description: 'Which one, and why.' }) input: ObjectToInvoiceInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('invoice.object', input);
  }

  @Mutation(() => IssueInvoicePayload, { description: 'Issues a draft; by default it waits for a second person.' })
  issueInvoice(@Arg('input', { description: 'Which one.' }) input: IssueInvoiceInput, @Ask() asked: Asked) {
    return asked.submit('invoice.issue', input);
  }

  @Mutation(() => VoidInvoicePayload, { description: 'Voids an invoice; by default it waits for a second person.' })
  voidInvoice(@Arg('input', { description: 'Which one, and why.' }) input: VoidInvoiceInput, @Ask() asked: Asked) {
    return asked.submit('invoice.void', input);
  }
}
