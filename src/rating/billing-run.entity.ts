import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Account } from '../accounts/account.entity';
import { User } from '../access/user.entity';
import { Row } from '../platform/row';

/** A period to be billed, of one account or of all. It never changes: what became of it stands with each account. */
@Entity('billing_run')
@Index('billing_run_created', ['createdAt', 'id'])
@Check('billing_run_period', 'period_from < period_until')
export class BillingRun extends Row {
  /** Null: of all that were open. */
  @Column({ type: 'uuid', nullable: true })
  accountId!: string | null;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'billing_run_of_account' })
  account?: Account | null;

  @Column('date')
  periodFrom!: string;

  /** The first day that it does not bill. */
  @Column('date')
  periodUntil!: string;

  @Column('uuid')
  startedById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'started_by_id', foreignKeyConstraintName: 'billing_run_started_by' })
  startedBy?: User;
}

export type BillingState = 'WAITING' | 'DRAFTED' | 'NOTHING' | 'PARKED' | 'FAILED';

/** What the fuse saw of a draft. Amounts are decimal texts in minor units. */
export interface Figures {
  readonly currency: string;
  readonly periodFrom: string;
  readonly periodUntil: string;
  readonly subtotalMinor: string;
  readonly lines: number;
  /** Of the last invoices of such periods; null while there are too few. */
  readonly usualMinor: string | null;
  readonly usualLines: number | null;
  readonly blown: boolean;
}

/** An account of a run. */
@Entity('billing_run_account')
@Unique('billing_run_account_once', ['runId', 'accountId'])
@Index('billing_run_account_waiting', ['createdAt', 'id'], { where: `state = 'WAITING'` })
@Index('billing_run_account_of_account', ['accountId', 'createdAt', 'id'])
@Check('billing_run_account_state', `state IN ('WAITING','DRAFTED','NOTHING','PARKED','FAILED')`)
export class BillingRunAccount extends Row {
  @Column('uuid')
  runId!: string;

  @ManyToOne(() => BillingRun)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'billing_run_account_of_run' })
  run?: BillingRun;

  @Column('uuid')
  accountId!: string;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'billing_run_account_account' })
  account?: Account;

  @Column('text')
  state!: BillingState;

  /** What was drafted, or what the fuse stopped; empty before. */
  @Column('jsonb')
  figures!: Figures[];

  /** Handled calls of the period that no rate is for. */
  @Column({ type: 'integer', nullable: true })
  unratedCalls!: number | null;

  /** Cycles whose corrections wait for a later invoice. */
  @Column({ type: 'integer', nullable: true })
  heldBackCycles!: number | null;

  /** Of a failure. */
  @Column({ type: 'text', nullable: true })
  code!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  settledAt!: Date | null;
}
