import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { User } from '../access/user.entity';
import { Row } from '../platform/row';
import { ChangeRequest } from './change-request.entity';

/** Something that has to be looked at afterwards: the glass was broken. Reviewed by another person within a day. */
@Entity('finding')
@Unique('finding_repeated', ['changeRequestId', 'kind'])
@Index('finding_due', ['dueAt', 'id'])
@Check('finding_kind', `kind IN ('BREAK_GLASS')`)
@Check('finding_verdict', `verdict IN ('JUSTIFIED','NOT_JUSTIFIED')`)
@Check('finding_review_by_same_person', 'reviewed_by_id <> raised_by_id')
@Check('finding_reviewed', 'num_nulls(reviewed_by_id, reviewed_at, verdict, comment) IN (0, 4)')
export class Finding extends Row {
  @Column('text')
  kind!: 'BREAK_GLASS';

  @Column('uuid')
  changeRequestId!: string;

  @ManyToOne(() => ChangeRequest)
  @JoinColumn({ name: 'change_request_id', foreignKeyConstraintName: 'finding_change_request' })
  changeRequest?: ChangeRequest;

  @Column('integer')
  revision!: number;

  @Column('uuid')
  raisedById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'raised_by_id', foreignKeyConstraintName: 'finding_raised_by' })
  raisedBy?: User;

  @Column('text')
  reason!: string;

  /** The first instant at which a review is late. */
  @Column('timestamptz')
  dueAt!: Date;

  @Column({ type: 'uuid', nullable: true })
  reviewedById!: string | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'reviewed_by_id', foreignKeyConstraintName: 'finding_reviewed_by' })
  reviewedBy?: User;

  @Column({ type: 'timestamptz', nullable: true })
  reviewedAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  verdict!: 'JUSTIFIED' | 'NOT_JUSTIFIED' | null;

  @Column({ type: 'text', nullable: true })
  comment!: string | null;
}
