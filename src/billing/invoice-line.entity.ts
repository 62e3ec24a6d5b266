import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import type { PartKind } from '../agreements/charge.rules';
import type { Measure } from '../agreements/rate.rules';
import { AgreementRate } from '../agreements/agreement-rate.entity';
import { AgreementVersion } from '../agreements/agreement-version.entity';
import { Lob } from '../accounts/lob.entity';
import { Plain, Row } from '../platform/row';
import { Invoice } from './invoice.entity';
import { InvoiceCycle } from './invoice-cycle.entity';
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
@Check(
  'invoice_line_kind',
  `kind IN ('MANUAL','USAGE','FEE','CORRECTION') AND (kind = 'MANUAL') = (cycle_id IS NULL)
    AND (cycle_id IS NULL) = (rated_minor IS NULL) AND (kind = 'CORRECTION') = (corrects_invoice_id IS NOT NULL)`,
)
@Index('invoice_line_cycle', ['cycleId'], { where: 'cycle_id IS NOT NULL' })
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

  @Column('text', { default: 'MANUAL' })
  kind!: LineKind;

  /** From here on: of a line that a billing run made. */
  @Column({ type: 'uuid', nullable: true })
  cycleId!: string | null;

  @ManyToOne(() => InvoiceCycle)
  @JoinColumn({ name: 'cycle_id', foreignKeyConstraintName: 'invoice_line_of_cycle' })
  cycle?: InvoiceCycle | null;

  @Column({ type: 'uuid', nullable: true })
  agreementRateId!: string | null;

  @ManyToOne(() => AgreementRate)
  @JoinColumn({ name: 'agreement_rate_id', foreignKeyConstraintName: 'invoice_line_by_rate' })
  agreementRate?: AgreementRate | null;

  @Column({ type: 'uuid', nullable: true })
  agreementVersionId!: string | null;

  @ManyToOne(() => AgreementVersion)
  @JoinColumn({ name: 'agreement_version_id', foreignKeyConstraintName: 'invoice_line_by_version' })
  agreementVersion?: AgreementVersion | null;

  /** Days for which that version holds within the cycle, the last exclusive. */
  @Column({ type: 'date', nullable: true })
  periodFrom!: string | null;

  @Column({ type: 'date', nullable: true })
  periodUntil!: string | null;

  @Column({ type: 'text', nullable: true })
  measure!: Measure | null;

  /** Billed units as an exact fraction: `1400/60`. */
  @Column({ type: 'text', nullable: true })
  units!: string | null;

  /** What the rate made of them, rounded once: with the tax, where that is in the rates. */
  @Column({ type: 'bigint', nullable: true, transformer: minorUnits })
  ratedMinor!: bigint | null;

  /** How the amount came about. */
  @Column({ type: 'jsonb', nullable: true })
  detail!: LineDetail[] | null;

  @Column({ type: 'uuid', nullable: true })
  correctsInvoiceId!: string | null;

  @ManyToOne(() => Invoice)
  @JoinColumn({ name: 'corrects_invoice_id', foreignKeyConstraintName: 'invoice_line_corrects' })
  correctsInvoice?: Invoice | null;
}

export type LineKind = 'MANUAL' | 'USAGE' | 'FEE' | 'CORRECTION';

/** A part of an amount: decimals in the invoice's currency, of at most ten digits behind the point. */
export interface LineDetail {
  readonly kind: PartKind | 'BILLED';
  /** From 1, where there are tiers. */
  readonly tier: number | null;
  readonly quantity: string | null;
  readonly unitPrice: string | null;
  readonly amount: string;
}
