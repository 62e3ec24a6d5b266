import { Field, ID, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { ADD_JOB } from '../platform/job';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { notFound, type Transaction } from '../platform/transaction';
import type { WebhookDelivery } from './webhook-delivery.entity';
import { Webhook } from './webhook.entity';

@InputType({ description: 'Which message to try again, and why.' })
export class RedeliverWebhookInput extends Input {
  @Field(() => ID, { description: 'Id of the delivery that was given up.' })
  deliveryId!: string;

  @Text(500)
  @Field({ description: 'Why. Kept in the trail.' })
  reason!: string;
}

type Delivery = Pick<WebhookDelivery, 'id' | 'webhookId' | 'subjectId' | 'state'>;

const LOCK = `SELECT id, webhook_id AS "webhookId", subject_id AS "subjectId", state FROM webhook_delivery WHERE id = $1 FOR UPDATE`;
const REVIVE = `UPDATE webhook_delivery SET state = 'PENDING', attempts = 0, next_attempt_at = $2 WHERE id = $1 RETURNING id`;

/** Has a message that was given up sent again, with as many tries as at first. Later ones of its subject may have arrived before it by now. */
export const redeliverWebhook = operation({
  name: 'webhook.redeliver',
  subject: 'Webhook',
  summary: 'Send a message again that was given up',
  about: ({ deliveryId }: RedeliverWebhookInput) => ({ subjectType: 'WebhookDelivery', subjectId: deliveryId }),
  lock: async (tx, { deliveryId }: RedeliverWebhookInput) => {
    const delivery = await lockDelivery(tx, deliveryId);
    return { delivery, webhook: await tx.lock(Webhook, delivery.webhookId) };
  },
  authorize: (may, { webhook }) => may('redeliver', webhook),
  decide: ({ delivery, webhook }, _input, { now }) => {
    if (delivery.state !== 'DEAD')
      refuse('DELIVERY_NOT_DEAD', 'Only what was given up is sent again.', { state: delivery.state });
    if (!webhook.active) refuse('WEBHOOK_NOT_ACTIVE', 'This webhook is told nothing at present.');
    return { now };
  },
  save: async (tx, { now }, { delivery: { id, webhookId, subjectId } }) => {
    await tx.write(REVIVE, [id, now]);
    await tx.query(ADD_JOB, ['webhooks.deliver', JSON.stringify({ webhookId, subjectId }), null]);
    return { webhookDelivery: id };
  },
  record: (_decision, { delivery, webhook }, { reason }) => ({
    action: 'webhook.redelivered',
    subjectId: webhook.id,
    changes: [{ path: 'delivery', before: null, after: delivery.id }],
    lookedAt: true,
    reason,
  }),
  facts: () => ({ accountId: null }),
});

async function lockDelivery(tx: Transaction, id: string): Promise<Delivery> {
  const [delivery] = isId(id) ? await tx.query<Delivery>(LOCK, [id]) : [];
  return delivery ?? notFound('WebhookDelivery');
}
