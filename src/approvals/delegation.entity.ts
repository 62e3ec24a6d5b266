import { Check, Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { User } from '../access/user.entity';
import { Row } from '../platform/row';

/** That somebody stands in for another over change requests: for a time, for some of them. */
@Entity('delegation')
@Index('delegation_to', ['delegateId'])
@Index('delegation_from', ['delegatorId'])
@Check('delegation_by_same_person', 'delegator_id <> delegate_id')
@Check('delegation_period', 'starts_at < ends_at')
export class Delegation extends Row {
  @Column('uuid')
  delegatorId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'delegator_id', foreignKeyConstraintName: 'delegation_delegator' })
  delegator?: User;

  @Column('uuid')
  delegateId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'delegate_id', foreignKeyConstraintName: 'delegation_delegate' })
  delegate?: User;

  @Column('timestamptz')
  startsAt!: Date;

  /** The first instant at which it holds no longer. */
  @Column('timestamptz')
  endsAt!: Date;

  /** Names of operations; null: all. */
  @Column('text', { array: true, nullable: true })
  operations!: string[] | null;

  /** Client accounts; null: all, and what is about none. */
  @Column('uuid', { array: true, nullable: true })
  accountIds!: string[] | null;

  /** The delegator is away: nobody waits for them, and reminders go to the delegate. */
  @Column('boolean', { default: false })
  outOfOffice!: boolean;

  @Column('text')
  reason!: string;

  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;

  @Column({ type: 'uuid', nullable: true })
  revokedById!: string | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'revoked_by_id', foreignKeyConstraintName: 'delegation_revoked_by' })
  revokedBy?: User;
}
