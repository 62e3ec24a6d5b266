import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { Plain } from '../platform/row';
import type { TaxCategory } from '../taxes/tax.rules';
import { Invoice } from './invoice.entity';
import { minorUnits } from './minor-units';

/** What an invoice says of one tax: the sums over its lines, which say the same. Never changed. */
@Entity('invoice_tax')
@Plain('invoice_tax', 'currency')
@Unique('invoice_tax_place', ['invoiceId', 'place'])
@Check('invoice_tax_category', `category IN ('S','Z','E','AE','K','G','O','L','M') AND percent BETWEEN 0 AND 100`)
export class InvoiceTax {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  invoiceId!: string;

  @ManyToOne(() => Invoice)
  @JoinColumn({ name: 'invoice_id', foreignKeyConstraintName: 'invoice_tax_of_invoice' })
  invoice?: Invoice;

  /** 1, 2, 3 … */
  @Column('integer')
  place!: number;

  @Column('text')
  name!: string;

  /** UNCL5305. */
  @Column('text')
  category!: TaxCategory;

  @Column({ type: 'numeric', precision: 7, scale: 4 })
  percent!: string;

  @Column('text')
  currency!: string;

  /** Net amounts of the lines that it is due on. */
  @Column({ type: 'bigint', transformer: minorUnits })
  taxableMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  taxMinor!: bigint;

  @Column({ type: 'text', nullable: true })
  exemptionReason!: string | null;
}
