import { refuse } from '../platform/errors';
import { exponentOf, isRate } from '../platform/money';
import type { ExchangeRate } from './exchange-rate.entity';

const YEARS_BACK = 10;

/**
 * Refuses with CURRENCY_UNKNOWN, else with EXCHANGE_RATE_INVALID and the field that is amiss: the euro itself, a rate that is not above zero or has too many
 * digits, a day that is too long ago or later than tomorrow (in UTC).
 */
export function assertSettable(
  { currency, perEuro, validOn }: Pick<ExchangeRate, 'currency' | 'perEuro' | 'validOn'>,
  now: Date,
): void {
  exponentOf(currency);
  if (currency === 'EUR') invalid('currency', 'A euro is always worth one euro.');
  if (!isRate(perEuro) || !/[1-9]/.test(perEuro))
    invalid('perEuro', 'A rate is above zero, with at most ten digits before and ten after the point.');
  const [earliest, latest] = [dayOf(now, -YEARS_BACK, 0), dayOf(now, 0, 1)];
  if (validOn < earliest || validOn > latest)
    invalid('validOn', 'A rate holds from tomorrow at the latest, and from ten years ago at the earliest.');
}

const invalid = (field: string, message: string) => refuse('EXCHANGE_RATE_INVALID', message, { field });

const dayOf = (now: Date, years: number, days: number): string =>
  new Date(Date.UTC(now.getUTCFullYear() + years, now.getUTCMonth(), now.getUTCDate() + days))
    .toISOString()
    .slice(0, 10);
