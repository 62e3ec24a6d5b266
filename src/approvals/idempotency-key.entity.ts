import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A client's own key for a mutation, and what became of it. */
@Entity('idempotency_key')
export class IdempotencyKey {
  @PrimaryColumn('uuid')
  actorId!: string;

  @PrimaryColumn('text')
  key!: string;

  /** Keyed digest of operation and input. */
  @Column('text')
  inputDigest!: string;

  /** Null for an operation whose answer is not to be kept. */
  @Column({ type: 'jsonb', nullable: true })
  answer!: unknown;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
