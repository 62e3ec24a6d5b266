import { Check, Column, Entity, Exclusion, JoinColumn, ManyToOne, Unique } from 'typeorm';
import type { Rounding } from '../platform/exact';
import { Row } from '../platform/row';
import { Agreement } from './agreement.entity';
import type { Cycle } from './billing-cycle.rules';

/**
 * What an agreement says from a day on. Never changed: an amendment is a new version beside it, and all that moves is the day until which
 * the old one holds, to an earlier one. A version that a back-dated one took the place of holds until the day it began: never.
 */
@Entity('agreement_version')
@Unique('agreement_version_number', ['agreementId', 'versionNumber'])
@Exclusion(
  'agreement_version_overlaps',
  `USING gist (agreement_id WITH =, daterange(effective_from, effective_until) WITH &&)`,
)
@Check('agreement_version_dates', 'effective_until IS NULL OR effective_until >= effective_from')
@Check('agreement_version_cycle', `cycle IN ('MONTHLY','QUARTERLY','SEMIANNUAL','ANNUAL')`)
@Check('agreement_version_rounding', `rounding IN ('HALF_EVEN','HALF_UP','DOWN','UP')`)
@Check(
  'agreement_version_days',
  'payment_days BETWEEN 0 AND 365 AND dispute_days BETWEEN 0 AND 365 AND review_days BETWEEN 0 AND 365 AND tax_rate BETWEEN 0 AND 100',
)
export class AgreementVersion extends Row {
  @Column('uuid')
  agreementId!: string;

  @ManyToOne(() => Agreement)
  @JoinColumn({ name: 'agreement_id', foreignKeyConstraintName: 'agreement_version_of_agreement' })
  agreement?: Agreement;

  @Column('uuid')
  accountId!: string;

  /** 1, 2, 3 … */
  @Column('integer')
  versionNumber!: number;

  /** In the account's zone. */
  @Column('date')
  effectiveFrom!: string;

  /** The first day that it does not hold for any more. */
  @Column({ type: 'date', nullable: true })
  effectiveUntil!: string | null;

  /** The lines of business that it is about. Null: all that no other agreement of the account is about. */
  @Column('uuid', { array: true, nullable: true })
  lobIds!: string[] | null;

  @Column('text')
  cycle!: Cycle;

  /** A day on which a cycle begins; the others are counted from it. */
  @Column('date')
  anchorOn!: string;

  /** Days from the day of issue until an invoice is due. */
  @Column('integer')
  paymentDays!: number;

  /** Days from the day of issue within which a line can be disputed. */
  @Column('integer')
  disputeDays!: number;

  /** Days that the client has to look at a draft. */
  @Column('integer')
  reviewDays!: number;

  /** Percent; null: what tax rules say of the account. */
  @Column({ type: 'numeric', precision: 7, scale: 4, nullable: true })
  taxRate!: string | null;

  /** Whether its rates have the tax in them. */
  @Column('boolean')
  taxInclusive!: boolean;

  @Column('text')
  rounding!: Rounding;

  /** The calendar whose holidays its rates speak of. */
  @Column({ type: 'text', nullable: true })
  calendarCode!: string | null;
}
