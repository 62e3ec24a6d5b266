import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Lob } from '../accounts/lob.type';
import { Money } from '../platform/money.type';
import { DecimalScalar, LocalDateScalar } from '../platform/scalars';
import type { TaxCategory } from '../taxes/tax.rules';
import { TaxCategoryEnum, TaxComponent } from '../taxes/tax-rule.type';
import type { LineDetail, LineKind } from './invoice-line.entity';

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
