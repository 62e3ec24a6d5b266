import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { OutboxMessage } from './outbox-message.entity';
import { Webhook } from './webhook.entity';

/** One message for one webhook, and how far that has come. Apart from the trail, as each try changes it; what dies, and who revives it, is told there. */
@Entity('webhook_delivery')
@Unique('webhook_delivery_of_message', ['webhookId', 'messageId'])
@Check('webhook_delivery_state', `state IN ('PENDING','DELIVERED','DEAD')`)
@Check('webhook_delivery_delivered', `(state = 'DELIVERED') = (delivered_at IS NOT NULL)`)
@Index('webhook_delivery_waiting', ['webhookId', 'subjectId', 'position'], { where: `state = 'PENDING'` })
@Index('webhook_delivery_created', ['createdAt', 'id'])
export class WebhookDelivery {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  webhookId!: string;

  @ManyToOne(() => Webhook)
  @JoinColumn({ name: 'webhook_id', foreignKeyConstraintName: 'webhook_delivery_to' })
  webhook?: Webhook;

  @Column('uuid')
  messageId!: string;

  @ManyToOne(() => OutboxMessage)
  @JoinColumn({ name: 'message_id', referencedColumnName: 'id', foreignKeyConstraintName: 'webhook_delivery_message' })
  message?: OutboxMessage;

  /** Of the message, so that what waits is found by one index. */
  @Column('bigint')
  position!: string;

  @Column('text')
  kind!: string;

  @Column('text')
  subjectType!: string;

  @Column('uuid')
  subjectId!: string;

  @Column('text')
  state!: 'PENDING' | 'DELIVERED' | 'DEAD';

  /** How often it was tried, or begun to be. */
  @Column('integer')
  attempts!: number;

  @Column('timestamptz')
  nextAttemptAt!: Date;

  @Column({ type: 'integer', nullable: true })
  lastStatus!: number | null;

  /** A word: `STATUS`, `TIMEOUT`, `ECONNREFUSED`. */
  @Column({ type: 'text', nullable: true })
  lastError!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  deliveredAt!: Date | null;

  @Column('timestamptz')
  createdAt!: Date;
}
