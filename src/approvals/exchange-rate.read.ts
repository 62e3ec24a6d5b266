import { decimal, declareRead, equals, instant, plains } from '../platform/read';

export const exchangeRateRead = declareRead('ExchangeRate', {
  table: 'exchange_rate',
  fields: { ...plains('id', 'currency', 'validOn'), perEuro: decimal('per_euro'), createdAt: instant('created_at') },
  filters: { currency: equals('currency', 'text') },
  orders: { VALID_ON: { column: 'valid_on', type: 'date' } },
  defaultOrder: 'VALID_ON_DESC',
});
