import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Plain } from '../platform/row';

/**
 * One event of the trail. `content` holds its canonical bytes (RFC 8785), the only copy that is hashed and
 * authenticated; every other column is derived from them, for searching. The API's role may insert and select.
 */
@Entity({ name: 'event', schema: 'audit' })
@Plain('event', 'action', 'subject_type', 'request_id')
// It holds what a page of events shows, which TypeORM cannot say: see migrations/…-quick-texts.ts.
@Index('event_subject', { synchronize: false })
@Index('event_actor', ['actorId', 'at', 'id'])
@Index('event_action', ['action', 'at', 'id'])
@Index('event_request', ['requestId'])
@Index('event_change_request', ['changeRequestId'], { where: 'change_request_id IS NOT NULL' })
@Index('event_at', ['at', 'id'])
export class AuditEvent {
  @PrimaryColumn('uuid')
  id!: string;

  /** Its place in the Merkle tree, given by the sealer; null until then. */
  @Column({ type: 'bigint', nullable: true, unique: true })
  sequence!: string | null;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  action!: string;

  @Column('text')
  outcome!: 'DONE' | 'REFUSED' | 'FAILED';

  @Column({ type: 'uuid', nullable: true })
  actorId!: string | null;

  @Column({ type: 'uuid', nullable: true })
  onBehalfOfId!: string | null;

  @Column({ type: 'text', nullable: true })
  subjectType!: string | null;

  @Column({ type: 'uuid', nullable: true })
  subjectId!: string | null;

  @Column({ type: 'uuid', nullable: true })
  changeRequestId!: string | null;

  @Column('text')
  requestId!: string;

  /** Canonical bytes of the event. */
  @Column('bytea')
  content!: Buffer;

  /** RFC 9162 leaf hash of the content. */
  @Column('bytea')
  hash!: Buffer;

  /** HMAC-SHA-256 of the content, by a key that is not in the database. */
  @Column('bytea')
  mac!: Buffer;

  /** Which key made the MAC. */
  @Column('text')
  keyId!: string;
}
