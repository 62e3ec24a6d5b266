import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Lob } from '../accounts/lob.entity';
import { Plain, Row } from '../platform/row';
import { Invoice } from './invoice.entity';
import { minorUnits } from './minor-units';
import type { KeptTax } from './tax-total';

/** A line of an invoice. Only what disputes make of it ever changes; the API's role may update nothing else. */
@Entity('invoice_line')
@Plain('invoice_line', 'currency')
@Unique('invoice_line_number', ['invoiceId', 'lineNumber'])
@Index('invoice_line_lob', ['lobId', 'id'])
@Check('invoice_line_total', 'total_minor = amount_minor + tax_minor')
@Check(
  'dispute_amount_exceeded',
  'disputed_minor >= 0 AND credited_minor >= 0 AND disputed_minor + credited_minor <= greatest(total_minor, 0)',
)
export class InvoiceLine extends Row {
  @Column('uuid')
  invoiceId!: string;

  @ManyToOne(() => Invoice)
  @JoinColumn({ name: 'invoice_id', foreignKeyConstraintName: 'invoice_line_of_invoice' })
  invoice?: Invoice;

  /** 1, 2, 3 … */
  @Column('integer')
  lineNumber!: number;

  @Column({ type: 'uuid', nullable: true })
  lobId!: string | null;

  @ManyToOne(() => Lob)
  @JoinColumn({ name: 'lob_id', foreignKeyConstraintName: 'invoice_line_for_lob' })
  lob?: Lob;

  @Column('text')
  description!: string;

  @Column('text')
  currency!: string;

  @Column({ type: 'numeric', precision: 20, scale: 10 })
  quantity!: string;

  @Column({ type: 'numeric', precision: 20, scale: 10 })
  unitPrice!: string;

  /** Percent, of all its taxes together. */
  @Column({ type: 'numeric', precision: 7, scale: 4 })
  taxRate!: string;

  /** Whether its price holds the tax. */
  @Column('boolean', { default: false })
  taxInclusive!: boolean;

  /** Null of lines that are older than taxes with a name. */
  @Column({ type: 'jsonb', nullable: true })
  taxes!: KeptTax[] | null;

  /** Quantity times unit price, rounded once; without the tax that it holds. */
  @Column({ type: 'bigint', transformer: minorUnits })
  amountMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  taxMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  totalMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  disputedMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  creditedMinor!: bigint;
}
