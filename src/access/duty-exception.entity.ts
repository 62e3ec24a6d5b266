import { Check, Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { Row } from '../platform/row';
import type { Duty } from './duty.rules';
import { User } from './user.entity';

/** That two duties may meet in one person for a time, and who answers for it. Never deleted. */
@Entity('duty_exception')
@Index('duty_exception_of', ['userId', 'endsAt'])
@Check('duty_exception_pair', 'duty < other_duty')
@Check('duty_exception_owner_by_same_person', 'owner_id <> user_id')
@Check('duty_exception_allowed_by_same_person', 'allowed_by_id <> user_id')
@Check('duty_exception_ended', '(ended_at IS NULL) = (ended_by_id IS NULL)')
export class DutyException extends Row {
  /** One of the users of the person; it holds for all of them. */
  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'duty_exception_user' })
  user?: User;

  /** The two duties, in the order of their names. */
  @Column('text')
  duty!: Duty;

  @Column('text')
  otherDuty!: Duty;

  /** The version of the matrix that it is an exception from. */
  @Column('integer')
  matrixVersion!: number;

  /** Who answers for it. */
  @Column('uuid')
  ownerId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'owner_id', foreignKeyConstraintName: 'duty_exception_owner' })
  owner?: User;

  @Column('text')
  reason!: string;

  /** The first instant at which it holds no longer. */
  @Column('timestamptz')
  endsAt!: Date;

  /** Who proposed it; its change request says who approved it. */
  @Column('uuid')
  allowedById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'allowed_by_id', foreignKeyConstraintName: 'duty_exception_allowed_by' })
  allowedBy?: User;

  @Column({ type: 'timestamptz', nullable: true })
  endedAt!: Date | null;

  @Column({ type: 'uuid', nullable: true })
  endedById!: string | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'ended_by_id', foreignKeyConstraintName: 'duty_exception_ended_by' })
  endedBy?: User;
}
