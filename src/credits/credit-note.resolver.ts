import { Arg, Args, FieldResolver, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Invoice } from '../billing/invoice.type';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { creditNoteRead } from './credit-note.read';
import { CreditNote, CreditNoteConnection, CreditNotesArgs } from './credit-note.type';
import { IssueCreditNoteInput } from './issue-credit-note';

const IssueCreditNotePayload = payloadType('IssueCreditNotePayload', { creditNote: () => CreditNote });

@Resolver(() => Invoice)
export class InvoiceCreditNotes {
  @FieldResolver(() => CreditNoteConnection, { description: 'What was given back of it, latest first unless told.' })
  creditNotes(@Args(() => CreditNotesArgs) _args: PageArgs): void {}
}

@Resolver()
export class CreditNoteResolver {
  @Query(() => CreditNote, { nullable: true, description: 'A credit note.' })
  creditNote(@Arg('id', () => ID, { description: 'Id of the credit note.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(creditNoteRead);
  }

  @Query(() => CreditNoteConnection, { description: 'Credit notes, latest first unless told.' })
  creditNotes(@Args(() => CreditNotesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(creditNoteRead);
  }

  @Mutation(() => IssueCreditNotePayload, {
    description: 'Gives back what was billed too much; always waits for a second person.',
  })
  issueCreditNote(
    @Arg('input', { description: 'What is given back, and why.' }) input: IssueCreditNoteInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('creditNote.issue', input);
  }
}
