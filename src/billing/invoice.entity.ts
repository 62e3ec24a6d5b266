import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { User } from '../access/user.entity';
import { Account } from '../accounts/account.entity';
import { LegalEntity, MAIN_LEGAL_ENTITY_ID } from '../issuers/legal-entity.entity';
import { Plain, Row } from '../platform/row';
import type { IssuedAs } from './issued-as';
import { minorUnits } from './minor-units';

export type InvoiceStatus = 'DRAFT' | 'CLIENT_REVIEW' | 'PENDING_APPROVAL' | 'ISSUED' | 'VOIDED';
export type PaymentStatus = 'UNPAID' | 'PARTIALLY_PAID' | 'PAID' | 'OVERPAID' | 'WRITTEN_OFF';

/**
 * An invoice. Its amounts are fixed when it is drafted: the API's role may not update them. The number is given at issue,
 * never changed and never given again; a trigger holds that.
 */
@Entity('invoice')
@Plain('invoice', 'currency')
@Unique('invoice_number', ['legalEntityId', 'number'])
@Unique('invoice_place_in_series', ['legalEntityId', 'series', 'fiscalYear', 'numberInSeries'])
@Index('invoice_of_account', ['accountId', 'createdAt', 'id'])
@Index('invoice_by_number', ['number'])
@Index('invoice_created', ['createdAt', 'id'])
@Index('invoice_due', ['dueOn', 'id'], { where: `status = 'ISSUED'` })
@Check('invoice_status', `status IN ('DRAFT','CLIENT_REVIEW','PENDING_APPROVAL','ISSUED','VOIDED')`)
@Check('invoice_payment_status', `payment_status IN ('UNPAID','PARTIALLY_PAID','PAID','OVERPAID','WRITTEN_OFF')`)
@Check('invoice_total', 'total_minor = subtotal_minor + tax_minor')
@Check(
  'invoice_credit_exceeded',
  'disputed_minor >= 0 AND credited_minor >= 0 AND disputed_minor + credited_minor <= greatest(total_minor, 0)',
)
@Check('invoice_review', 'review_days BETWEEN 0 AND 365 AND (accepted_at IS NULL) = (accepted_by_id IS NULL)')
@Check(
  'invoice_period',
  '(billing_run_id IS NULL) = (period_from IS NULL) AND (period_from IS NULL) = (period_until IS NULL) AND period_from < period_until',
)
@Index('invoice_period_billed', ['accountId', 'currency', 'periodFrom', 'periodUntil'], {
  unique: true,
  where: `billing_run_id IS NOT NULL AND status <> 'VOIDED'`,
})
@Index('invoice_billing_run', ['billingRunId', 'id'], { where: 'billing_run_id IS NOT NULL' })
@Check(
  'invoice_issued_with_number',
  `(number IS NOT NULL) = (issued_at IS NOT NULL) AND (status <> 'ISSUED' OR number IS NOT NULL)`,
)
export class Invoice extends Row {
  @Column('uuid')
  accountId!: string;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'invoice_account' })
  account?: Account;

  /** Who issues it: that of its account when it was drafted. */
  @Column({ type: 'uuid', default: MAIN_LEGAL_ENTITY_ID })
  legalEntityId!: string;

  @ManyToOne(() => LegalEntity)
  @JoinColumn({ name: 'legal_entity_id', foreignKeyConstraintName: 'invoice_legal_entity' })
  legalEntity?: LegalEntity;

  @Column('text')
  status!: InvoiceStatus;

  @Column('text')
  paymentStatus!: PaymentStatus;

  /** ISO 4217 code of every amount on it. */
  @Column('text')
  currency!: string;

  @Column({ type: 'bigint', transformer: minorUnits })
  subtotalMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  taxMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  totalMinor!: bigint;

  /** What open disputes claim of it. */
  @Column({ type: 'bigint', transformer: minorUnits })
  disputedMinor!: bigint;

  /** What credit notes gave back of it. */
  @Column({ type: 'bigint', transformer: minorUnits })
  creditedMinor!: bigint;

  /** Days from the day of issue until it is due. */
  @Column('integer')
  dueInDays!: number;

  /** Days that its client has to look at it before it is issued; 0: it need not be shown. */
  @Column('integer', { default: 0 })
  reviewDays!: number;

  /** The last of them, in the account's zone; null while it is not shown. */
  @Column({ type: 'date', nullable: true })
  reviewEndsOn!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  acceptedAt!: Date | null;

  @Column({ type: 'uuid', nullable: true })
  acceptedById!: string | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'accepted_by_id', foreignKeyConstraintName: 'invoice_accepted_by' })
  acceptedBy?: User;

  /** How it was accepted, where somebody else says so for the client. */
  @Column({ type: 'text', nullable: true })
  acceptanceNote!: string | null;

  @Column({ type: 'text', nullable: true })
  number!: string | null;

  @Column({ type: 'text', nullable: true })
  series!: string | null;

  @Column({ type: 'integer', nullable: true })
  fiscalYear!: number | null;

  @Column({ type: 'integer', nullable: true })
  numberInSeries!: number | null;

  @Column({ type: 'timestamptz', nullable: true })
  issuedAt!: Date | null;

  /** In the account's zone. */
  @Column({ type: 'date', nullable: true })
  dueOn!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  voidedAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  voidReason!: string | null;

  @Column('uuid')
  draftedById!: string;

  /** Null of what is not issued, and of what was before this was kept. */
  @Column({ type: 'jsonb', nullable: true })
  issuedAs!: IssuedAs | null;

  /** Days that it bills, of an invoice that a billing run drafted: of the account's zone, the last exclusive. */
  @Column({ type: 'date', nullable: true })
  periodFrom!: string | null;

  @Column({ type: 'date', nullable: true })
  periodUntil!: string | null;

  @Column({ type: 'uuid', nullable: true })
  billingRunId!: string | null;
}
