import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Lob } from '../accounts/lob.type';
import { DecimalScalar } from '../platform/scalars';
import type { Price, UnitRounding } from './charge.rules';
import type { Measure, Window } from './rate.rules';
import { HolidaysEnum, MeasureEnum, ModelEnum, UnitRoundingEnum } from './rate-words.type';

@ObjectType({ description: 'A tier of a price.' })
export class RateTier {
  @Field(() => DecimalScalar, { nullable: true, description: 'Up to and with so many units; null for the last one.' })
  upTo!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'For each unit.' })
  perUnit!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Due on entry.' })
  flat!: string | null;
}

@ObjectType({ description: 'A part of the week, in the account’s zone.' })
export class RateWindow {
  @Field(() => [Int], { description: 'ISO weekdays on which it begins, 1 (Monday) to 7 (Sunday).' })
  weekdays!: number[];

  @Field({ description: 'HH:MM' })
  from!: string;

  @Field({ description: 'HH:MM, exclusive.' })
  until!: string;

  @Field(() => HolidaysEnum, { description: 'What it makes of holidays.' })
  holidays!: Window['holidays'];
}

@ObjectType({ description: 'What one measure costs.' })
export class AgreementRate {
  @Field(() => ID, { description: 'Id of the rate.' })
  id!: string;

  @Field(() => Int, { description: 'Its place in the agreement, from 1.' })
  lineNumber!: number;

  @Field({ description: 'As it stands on the invoice.' })
  name!: string;

  @Field(() => Lob, {
    nullable: true,
    description: 'The line of business that it is for; null: all that have no rate of their own for this measure.',
  })
  lob!: Lob | null;

  @Field(() => String, { nullable: true, description: 'The service that it is for; null: whichever.' })
  service!: string | null;

  @Field(() => MeasureEnum, { description: 'What is counted.' })
  measure!: Measure;

  @Field(() => ModelEnum, { description: 'How a quantity becomes an amount.' })
  model!: Price['model'];

  @Field(() => DecimalScalar, { nullable: true, description: 'PER_UNIT: for each unit.' })
  perUnit!: string | null;

  @Field(() => [RateTier], { description: 'GRADUATED and VOLUME: their tiers; else none.' })
  tiers!: RateTier[];

  @Field(() => DecimalScalar, { nullable: true, description: 'PACKAGE: units of one package.' })
  packageSize!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'PACKAGE: for each that is begun.' })
  packageAmount!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'PERCENTAGE: of what was measured.' })
  percent!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'What was measured is divided by this.' })
  divideBy!: string | null;

  @Field(() => UnitRoundingEnum, { description: 'How the units of a period are made whole.' })
  unitRounding!: UnitRounding;

  @Field(() => DecimalScalar, { nullable: true, description: 'Units of a period that cost nothing.' })
  freeUnits!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Percent off what the units cost.' })
  discountPercent!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'What is due for a period at least.' })
  minimum!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'What is due for a period at most.' })
  maximum!: string | null;

  @Field(() => Int, { nullable: true, description: 'What of a call is billed at least, in seconds.' })
  initialSeconds!: number | null;

  @Field(() => Int, { nullable: true, description: 'The steps in which more than that is billed, in seconds.' })
  incrementSeconds!: number | null;

  @Field(() => [RateWindow], { description: 'When calls begin that it is for; none: whenever no other rate is for.' })
  windows!: RateWindow[];
}
