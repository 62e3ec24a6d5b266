import { ArrayMaxSize, ArrayMinSize, IsOptional, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { InvoiceLine } from '../billing/invoice-line.entity';
import { Invoice } from '../billing/invoice.entity';
import { lobIdsIn, shownMoney } from '../billing/invoice.rules';
import { MoneyInput } from '../platform/money.type';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { creditedOf, creditNoteOf, type CreditReason, creditsOf } from './credit-note.rules';
import { CreditReasonEnum } from './credit-note.type';
import { saveCreditNote } from './save-credit-note';

@InputType({ description: 'What is given back of a line.' })
export class IssueCreditNoteItemInput {
  @Field(() => ID, { description: 'Id of the line.' })
  lineId!: string;

  @ValidateNested()
  @Field(() => MoneyInput, {
    description: 'How much of it, tax included: above zero, at most what is left of the line.',
  })
  amount!: MoneyInput;
}

@InputType({ description: 'What is given back of an invoice, and why.' })
export class IssueCreditNoteInput extends Input {
  @Field(() => ID, { description: 'Id of the invoice.' })
  invoiceId!: string;

  @Field(() => CreditReasonEnum, { description: 'Why, as a code; not DISPUTE_CONCEDED, which disputes give.' })
  reasonCode!: CreditReason;

  @ArrayMinSize(1)
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Field(() => [IssueCreditNoteItemInput], { description: 'Line by line, 1 to 500, each once.' })
  items!: IssueCreditNoteItemInput[];

  @IsOptional()
  @Text(2000)
  @Field(() => String, { nullable: true, description: 'Why, in words, for the client and the trail.' })
  note?: string | null;
}

/** Gives back what was billed too much. Never more of a line than is left of it, tax and all. */
export const issueCreditNote = operation({
  name: 'creditNote.issue',
  subject: 'CreditNote',
  summary: 'Issue a credit note',
  twoPeople: true,
  lock: async (tx, { invoiceId }: IssueCreditNoteInput) => {
    const invoice = await tx.lock(Invoice, invoiceId);
    return { invoice, lines: await tx.lockWhere(InvoiceLine, { invoiceId: invoice.id }) };
  },
  authorize: (may, { invoice }) => {
    may('read', invoice);
    may.create('issue', 'CreditNote', { accountId: invoice.accountId });
  },
  decide: ({ invoice, lines }, { reasonCode, items, note }, moment) => {
    const credits = creditsOf(invoice, lines, reasonCode, items);
    const drafted = creditNoteOf(invoice, credits, { reasonCode, note: note?.trim() ?? null }, moment);
    return { credits, drafted, credited: creditedOf(invoice, drafted.creditNote.totalMinor) };
  },
  save: async (tx, { credits, drafted, credited }, { invoice }) => {
    for (const { line, totalMinor } of credits)
      await tx.update(line, { creditedMinor: line.creditedMinor + totalMinor });
    await tx.update(invoice, credited);
    return { number: (await saveCreditNote(tx, drafted)).number };
  },
  record: ({ drafted: { creditNote }, credits, credited }, { invoice }, { note }, saved) => ({
    action: 'creditNote.issued',
    subjectId: creditNote.id,
    changes: [
      { path: 'invoice', before: null, after: invoice.id },
      { path: 'reasonCode', before: null, after: creditNote.reasonCode },
      ...(saved ? [{ path: 'number', before: null, after: saved.number }] : []),
      { path: 'total', before: null, after: shownMoney(creditNote.totalMinor, creditNote.currency) },
      { path: 'tax', before: null, after: shownMoney(creditNote.taxMinor, creditNote.currency) },
      ...credits.map(({ line, totalMinor }) => ({
        path: `lines.${line.lineNumber}`,
        before: null,
        after: shownMoney(totalMinor, creditNote.currency),
      })),
      { path: 'invoice.paymentStatus', before: invoice.paymentStatus, after: credited.paymentStatus },
    ],
    reason: note ?? null,
  }),
  facts: ({ credits, drafted: { creditNote } }) => ({
    accountId: creditNote.accountId,
    amount: { minor: creditNote.totalMinor, currency: creditNote.currency },
    lobIds: lobIdsIn(credits.map(({ line }) => line)),
    category: creditNote.reasonCode,
    risk: 'MEDIUM',
  }),
});
