import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { Account } from '../accounts/account.type';
import { ChangeRequest } from '../approvals/change-request.type';
import { LegalEntity } from '../issuers/legal-entity.type';
import { Money } from '../platform/money.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, LocalDateScalar } from '../platform/scalars';
import { InvoiceLine, InvoiceTax } from './invoice-line.type';

export enum InvoiceStatus {
  DRAFT = 'DRAFT',
  CLIENT_REVIEW = 'CLIENT_REVIEW',
  PENDING_APPROVAL = 'PENDING_APPROVAL',
  ISSUED = 'ISSUED',
  VOIDED = 'VOIDED',
}
registerEnumType(InvoiceStatus, {
  name: 'InvoiceStatus',
  description: 'Where an invoice stands.',
  valuesConfig: {
    DRAFT: { description: 'Being made; has no number.' },
    CLIENT_REVIEW: { description: 'Shown to the client before it is issued.' },
    PENDING_APPROVAL: { description: 'Waits for approval.' },
    ISSUED: { description: 'Issued, with a number.' },
    VOIDED: { description: 'Voided; keeps its number if it had one.' },
  },
});

export enum PaymentStatus {
  UNPAID = 'UNPAID',
  PARTIALLY_PAID = 'PARTIALLY_PAID',
  PAID = 'PAID',
  OVERPAID = 'OVERPAID',
  WRITTEN_OFF = 'WRITTEN_OFF',
}
registerEnumType(PaymentStatus, {
  name: 'PaymentStatus',
  description: 'How far an invoice is settled.',
  valuesConfig: {
    UNPAID: { description: 'Nothing is settled.' },
    PARTIALLY_PAID: { description: 'Some of it is paid or credited.' },
    PAID: { description: 'Nothing is owed any more.' },
    OVERPAID: { description: 'More was paid than owed.' },
    WRITTEN_OFF: { description: 'The rest will not be collected.' },
  },
});

@ObjectType({ description: 'What a client said against an invoice that they were shown.' })
export class InvoiceObjection {
  @Field(() => ID, { description: 'Id of the objection.' })
  id!: string;

  @Field({ description: 'Why.' })
  reason!: string;

  @Field(() => User, { nullable: true, description: 'Who said it; null for viewers who do not see users.' })
  objectedBy!: User | null;

  @Field(() => DateTimeScalar, { description: 'When.' })
  objectedAt!: string;
}

@ObjectType({ description: 'An invoice.' })
export class Invoice {
  @Field(() => ID, { description: 'Id of the invoice.' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Given at issue, gapless in its series and fiscal year, never given again.',
  })
  number!: string | null;

  @Field(() => InvoiceStatus, { description: 'Where it stands.' })
  status!: InvoiceStatus;

  @Field(() => PaymentStatus, { description: 'How far it is settled.' })
  paymentStatus!: PaymentStatus;

  @Field(() => Account, { description: 'Whom it bills.' })
  account!: Account;

  @Field(() => LocalDateScalar, {
    nullable: true,
    description: 'The first day of the period that it bills; null where somebody wrote it.',
  })
  periodFrom!: string | null;

  @Field(() => LocalDateScalar, { nullable: true, description: 'The day behind the last.' })
  periodUntil!: string | null;
  @Field(() => LegalEntity, { description: 'Who issues it.' })
  legalEntity!: LegalEntity;

  @Field(() => [InvoiceLine], { description: 'Its lines, in order.' })
  lines!: InvoiceLine[];

  @Field(() => [InvoiceTax], { description: 'Its taxes, as its lines have them.' })
  taxes!: InvoiceTax[];

  @Field(() => Int, { description: 'Days that its client has to look at it before it is issued; 0: none are needed.' })
  reviewDays!: number;

  @Field(() => LocalDateScalar, {
    nullable: true,
    description: 'The last day on which its client may look at it, in the account’s zone; null while it is not shown.',
  })
  reviewEndsOn!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its client accepted it.' })
  acceptedAt!: string | null;

  @Field(() => User, { nullable: true, description: 'Who accepted it; null for viewers who do not see users.' })
  acceptedBy!: User | null;

  @Field(() => String, { nullable: true, description: 'On what word of the client, where somebody else accepted it.' })
  acceptanceNote!: string | null;

  @Field(() => [InvoiceObjection], { description: 'What its client said against it, in order.' })
  objections!: InvoiceObjection[];

  @Field(() => Money, { description: 'Sum of the lines without tax.' })
  subtotal!: Money;

  @Field(() => Money, { description: 'Sum of the lines’ taxes.' })
  tax!: Money;

  @Field(() => Money, { description: 'Subtotal and tax.' })
  total!: Money;

  @Field(() => Money, { description: 'What open disputes claim of it.' })
  disputedAmount!: Money;

  @Field(() => Money, { description: 'What is still owed: the total without what was given back; zero once voided.' })
  openAmount!: Money;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was issued.' })
  issuedAt!: string | null;

  @Field(() => LocalDateScalar, { nullable: true, description: 'When it is due, in the account’s zone.' })
  dueOn!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was voided.' })
  voidedAt!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it was voided.' })
  voidReason!: string | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => DateTimeScalar, { description: 'When it was drafted.' })
  createdAt!: string;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which invoices: all that is given must hold.' })
export class InvoiceFilter {
  @Field(() => ID, { nullable: true, description: 'Of this account.' })
  accountId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Issued by this legal entity.' })
  legalEntityId?: string | null;

  @Field(() => InvoiceStatus, { nullable: true, description: 'Where they stand.' })
  status?: InvoiceStatus | null;

  @Field(() => PaymentStatus, { nullable: true, description: 'How far they are settled.' })
  paymentStatus?: PaymentStatus | null;

  @Field(() => String, { nullable: true, description: 'With exactly this number.' })
  number?: string | null;

  @Field(() => LocalDateScalar, { nullable: true, description: 'Issued, not settled, and due before this date.' })
  overdueOn?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether anything of them is disputed.' })
  disputed?: boolean | null;
}

export const InvoiceOrder = orderEnum('InvoiceOrder', ['CREATED_AT', 'TOTAL']);
export const InvoiceConnection = connectionOf(() => Invoice, 'Invoice');
export const InvoicesArgs = connectionArgs(InvoiceFilter, InvoiceOrder);
