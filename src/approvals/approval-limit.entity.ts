import { Check, Column, Entity, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { User } from '../access/user.entity';
import { Plain, Row } from '../platform/row';

/** How much somebody may say yes to, in a currency. Amounts in others are converted; without a rate they are beyond it. */
@Entity('approval_limit')
@Plain('approval_limit', 'currency')
@Unique('approval_limit_taken', ['userId', 'currency'])
@Check('approval_limit_positive', 'per_request_minor >= 0 AND per_day_minor >= 0')
export class ApprovalLimit extends Row {
  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'approval_limit_user' })
  user?: User;

  /** ISO 4217. */
  @Column('text')
  currency!: string;

  /** In minor units; null: without a limit. */
  @Column({ type: 'bigint', nullable: true })
  perRequestMinor!: string | null;

  /** Over any 24 hours, in minor units; null: without a limit. */
  @Column({ type: 'bigint', nullable: true })
  perDayMinor!: string | null;
}
