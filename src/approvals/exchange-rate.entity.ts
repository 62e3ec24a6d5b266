import { Check, Column, Entity, Unique } from 'typeorm';
import { Row } from '../platform/row';

/** What a euro is worth in a currency from a day on, until there is a later one. For limits and policies; nothing is billed by it. */
@Entity('exchange_rate')
@Unique('exchange_rate_taken', ['currency', 'validOn'])
@Check('exchange_rate_positive', `per_euro > 0 AND currency <> 'EUR'`)
export class ExchangeRate extends Row {
  /** ISO 4217. */
  @Column('text')
  currency!: string;

  /** Units of the currency for one euro, as the ECB quotes them. */
  @Column('numeric', { precision: 20, scale: 10 })
  perEuro!: string;

  /** In UTC. */
  @Column('date')
  validOn!: string;
}
