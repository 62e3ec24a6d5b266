import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { Account } from '../accounts/account.type';
import { InvoiceLine } from '../billing/invoice-line.type';
import { Invoice } from '../billing/invoice.type';
import { LegalEntity } from '../issuers/legal-entity.type';
import { Money } from '../platform/money.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, DecimalScalar } from '../platform/scalars';
import type { TaxCategory } from '../taxes/tax.rules';
import { TaxCategoryEnum } from '../taxes/tax-rule.type';
import { CREDIT_REASONS, type CreditReason } from './credit-note.rules';

export const CreditReasonEnum = Object.fromEntries(CREDIT_REASONS.map((each) => [each, each])) as Record<
  CreditReason,
  CreditReason
>;
registerEnumType(CreditReasonEnum, {
  name: 'CreditReason',
  description: 'Why something is given back.',
  valuesConfig: {
    BILLED_TWICE: { description: 'It was billed before.' },
    WRONG_RATE: { description: 'The price was another.' },
    WRONG_QUANTITY: { description: 'It was less.' },
    SERVICE_FAILURE: { description: 'It was not done as agreed.' },
    GOODWILL: { description: 'It was right, and is given back all the same.' },
    DISPUTE_CONCEDED: { description: 'It was conceded in a dispute.' },
    OTHER: { description: 'The note says why.' },
  },
});

@ObjectType({ description: 'What a credit note gives back of one line.' })
export class CreditNoteLine {
  @Field(() => ID, { description: 'Id of the line of the credit note.' })
  id!: string;

  @Field(() => Int, { description: 'Its place on the credit note, from 1.' })
  lineNumber!: number;

  @Field(() => InvoiceLine, { description: 'The line of the invoice.' })
  line!: InvoiceLine;

  @Field(() => Money, { description: 'What is given back of it without tax.' })
  amount!: Money;

  @Field(() => Money, { description: 'Of its tax.' })
  tax!: Money;

  @Field(() => Money, { description: 'Amount and tax.' })
  total!: Money;
}

@ObjectType({ description: 'What a credit note gives back of one tax.' })
export class CreditNoteTax {
  @Field({ description: 'As it stands on the invoice: CGST.' })
  name!: string;

  @Field(() => TaxCategoryEnum, { description: 'Its category.' })
  category!: TaxCategory;

  @Field(() => DecimalScalar, { description: 'Percent of the net amount.' })
  percent!: string;

  @Field(() => Money, { description: 'What is given back of the net amounts that it was due on.' })
  taxable!: Money;

  @Field(() => Money, { description: 'What is given back of it.' })
  tax!: Money;

  @Field(() => String, { nullable: true, description: 'Why none was due.' })
  exemptionReason!: string | null;
}

@ObjectType({ description: 'What is given back of an invoice. It is issued as it is made, and never changed.' })
export class CreditNote {
  @Field(() => ID, { description: 'Id of the credit note.' })
  id!: string;

  @Field({ description: 'Gapless in its series: of the legal entity and the fiscal year.' })
  number!: string;

  @Field(() => Invoice, { description: 'The invoice.' })
  invoice!: Invoice;

  @Field(() => Account, { description: 'The account that the invoice bills.' })
  account!: Account;

  @Field(() => LegalEntity, { description: 'Who issued it.' })
  legalEntity!: LegalEntity;

  @Field(() => CreditReasonEnum, { description: 'Why, as a code.' })
  reasonCode!: CreditReason;

  @Field(() => String, { nullable: true, description: 'Why, in words.' })
  note!: string | null;

  @Field(() => [CreditNoteLine], { description: 'What is given back, line by line.' })
  lines!: CreditNoteLine[];

  @Field(() => [CreditNoteTax], { description: 'What is given back of each tax.' })
  taxes!: CreditNoteTax[];

  @Field(() => Money, { description: 'Sum of the lines without tax.' })
  subtotal!: Money;

  @Field(() => Money, { description: 'Sum of the lines’ taxes.' })
  tax!: Money;

  @Field(() => Money, { description: 'Subtotal and tax.' })
  total!: Money;

  @Field(() => DateTimeScalar, { description: 'When it was issued.' })
  issuedAt!: string;

  @Field(() => User, { nullable: true, description: 'Who issued it; null for viewers who do not see users.' })
  issuedBy!: User | null;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => Int, { description: 'Always 1: a credit note does not change.' })
  version!: number;
}

@InputType({ description: 'Which credit notes: all that is given must hold.' })
export class CreditNoteFilter {
  @Field(() => ID, { nullable: true, description: 'Of this account.' })
  accountId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of this invoice.' })
  invoiceId?: string | null;

  @Field(() => CreditReasonEnum, { nullable: true, description: 'For this reason.' })
  reasonCode?: CreditReason | null;

  @Field(() => String, { nullable: true, description: 'With exactly this number.' })
  number?: string | null;
}

export const CreditNoteOrder = orderEnum('CreditNoteOrder', ['CREATED_AT']);
export const CreditNoteConnection = connectionOf(() => CreditNote, 'CreditNote');
export const CreditNotesArgs = connectionArgs(CreditNoteFilter, CreditNoteOrder);
