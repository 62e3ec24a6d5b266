import { Field, Int, ObjectType } from 'type-graphql';
import { InvoiceLineDetail, InvoiceLineKind } from '../billing/invoice-line.type';
import type { LineDetail, LineKind } from '../billing/invoice-line.entity';
import { Money } from '../platform/money.type';
import { DecimalScalar, LocalDateScalar } from '../platform/scalars';
import { BillingFigures } from './billing-run.type';

@ObjectType({ description: 'A line that would be drafted.' })
export class PreviewedLine {
  @Field(() => Int, { description: 'Its place, from 1.' })
  lineNumber!: number;

  @Field(() => InvoiceLineKind, { description: 'What it bills.' })
  kind!: LineKind;

  @Field({ description: 'What is billed.' })
  description!: string;

  @Field(() => DecimalScalar, { description: 'How many.' })
  quantity!: string;

  @Field(() => DecimalScalar, { description: 'Price of one.' })
  unitPrice!: string;

  @Field(() => Money, { description: 'Without tax.' })
  amount!: Money;

  @Field(() => Money, { description: 'Tax on it.' })
  tax!: Money;

  @Field(() => Money, { description: 'Amount and tax.' })
  total!: Money;

  @Field(() => [InvoiceLineDetail], { description: 'How the amount comes about.' })
  detail!: LineDetail[];
}

@ObjectType({ description: 'An invoice that would be drafted.' })
export class PreviewedInvoice {
  @Field(() => LocalDateScalar, { description: 'The first day of its period.' })
  periodFrom!: string;

  @Field(() => LocalDateScalar, { description: 'The day behind the last.' })
  periodUntil!: string;

  @Field(() => [PreviewedLine], { description: 'Its lines, in order.' })
  lines!: PreviewedLine[];

  @Field(() => Money, { description: 'Sum of the lines without tax.' })
  subtotal!: Money;

  @Field(() => Money, { description: 'Sum of the lines’ taxes.' })
  tax!: Money;

  @Field(() => Money, { description: 'Subtotal and tax.' })
  total!: Money;

  @Field(() => BillingFigures, { description: 'What the fuse makes of it.' })
  figures!: BillingFigures;
}

@ObjectType({ description: 'What a billing run would make of an account.' })
export class BillingPreview {
  @Field(() => [PreviewedInvoice], { description: 'The invoices, by period.' })
  invoices!: PreviewedInvoice[];

  @Field(() => Int, { description: 'Handled calls of the period that no rate of an agreement is for.' })
  unratedCalls!: number;

  @Field(() => Int, {
    description:
      'Cycles whose corrections wait for a later invoice: to take them back now would leave less than nothing to pay.',
  })
  heldBackCycles!: number;
}
