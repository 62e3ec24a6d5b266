import { Check, Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { User } from '../access/user.entity';
import { Account } from '../accounts/account.entity';
import { Row } from '../platform/row';

export type ImportState = 'RUNNING' | 'DONE' | 'FAILED' | 'ABANDONED';

/** A file, or a batch over GraphQL: what came in, and what became of it. It only grows, until it is done. */
@Entity('usage_import')
@Index('usage_import_of_account', ['accountId', 'createdAt', 'id'])
@Index('usage_import_created', ['createdAt', 'id'])
@Index('usage_import_unfinished', ['updatedAt'], { where: `state = 'RUNNING'` })
@Check('usage_import_state', `state IN ('RUNNING','DONE','FAILED','ABANDONED')`)
@Check(
  'usage_import_counts',
  `records_in = records_new + records_known + records_rejected
      AND records_new >= 0 AND records_known >= 0 AND records_rejected >= 0`,
)
@Check('usage_import_finished', `(state = 'DONE') = (finished_at IS NOT NULL)`)
export class UsageImport extends Row {
  @Column('uuid')
  accountId!: string;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'usage_import_into' })
  account?: Account;

  /** The system that it comes from, in its account's words. */
  @Column('text')
  source!: string;

  /** Null for a batch over GraphQL, like the next two. */
  @Column({ type: 'text', nullable: true })
  fileName!: string | null;

  /** SHA-256 of the file, in hex. */
  @Column({ type: 'text', nullable: true })
  digest!: string | null;

  /** How the file was read: see layout.rules.ts. */
  @Column({ type: 'text', nullable: true })
  layout!: string | null;

  @Column('text')
  state!: ImportState;

  @Column('integer')
  recordsIn!: number;

  @Column('integer')
  recordsNew!: number;

  @Column('integer')
  recordsKnown!: number;

  @Column('integer')
  recordsRejected!: number;

  /** Lines of the file up to which it is done, its header among them. */
  @Column('integer')
  linesDone!: number;

  /** Bytes of the file's text in UTF-8 up to which it is done. A string, since a file may be longer than an integer says. */
  @Column('bigint')
  bytesDone!: string;

  @Column('bigint')
  bytesTotal!: string;

  @Column('uuid')
  startedById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'started_by_id', foreignKeyConstraintName: 'usage_import_started_by' })
  startedBy?: User;

  /** When a batch of it was last taken. */
  @Column('timestamptz')
  updatedAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  failureCode!: string | null;
}
