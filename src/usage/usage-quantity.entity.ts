import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Account } from '../accounts/account.entity';
import { Lob } from '../accounts/lob.entity';
import { User } from '../access/user.entity';
import type { ReportedMeasure } from '../agreements/rate.rules';
import { Row } from '../platform/row';

/** So much of something on a day, as somebody tells it. Never changed: a correction is another that names it. */
@Entity('usage_quantity')
@Unique('usage_quantity_source_id', ['accountId', 'source', 'sourceId'])
@Index('usage_quantity_of_account', ['accountId', 'day', 'id'])
@Index('usage_quantity_corrected', ['correctsId', 'sequence'], { where: 'corrects_id IS NOT NULL' })
@Check('usage_quantity_measure', `measure IN ('AGENT_HOURS','SEATS','COLLECTED_AMOUNT')`)
@Check('usage_quantity_not_below_zero', 'quantity >= 0')
export class UsageQuantity extends Row {
  @Column('uuid')
  accountId!: string;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'usage_quantity_account' })
  account?: Account;

  @Column('uuid')
  lobId!: string;

  @ManyToOne(() => Lob)
  @JoinColumn({ name: 'lob_id', foreignKeyConstraintName: 'usage_quantity_for_lob' })
  lob?: Lob;

  @Column('text')
  measure!: ReportedMeasure;

  /** In the account's zone. */
  @Column('date')
  day!: string;

  @Column({ type: 'numeric', precision: 20, scale: 10 })
  quantity!: string;

  @Column('text')
  source!: string;

  @Column('text')
  sourceId!: string;

  /** The one in whose place it counts, which corrects none itself. Of several the one with the highest sequence counts. */
  @Column({ type: 'uuid', nullable: true })
  correctsId!: string | null;

  @ManyToOne(() => UsageQuantity)
  @JoinColumn({ name: 'corrects_id', foreignKeyConstraintName: 'usage_quantity_corrects' })
  corrects?: UsageQuantity | null;

  /** Among the records of the account, calls and these: see docs/USAGE.md. */
  @Column('bigint')
  sequence!: string;

  @Column('uuid')
  reportedById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'reported_by_id', foreignKeyConstraintName: 'usage_quantity_reported_by' })
  reportedBy?: User;
}
