import { registerEnumType } from 'type-graphql';
import type { Price, UnitRounding } from './charge.rules';
import type { Measure, Window } from './rate.rules';

const enumOf = <K extends string>(name: string, description: string, values: Record<K, string>): Record<K, K> => {
  const keys = Object.fromEntries(Object.keys(values).map((key) => [key, key])) as Record<K, K>;
  registerEnumType(keys, {
    name,
    description,
    valuesConfig: Object.fromEntries(
      Object.entries<string>(values).map(([key, told]) => [key, { description: told }]),
    ) as never,
  });
  return keys;
};

export const CycleEnum = enumOf('BillingCycle', 'How often is billed.', {
  MONTHLY: 'Each month.',
  QUARTERLY: 'Each third month.',
  SEMIANNUAL: 'Each sixth month.',
  ANNUAL: 'Each year.',
});

export const RoundingEnum = enumOf('Rounding', 'How a result between two minor units is brought to one of them.', {
  HALF_EVEN: 'To the nearer one; on a tie to the even one.',
  HALF_UP: 'To the nearer one; on a tie away from zero.',
  DOWN: 'Towards zero.',
  UP: 'Away from zero.',
});

export const MeasureEnum = enumOf<Measure>('Measure', 'What is counted.', {
  HANDLED_CALLS: 'Calls that an agent took: their outcome is HANDLED or TRANSFERRED.',
  TALK_TIME: 'Seconds of talk of handled calls, of each by increments where there are some.',
  WAIT_TIME: 'Seconds that callers waited, but for calls that failed.',
  AGENT_HOURS: 'Hours that agents worked, as they are reported.',
  SEATS: 'Seats kept ready, as they are reported for each day: 10 on 15 of 30 days are 5 seats of that cycle.',
  RESOLVED_CONTACTS: 'Handled calls whose matter was settled.',
  COLLECTED_AMOUNT: 'Money that was collected for the client, as it is reported, in the agreement’s currency.',
  FIXED_FEE:
    'One a cycle: a subscription. Of a cycle that the agreement holds for in part, the days by those of the whole.',
});
export const ModelEnum = enumOf<Price['model']>('ChargeModel', 'How a quantity becomes an amount.', {
  PER_UNIT: '`perUnit` for each unit.',
  GRADUATED: 'Each unit at the price of the tier that it falls into.',
  VOLUME: 'All units at the price of the tier that the last one falls into.',
  PACKAGE: '`packageAmount` for each package of `packageSize` that is begun.',
  PERCENTAGE: '`percent` of what was measured, which is an amount of money.',
});

export const UnitRoundingEnum = enumOf<UnitRounding>('UnitRounding', 'How units that are billed are made whole.', {
  NONE: 'Not at all.',
  CEIL: 'Up.',
  FLOOR: 'Down.',
  HALF_UP: 'To the nearer one; halves up.',
});

export const HolidaysEnum = enumOf<Window['holidays']>('WindowHolidays', 'What a window makes of holidays.', {
  SAME: 'They are days like any other.',
  EXCLUDED: 'It is never on one.',
  ONLY: 'It is on holidays alone, whatever their weekday.',
});
