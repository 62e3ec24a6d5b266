import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsOptional, Length, Max, Min, ValidateNested } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { DecimalScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import type { Charge, Price, UnitRounding } from './charge.rules';
import type { Measure, RateTerms, Window } from './rate.rules';
import { HolidaysEnum, MeasureEnum, ModelEnum, UnitRoundingEnum } from './rate-words.type';

@InputType({ description: 'A tier of a price.' })
export class RateTierInput {
  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Up to and with so many units; any fraction above enters the next. Null for the last one.',
  })
  upTo?: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'For each unit.' })
  perUnit?: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Due on entry; that of the first tier also at zero units.',
  })
  flat?: string | null;
}

@InputType({ description: 'A part of the week, in the account’s zone.' })
export class RateWindowInput {
  @ArrayUnique()
  @ArrayMaxSize(7)
  @Min(1, { each: true })
  @Max(7, { each: true })
  @Field(() => [Int], {
    defaultValue: [1, 2, 3, 4, 5, 6, 7],
    description: 'ISO weekdays on which it begins, 1 (Monday) to 7 (Sunday); each unless told.',
  })
  weekdays!: number[];

  @Length(5, 5)
  @Field({ defaultValue: '00:00', description: 'HH:MM' })
  from!: string;

  @Length(5, 5)
  @Field({
    defaultValue: '24:00',
    description:
      'HH:MM, exclusive; `24:00` is the end of the day. One that is not after `from` goes on into the next day.',
  })
  until!: string;

  @Field(() => HolidaysEnum, { defaultValue: 'SAME', description: 'What it makes of holidays.' })
  holidays!: Window['holidays'];
}

@InputType({ description: 'What one measure costs.' })
export class AgreementRateInput {
  @Text(200)
  @Field({ description: 'As it stands on the invoice.' })
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The line of business that it is for. Null: all that have no rate of their own for this measure.',
  })
  lobId?: string | null;

  @IsOptional()
  @Text(40)
  @Field(() => String, {
    nullable: true,
    description: 'The service that calls were asked for, as their source names it. Null: whichever.',
  })
  service?: string | null;

  @Field(() => MeasureEnum, { description: 'What is counted.' })
  measure!: Measure;

  @Field(() => ModelEnum, { description: 'How a quantity becomes an amount.' })
  model!: Price['model'];

  @Field(() => DecimalScalar, { nullable: true, description: 'PER_UNIT: for each unit, in the agreement’s currency.' })
  perUnit?: string | null;

  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @Field(() => [RateTierInput], {
    nullable: true,
    description: 'GRADUATED and VOLUME: their tiers, rising, the last without an end.',
  })
  tiers?: RateTierInput[] | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'PACKAGE: units of one package.' })
  packageSize?: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'PACKAGE: for each that is begun.' })
  packageAmount?: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'PERCENTAGE: of what was measured.' })
  percent?: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'What was measured is divided by this: 60 for minutes of seconds.',
  })
  divideBy?: string | null;

  @Field(() => UnitRoundingEnum, {
    defaultValue: 'NONE',
    description: 'How the units of a period are made whole, after dividing; not at all unless told.',
  })
  unitRounding!: UnitRounding;

  @Field(() => DecimalScalar, { nullable: true, description: 'Units of a period that cost nothing, after rounding.' })
  freeUnits?: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Percent off what the units cost, before the minimum and the maximum.',
  })
  discountPercent?: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'What is due for a period at least.' })
  minimum?: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'What is due for a period at most.' })
  maximum?: string | null;

  @IsOptional()
  @Min(0)
  @Max(3600)
  @Field(() => Int, {
    nullable: true,
    description: 'Of talk or wait time: what of a call is billed at least, in seconds, 0 to 3600. 30/6 is 30 and 6.',
  })
  initialSeconds?: number | null;

  @IsOptional()
  @Min(1)
  @Max(3600)
  @Field(() => Int, {
    nullable: true,
    description: 'Of talk or wait time: the steps in which more than that is billed, in seconds, 1 to 3600.',
  })
  incrementSeconds?: number | null;

  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Field(() => [RateWindowInput], {
    nullable: true,
    description: 'When calls begin that it is for. Null: whenever no other rate is for.',
  })
  windows?: RateWindowInput[] | null;
}

/** A rate as rules take it. What belongs to another model is left out, and what is missing is refused by them. */
export const rateIn = (input: AgreementRateInput): RateTerms => ({
  name: input.name.trim(),
  lobId: input.lobId?.toLowerCase() ?? null,
  service: input.service?.trim() ?? null,
  measure: input.measure,
  charge: chargeIn(input),
  initialSeconds: input.initialSeconds ?? null,
  incrementSeconds: input.incrementSeconds ?? null,
  windows:
    input.windows?.map(({ weekdays, from, until, holidays }) => ({
      weekdays: weekdays.toSorted((one, other) => one - other),
      from,
      until,
      holidays,
    })) ?? null,
});

const chargeIn = (input: AgreementRateInput): Charge => ({
  price: priceIn(input),
  ...((input.divideBy != null || input.unitRounding !== 'NONE') && {
    increment: { ...(input.divideBy != null && { divideBy: input.divideBy }), rounding: input.unitRounding },
  }),
  ...(input.freeUnits != null && { freeUnits: input.freeUnits }),
  ...(input.discountPercent != null && { discountPercent: input.discountPercent }),
  ...(input.minimum != null && { minimum: input.minimum }),
  ...(input.maximum != null && { maximum: input.maximum }),
});

function priceIn({ model, perUnit, tiers, packageSize, packageAmount, percent }: AgreementRateInput): Price {
  switch (model) {
    case 'PER_UNIT':
      return { model, perUnit: perUnit ?? '' };
    case 'PACKAGE':
      return { model, size: packageSize ?? '', amount: packageAmount ?? '' };
    case 'PERCENTAGE':
      return { model, percent: percent ?? '' };
    default:
      return {
        model,
        tiers: (tiers ?? []).map((tier) => ({
          upTo: tier.upTo ?? null,
          perUnit: tier.perUnit ?? null,
          flat: tier.flat ?? null,
        })),
      };
  }
}
