import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Plain, Row } from '../platform/row';
import { User } from '../access/user.entity';
import type { FieldChange } from '../platform/operation';
import type { Freshness } from './approval-policy.entity';
import type { RequestedStep } from './approval-policy.rules';

export type ChangeRequestStatus =
  'PENDING' | 'RETURNED' | 'EXECUTED' | 'REJECTED' | 'WITHDRAWN' | 'EXPIRED' | 'STALE' | 'FAILED';

/** The version of a row that a change request is about, as it was when it was proposed. */
export interface SeenRow {
  type: string;
  id: string;
  version: number;
}

/** What is asked for, as people may look at it: now, or before it was revised. */
export abstract class Asking extends Row {
  @Column('integer')
  revision!: number;

  /** Keyed digest of operation, revision, input, rows and changes. */
  @Column('text')
  digest!: string;

  /** The validated input, masked. */
  @Column('jsonb')
  inputShown!: unknown;

  /** What would change, masked. */
  @Column('jsonb')
  changes!: FieldChange[];

  @Column('jsonb')
  seen!: SeenRow[];

  @Column({ type: 'text', nullable: true })
  reason!: string | null;
}

/** An operation that waits for a second person, with everything that the approver's yes is bound to. */
@Entity('change_request')
@Plain('change_request', 'operation', 'digest', 'subject_type', 'amount_currency')
@Unique('change_request_and_maker', ['id', 'makerId'])
@Index('change_request_waiting', ['createdAt', 'id'], { where: `status = 'PENDING'` })
@Index('change_request_due', ['expiresAt'], { where: `status IN ('PENDING', 'RETURNED')` })
@Index('change_request_created', ['createdAt', 'id'])
@Index('change_request_by_maker', ['makerId', 'createdAt', 'id'])
@Index('change_request_subject', ['subjectType', 'subjectId'])
@Index('change_request_account', ['accountId', 'createdAt', 'id'])
@Check(
  'change_request_status',
  `status IN ('PENDING','RETURNED','EXECUTED','REJECTED','WITHDRAWN','EXPIRED','STALE','FAILED')`,
)
@Check('change_request_freshness', `freshness IN ('ROW','FIELDS')`)
@Check('change_request_approved_by_same_person', 'approved_by_id <> maker_id')
@Check('change_request_executed_by_two', `(status = 'EXECUTED') = (approved_by_id IS NOT NULL)`)
export class ChangeRequest extends Asking {
  /** Name of the operation. */
  @Column('text')
  operation!: string;

  @Column('text')
  status!: ChangeRequestStatus;

  @Column('text')
  subjectType!: string;

  /** Null for what does not exist yet. */
  @Column({ type: 'uuid', nullable: true })
  subjectId!: string | null;

  @Column({ type: 'uuid', nullable: true })
  accountId!: string | null;

  /** The LOB of that account whose own business it is: those whose roles are bound to one decide nothing else. */
  @Column({ type: 'uuid', nullable: true })
  lobId!: string | null;

  @Column('uuid')
  makerId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'maker_id', foreignKeyConstraintName: 'change_request_maker' })
  maker?: User;

  /** The validated input, sealed: it may hold sensitive values. */
  @Column('bytea')
  inputSealed!: Buffer;

  @Column('uuid')
  policyId!: string;

  /** The version of the policy that it was made under. */
  @Column('integer')
  policyVersion!: number;

  /** Whose yes it needs. Null: of one holder of `approverRoles` (it was made before there were steps). */
  @Column({ type: 'jsonb', nullable: true })
  steps!: RequestedStep[] | null;

  /** Holders of any of these roles may decide now: those of the steps that are open. */
  @Column('text', { array: true })
  approverRoles!: string[];

  /** Users who may decide now, whatever their roles. */
  @Column('uuid', { array: true, nullable: true })
  approverIds!: string[] | null;

  /** The one whose turn it is alone, until it is reassigned. */
  @Column({ type: 'uuid', nullable: true })
  assigneeId!: string | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'assignee_id', foreignKeyConstraintName: 'change_request_assignee' })
  assignee?: User;

  /** What is at stake, in minor units; null: no money, or none that the operation tells of. */
  @Column({ type: 'bigint', nullable: true })
  amountMinor!: string | null;

  @Column({ type: 'text', nullable: true })
  amountCurrency!: string | null;

  @Column('text', { default: 'ROW' })
  freshness!: Freshness;

  /** When those who may decide are reminded next. */
  @Column({ type: 'timestamptz', nullable: true })
  remindAt!: Date | null;

  /** When `escalateToRoles` may decide, too; null once they may. */
  @Column({ type: 'timestamptz', nullable: true })
  escalateAt!: Date | null;

  @Column('text', { array: true, nullable: true })
  escalateToRoles!: string[] | null;

  /** What was amiss with its approvers when it was made: see `Warning`. */
  @Column('text', { array: true, nullable: true })
  warnings!: string[] | null;

  @Column('timestamptz')
  expiresAt!: Date;

  @Column({ type: 'uuid', nullable: true })
  approvedById!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  closedAt!: Date | null;

  /** Why it became STALE or FAILED: a refusal's code. */
  @Column({ type: 'text', nullable: true })
  failureCode!: string | null;

  /** Ids of what carrying it out made or touched. */
  @Column({ type: 'jsonb', nullable: true })
  result!: Record<string, unknown> | null;
}
