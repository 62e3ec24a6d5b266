import { Check, Column, Entity, Exclusion, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Agreement } from '../agreements/agreement.entity';
import { Row } from '../platform/row';
import { Invoice } from './invoice.entity';

/**
 * Days of an agreement that an invoice bills, or corrects. Until the invoice is voided, no other bills them: the exclusion constraint holds that.
 * `starts_at` and `ends_at` stay what they were when it was billed, whatever becomes of the account's zone.
 */
@Entity('invoice_cycle')
@Unique('invoice_cycle_once', ['invoiceId', 'agreementId', 'periodFrom'])
@Exclusion(
  'invoice_cycle_billed_twice',
  `USING gist (agreement_id WITH =, daterange(period_from, period_until) WITH &&) WHERE (corrects_id IS NULL AND NOT voided)`,
)
@Check('invoice_cycle_period', 'period_from < period_until AND starts_at < ends_at')
@Index('invoice_cycle_of_account', ['accountId', 'periodFrom'], { where: 'NOT voided' })
@Index('invoice_cycle_corrected', ['correctsId'], { where: 'corrects_id IS NOT NULL AND NOT voided' })
export class InvoiceCycle extends Row {
  @Column('uuid')
  invoiceId!: string;

  @ManyToOne(() => Invoice)
  @JoinColumn({ name: 'invoice_id', foreignKeyConstraintName: 'invoice_cycle_of_invoice' })
  invoice?: Invoice;

  @Column('uuid')
  accountId!: string;

  @Column('uuid')
  agreementId!: string;

  @ManyToOne(() => Agreement)
  @JoinColumn({ name: 'agreement_id', foreignKeyConstraintName: 'invoice_cycle_of_agreement' })
  agreement?: Agreement;

  @Column('date')
  periodFrom!: string;

  @Column('date')
  periodUntil!: string;

  /** Of the whole cycle, of which these may be a part. */
  @Column('integer')
  days!: number;

  @Column('timestamptz')
  startsAt!: Date;

  @Column('timestamptz')
  endsAt!: Date;

  @Column('text')
  zone!: string;

  /** Usage up to this sequence of the account was rated. */
  @Column('bigint')
  sequenceUpto!: string;

  /** Digest of what was agreed for these days when they were rated. */
  @Column('text')
  terms!: string;

  /** What it corrects; null for what bills the days. */
  @Column({ type: 'uuid', nullable: true })
  correctsId!: string | null;

  @ManyToOne(() => InvoiceCycle)
  @JoinColumn({ name: 'corrects_id', foreignKeyConstraintName: 'invoice_cycle_corrects' })
  corrects?: InvoiceCycle | null;

  @Column('boolean', { default: false })
  voided!: boolean;
}
