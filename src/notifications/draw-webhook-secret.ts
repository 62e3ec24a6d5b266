import { randomBytes } from 'node:crypto';
import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { DOTS } from '../platform/masks';
import { sealText } from '../platform/sealed-text';
import { Text } from '../platform/text';
import { secretOf } from './delivery.rules';
import { placeOfSecret } from './reach';
import { Webhook } from './webhook.entity';

@InputType({ description: 'Which webhook to draw a secret for, and why.' })
export class DrawWebhookSecretInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the webhook.' })
  webhookId!: string;

  @Text(500)
  @Field({ description: 'Why. Kept in the trail.' })
  reason!: string;
}

/**
 * Gives a webhook another secret and shows it to whoever drew it, in this answer alone. So it is under no approval: whoever approves would be the
 * one to see it. What goes out from now on is signed with it.
 */
export const drawWebhookSecret = operation({
  name: 'webhookSecret.draw',
  subject: 'Webhook',
  summary: 'Draw a secret for a webhook',
  ephemeral: true,
  lock: async (tx, { webhookId }: DrawWebhookSecretInput) => ({ webhook: await tx.lock(Webhook, webhookId) }),
  authorize: (may, { webhook }) => may('drawSecret', webhook),
  decide: (_state, _input, { now }) => ({ drawnAt: now }),
  save: async (tx, { drawnAt }, { webhook }) => {
    const secret = secretOf(randomBytes(32));
    const secretSealed = sealText(tx.context.app.keys, secret, placeOfSecret(webhook.id));
    await tx.update(webhook, { secretSealed, secretDrawnAt: drawnAt });
    return { secret };
  },
  record: (_decision, { webhook }, { reason }) => ({
    action: 'webhookSecret.drawn',
    subjectId: webhook.id,
    changes: [{ path: 'secret', before: webhook.secretSealed && DOTS, after: DOTS }],
    reason,
  }),
  facts: () => ({ accountId: null }),
});
