import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { Account } from '../accounts/account.type';
import { Lob } from '../accounts/lob.type';
import { ChangeRequest } from '../approvals/change-request.type';
import { LegalEntity } from '../issuers/legal-entity.type';
import { Money } from '../platform/money.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, DecimalScalar, LocalDateScalar } from '../platform/scalars';
import type { LineDetail, LineKind } from './invoice-line.entity';
import type { TaxCategory } from '../taxes/tax.rules';
import { TaxCategoryEnum, TaxComponent } from '../taxes/tax-rule.type';

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

export const InvoiceLineKind: Record<LineKind, LineKind> = {
  MANUAL: 'MANUAL',
  USAGE: 'USAGE',
  FEE: 'FEE',
  CORRECTION: 'CORRECTION',
};
registerEnumType(InvoiceLineKind, {
  name: 'InvoiceLineKind',
  description: 'What a line bills.',
  valuesConfig: {
    MANUAL: { description: 'What somebody wrote.' },
    USAGE: { description: 'Calls, by a rate of an agreement.' },
    FEE: { description: 'What is due for a period by a rate of an agreement, or what was reported for it.' },
    CORRECTION: { description: 'What differs of a period that was billed before.' },
  },
});

const LineDetailKind: Record<LineDetail['kind'], LineDetail['kind']> = {
  USAGE: 'USAGE',
  FLAT: 'FLAT',
  EARLIER: 'EARLIER',
  DISCOUNT: 'DISCOUNT',
  MAXIMUM: 'MAXIMUM',
  MINIMUM: 'MINIMUM',
  BILLED: 'BILLED',
};
registerEnumType(LineDetailKind, {
  name: 'InvoiceLineDetailKind',
  description: 'What a part of an amount is.',
  valuesConfig: {
    USAGE: { description: 'A quantity at a price.' },
    FLAT: { description: 'Due on entering a tier.' },
    EARLIER: { description: 'Billed earlier in the same cycle, before all units came to a new price.' },
    DISCOUNT: { description: 'Off what the units cost.' },
    MAXIMUM: { description: 'What lies above the maximum of the period.' },
    MINIMUM: { description: 'What was missing to the minimum of the period.' },
    BILLED: { description: 'What earlier invoices bill already.' },
  },
});

@ObjectType({ description: 'A part of a line’s amount, so that it can be worked out again.' })
export class InvoiceLineDetail {
  @Field(() => LineDetailKind, { description: 'What it is.' })
  kind!: LineDetail['kind'];

  @Field(() => Int, { nullable: true, description: 'The tier, from 1; null where there are none.' })
  tier!: number | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'How many; null where nothing is counted.' })
  quantity!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Price of one.' })
  unitPrice!: string | null;

  @Field(() => DecimalScalar, {
    description: 'In the invoice’s currency, with at most ten decimals: the line alone is rounded.',
  })
  amount!: string;
}

@ObjectType({ description: 'A line of an invoice.' })
export class InvoiceLine {
  @Field(() => ID, { description: 'Id of the line.' })
  id!: string;

  @Field(() => Int, { description: 'Its place on the invoice, from 1.' })
  lineNumber!: number;

  @Field(() => Lob, { nullable: true, description: 'The line of business that it is for.' })
  lob!: Lob | null;

  @Field(() => InvoiceLineKind, { description: 'What it bills.' })
  kind!: LineKind;

  @Field({ description: 'What is billed.' })
  description!: string;

  @Field(() => LocalDateScalar, {
    nullable: true,
    description: 'The first day that it bills; null where none is said.',
  })
  periodFrom!: string | null;

  @Field(() => LocalDateScalar, { nullable: true, description: 'The day behind the last.' })
  periodUntil!: string | null;

  @Field(() => [InvoiceLineDetail], {
    description: 'How its amount comes about: tiers, minimum, what was billed; none of a line that somebody wrote.',
  })
  detail!: LineDetail[];

  @Field(() => DecimalScalar, { description: 'How many.' })
  quantity!: string;

  @Field(() => DecimalScalar, { description: 'Price of one.' })
  unitPrice!: string;

  @Field(() => DecimalScalar, { description: 'Tax in percent, of all its taxes together.' })
  taxRate!: string;

  @Field(() => [TaxComponent], { description: 'Its taxes.' })
  taxes!: TaxComponent[];

  @Field(() => Boolean, { description: 'Whether its price holds the tax.' })
  taxInclusive!: boolean;

  @Field(() => Money, {
    description:
      'Without tax, also where the price holds it: quantity times unit price, rounded once, half-even; or what an agreement makes of it, by its rounding.',
  })
  amount!: Money;

  @Field(() => Money, { description: 'Tax on it.' })
  tax!: Money;

  @Field(() => Money, { description: 'Amount and tax.' })
  total!: Money;

  @Field(() => Money, { description: 'What open disputes claim of it.' })
  disputedAmount!: Money;

  @Field(() => Money, { description: 'What is still owed of it: the total without what was given back.' })
  openAmount!: Money;

  @Field(() => Invoice, { nullable: true, description: 'Of a correction, the invoice whose period it corrects.' })
  corrects!: object | null;
}

@ObjectType({ description: 'What an invoice says of one tax: the sums over its lines.' })
export class InvoiceTax {
  @Field({ description: 'As it stands on the invoice: CGST.' })
  name!: string;

  @Field(() => TaxCategoryEnum, { description: 'Its category.' })
  category!: TaxCategory;

  @Field(() => DecimalScalar, { description: 'Percent of the net amount.' })
  percent!: string;

  @Field(() => Money, { description: 'Net amounts of the lines that it is due on.' })
  taxable!: Money;

  @Field(() => Money, { description: 'How much, rounded once, half-even, and spread over the lines.' })
  tax!: Money;

  @Field(() => String, { nullable: true, description: 'Why none is due.' })
  exemptionReason!: string | null;
}

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
