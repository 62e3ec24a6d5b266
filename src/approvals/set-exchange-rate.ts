import { Length, Matches } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { DecimalScalar, LocalDateScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { ExchangeRate } from './exchange-rate.entity';
import { assertSettable } from './exchange-rate.rules';

@InputType({ description: 'What a euro is worth in a currency.' })
export class SetExchangeRateInput extends Input {
  @Length(3, 3)
  @Matches(/^[A-Z]{3}$/)
  @Field({ description: 'ISO 4217 code, not EUR: "INR".' })
  currency!: string;

  @Field(() => DecimalScalar, {
    description:
      'Units of the currency for one euro, as the ECB quotes them: above zero, at most ten digits before and ten after the point.',
  })
  perEuro!: string;

  @Field(() => LocalDateScalar, {
    description:
      'The first day that it holds for, in UTC, until there is a later one: ten years ago at the earliest, tomorrow at the latest.',
  })
  validOn!: string;

  @Text(500)
  @Field({ description: 'Where it is from, for the approver and the trail.' })
  reason!: string;
}

/** A rate is never changed: a later one takes its place. For limits and policies; nothing is billed by it. */
export const setExchangeRate = operation({
  name: 'exchangeRate.set',
  subject: 'ExchangeRate',
  summary: 'Set an exchange rate',
  twoPeople: true,
  lock: async (tx, { currency, validOn }: SetExchangeRateInput) => ({
    taken: (await tx.find(ExchangeRate, { currency, validOn })).length > 0,
  }),
  authorize: (may) => may.create('set', 'ExchangeRate'),
  decide: ({ taken }, { currency, perEuro, validOn }, { now, newId }) => {
    assertSettable({ currency, perEuro, validOn }, now);
    if (taken) refuse('EXCHANGE_RATE_TAKEN', 'There is a rate of that currency for that day.');
    return { id: newId(), currency, perEuro, validOn };
  },
  save: (tx, rate) => tx.insert(ExchangeRate, rate as ExchangeRate),
  record: (rate, _state, { reason }) => ({
    action: 'exchangeRate.set',
    subjectId: rate.id,
    changes: (['currency', 'perEuro', 'validOn'] as const).map((path) => ({ path, before: null, after: rate[path] })),
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
