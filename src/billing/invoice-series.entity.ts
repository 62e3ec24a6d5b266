import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The next number of a series in a fiscal year. Its row is locked from the moment a number is taken until the invoice is
 * committed, so that a rollback gives the number back and no gap is left.
 */
@Entity('invoice_series')
export class InvoiceSeries {
  @PrimaryColumn('text')
  series!: string;

  @PrimaryColumn('integer')
  fiscalYear!: number;

  @Column('integer')
  lastNumber!: number;
}
