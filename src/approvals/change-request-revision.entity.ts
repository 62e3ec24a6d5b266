import { Column, Entity, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Plain } from '../platform/row';
import { Asking, ChangeRequest } from './change-request.entity';

/** What a change request asked for before it was revised. Kept for good, but for what is erased of a person. */
@Entity('change_request_revision')
@Plain('change_request_revision', 'digest')
@Unique('change_request_revision_repeated', ['changeRequestId', 'revision'])
export class ChangeRequestRevision extends Asking {
  @Column('uuid')
  changeRequestId!: string;

  @ManyToOne(() => ChangeRequest)
  @JoinColumn({ name: 'change_request_id', foreignKeyConstraintName: 'revision_of_change_request' })
  changeRequest?: ChangeRequest;
}
