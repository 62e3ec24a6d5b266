import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { noValue, SensitiveValue } from '../access/sensitive-value';
import { User } from '../access/user.entity';
import { Account } from '../accounts/account.entity';
import { Lob } from '../accounts/lob.entity';
import { Personal } from '../platform/personal';
import { Row } from '../platform/row';
import { ComplaintRule } from './complaint-rule.entity';

export type ComplaintChannel =
  'PHONE' | 'EMAIL' | 'WEB' | 'CHAT' | 'SOCIAL_MEDIA' | 'POSTAL_MAIL' | 'FAX' | 'IN_PERSON' | 'REFERRAL' | 'OTHER';
export type ComplaintStatus = 'FILED' | 'ACKNOWLEDGED' | 'RESOLVED';
export type ComplaintResolution = 'UPHELD' | 'PARTLY_UPHELD' | 'NOT_UPHELD';

/** Whoever complained, a customer of the client company. */
export class Customer {
  @Column({ type: 'text', nullable: true })
  name!: string | null;

  @Column(() => SensitiveValue)
  email!: SensitiveValue;

  @Column(() => SensitiveValue)
  phone!: SensitiveValue;

  @Column(() => SensitiveValue)
  cardNumber!: SensitiveValue;
}

const nobody = (): Customer => ({ name: null, email: noValue(), phone: noValue(), cardNumber: noValue() });

/**
 * A complaint and its clocks. A deadline is the first instant that is too late. The instants at which deadlines were
 * missed are kept for good: acting late writes them, and neither acting nor reopening erases them.
 */
@Entity('complaint')
@Unique('complaint_source_taken', ['accountId', 'sourceReference'])
@Index('complaint_received', ['receivedAt', 'id'])
@Index('complaint_of_account', ['accountId', 'receivedAt', 'id'])
@Index('complaint_of_lob', ['lobId', 'receivedAt', 'id'])
@Index('complaint_due', ['dueAt', 'id'], { where: `status <> 'RESOLVED'` })
@Index('complaint_customer_email_digest', ['customer.email.digest'], { where: 'customer_email_digest IS NOT NULL' })
@Index('complaint_customer_phone_digest', ['customer.phone.digest'], { where: 'customer_phone_digest IS NOT NULL' })
@Index('complaint_customer_card_number_digest', ['customer.cardNumber.digest'], {
  where: 'customer_card_number_digest IS NOT NULL',
})
@Check(
  'complaint_channel',
  `channel IN ('PHONE','EMAIL','WEB','CHAT','SOCIAL_MEDIA','POSTAL_MAIL','FAX','IN_PERSON','REFERRAL','OTHER')`,
)
@Check('complaint_status', `status IN ('FILED','ACKNOWLEDGED','RESOLVED')`)
@Check('complaint_resolution', `resolution IN ('UPHELD','PARTLY_UPHELD','NOT_UPHELD')`)
@Check('complaint_acknowledged', `(status = 'FILED') = (acknowledged_at IS NULL)`)
@Check(
  'complaint_resolved',
  `(status = 'RESOLVED') = (resolved_at IS NOT NULL) AND (status = 'RESOLVED') = (resolution IS NOT NULL)`,
)
@Check('complaint_reopened', `reopened_count >= 0 AND (reopened_count > 0) = (reopened_at IS NOT NULL)`)
@Check('complaint_breach_kept', `resolved_at IS NULL OR resolved_at < due_at OR breached_at IS NOT NULL`)
@Check(
  'complaint_acknowledge_breach_kept',
  `acknowledged_at IS NULL OR acknowledged_at < acknowledge_due_at OR acknowledge_breached_at IS NOT NULL`,
)
export class Complaint extends Row {
  @Column('uuid')
  accountId!: string;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'complaint_account' })
  account?: Account;

  @Column('uuid')
  lobId!: string;

  @ManyToOne(() => Lob)
  @JoinColumn({ name: 'lob_id', foreignKeyConstraintName: 'complaint_lob' })
  lob?: Lob;

  @Column('text')
  channel!: ComplaintChannel;

  @Column('text')
  category!: string;

  /** What the customer says, card numbers and e-mail addresses masked. */
  @Personal()
  @Column({ type: 'text', nullable: true })
  narrative!: string | null;

  /** The instant from which the clocks run. */
  @Column('timestamptz')
  receivedAt!: Date;

  /** What another system calls it; unique within the account. */
  @Column({ type: 'text', nullable: true })
  sourceReference!: string | null;

  @Personal(nobody)
  @Column(() => Customer)
  customer!: Customer;

  @Column('uuid')
  filedById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'filed_by_id', foreignKeyConstraintName: 'complaint_filed_by' })
  filedBy?: User;

  @Column('text')
  status!: ComplaintStatus;

  /** The rule that set the clocks that run now. */
  @Column('uuid')
  ruleId!: string;

  @ManyToOne(() => ComplaintRule)
  @JoinColumn({ name: 'rule_id', foreignKeyConstraintName: 'complaint_by_rule' })
  rule?: ComplaintRule;

  @Column('integer')
  ruleVersion!: number;

  /** Version of the rule's calendar that the days were counted by. */
  @Column('integer')
  calendarVersion!: number;

  @Column('timestamptz')
  acknowledgeDueAt!: Date;

  @Column('timestamptz')
  dueAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  acknowledgedAt!: Date | null;

  /** The deadline that was missed, once somebody acted after it. Until then a read tells it from the clock. */
  @Column({ type: 'timestamptz', nullable: true })
  acknowledgeBreachedAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  resolvedAt!: Date | null;

  /** The first deadline that was missed, once somebody acted after it. Until then a read tells it from the clock. */
  @Column({ type: 'timestamptz', nullable: true })
  breachedAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  resolution!: ComplaintResolution | null;

  @Personal()
  @Column({ type: 'text', nullable: true })
  resolutionNote!: string | null;

  /** The latest time. */
  @Column({ type: 'timestamptz', nullable: true })
  reopenedAt!: Date | null;

  @Column({ type: 'integer', default: 0 })
  reopenedCount!: number;
}
