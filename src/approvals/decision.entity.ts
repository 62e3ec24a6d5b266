import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Row } from '../platform/row';
import { User } from '../access/user.entity';
import { ChangeRequest } from './change-request.entity';

/**
 * What somebody said to a change request. The maker stands in it again, tied to the request's maker by a foreign key, so
 * that the database itself can see that nobody decided their own.
 */
@Entity('decision')
@Unique('decision_repeated', ['changeRequestId', 'revision', 'decidedById'])
@Index('decision_by', ['decidedById', 'createdAt'])
@Index('decision_on_behalf', ['onBehalfOfId', 'createdAt'], { where: 'on_behalf_of_id IS NOT NULL' })
@Check('decision_by_same_person', 'decided_by_id <> maker_id')
export class Decision extends Row {
  @Column('uuid')
  changeRequestId!: string;

  @Column('uuid')
  makerId!: string;

  @ManyToOne(() => ChangeRequest)
  @JoinColumn([
    { name: 'change_request_id', referencedColumnName: 'id', foreignKeyConstraintName: 'decision_of_request_by_maker' },
    { name: 'maker_id', referencedColumnName: 'makerId', foreignKeyConstraintName: 'decision_of_request_by_maker' },
  ])
  changeRequest?: ChangeRequest;

  @Column('integer')
  revision!: number;

  @Column('uuid')
  decidedById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'decided_by_id', foreignKeyConstraintName: 'decision_decided_by' })
  decidedBy?: User;

  /** Whose right it was, where somebody stood in for another. */
  @Column({ type: 'uuid', nullable: true })
  onBehalfOfId!: string | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'on_behalf_of_id', foreignKeyConstraintName: 'decision_on_behalf_of' })
  onBehalfOf?: User;

  /** The step of the request that it is about, from 1 on. */
  @Column('integer', { default: 1 })
  step!: number;

  @Column('text')
  verdict!: 'APPROVED' | 'REJECTED' | 'RETURNED';

  @Column({ type: 'text', nullable: true })
  comment!: string | null;
}
