import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, DecimalScalar, LocalDateScalar } from '../platform/scalars';

@ObjectType({
  description:
    'What a euro is worth in a currency, until there is a later one. For limits and policies; nothing is billed by it.',
})
export class ExchangeRate {
  @Field(() => ID, { description: 'Id of the rate.' })
  id!: string;

  @Field({ description: 'ISO 4217 code.' })
  currency!: string;

  @Field(() => DecimalScalar, { description: 'Units of the currency for one euro.' })
  perEuro!: string;

  @Field(() => LocalDateScalar, { description: 'The first day that it holds for, in UTC.' })
  validOn!: string;

  @Field(() => DateTimeScalar, { description: 'When it was set.' })
  createdAt!: string;
}

@InputType({ description: 'Which rates: all that is given must hold.' })
export class ExchangeRateFilter {
  @Field(() => String, { nullable: true, description: 'Of this currency, as ISO 4217 code.' })
  currency?: string | null;
}

export const ExchangeRateOrder = orderEnum('ExchangeRateOrder', ['VALID_ON']);
export const ExchangeRateConnection = connectionOf(() => ExchangeRate, 'ExchangeRate');
export const ExchangeRatesArgs = connectionArgs(ExchangeRateFilter, ExchangeRateOrder);
