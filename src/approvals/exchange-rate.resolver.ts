import { Arg, Args, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { exchangeRateRead } from './exchange-rate.read';
import { ExchangeRate, ExchangeRateConnection, ExchangeRatesArgs } from './exchange-rate.type';
import { SetExchangeRateInput } from './set-exchange-rate';

const SetExchangeRatePayload = payloadType('SetExchangeRatePayload', { exchangeRate: () => ExchangeRate });

@Resolver()
export class ExchangeRateResolver {
  @Query(() => ExchangeRateConnection, { description: 'Exchange rates, latest first unless told.' })
  exchangeRates(@Args(() => ExchangeRatesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(exchangeRateRead);
  }

  @Mutation(() => SetExchangeRatePayload, {
    description: 'Sets what a euro is worth in a currency from a day on; always waits for a second person.',
  })
  setExchangeRate(
    @Arg('input', { description: 'Which currency, how much, and from when on.' }) input: SetExchangeRateInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('exchangeRate.set', input);
  }
}
