import { Column, Entity, JoinColumn, ManyToOne, Unique } from 'typeorm';
import type { FieldChange } from '../platform/operation';
import { Plain, Row } from '../platform/row';
import { ChangeRequest, type SeenRow } from './change-request.entity';

/** What a change request asked for before it was revised. Kept for good, but for what is erased of a person. */
@Entity('change_request_revision')
@Plain('change_request_revision', 'digest')
@Unique('change_request_revision_repeated', ['changeRequestId', 'revision'])
export class ChangeRequestRevision extends Row {
  @Column('uuid')
  changeRequestId!: string;

  @ManyToOne(() => ChangeRequest)
  @JoinColumn({ name: 'change_request_id', foreignKeyConstraintName: 'revision_of_change_request' })
  changeRequest?: ChangeRequest;

  @Column('integer')
  revision!: number;

  @Column('text')
  digest!: string;

  @Column('jsonb')
  inputShown!: unknown;

  @Column('jsonb')
  changes!: FieldChange[];

  @Column('jsonb')
  seen!: SeenRow[];

  @Column({ type: 'text', nullable: true })
  reason!: string | null;
}
