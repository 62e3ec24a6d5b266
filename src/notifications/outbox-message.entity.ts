import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** What outsiders may be told, written in the transaction in which it happened. No row of the business: what happened is in the trail. */
@Entity('outbox_message')
@Unique('outbox_message_id', ['id'])
export class OutboxMessage {
  /** Messages of one subject are numbered in the order of their transactions, since each holds the subject's row. */
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  position!: string;

  @Column('uuid')
  id!: string;

  /** `changeRequest.proposed` */
  @Column('text')
  kind!: string;

  @Column('text')
  subjectType!: string;

  @Column('uuid')
  subjectId!: string;

  @Column({ type: 'uuid', nullable: true })
  accountId!: string | null;

  /** Nothing sensitive, and nothing in anybody's own words: see notice.rules.ts. */
  @Column('jsonb')
  body!: object;

  @Column('timestamptz')
  createdAt!: Date;
}
