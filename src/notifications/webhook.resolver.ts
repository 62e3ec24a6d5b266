import { Arg, Args, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { ChangeWebhookInput } from './change-webhook';
import { CreateWebhookInput } from './create-webhook';
import { DrawWebhookSecretInput } from './draw-webhook-secret';
import { RedeliverWebhookInput } from './redeliver-webhook';
import { webhookDeliveryRead, webhookRead } from './webhook.read';
import {
  DrawWebhookSecretPayload,
  Webhook,
  WebhookConnection,
  WebhookDeliveriesArgs,
  WebhookDelivery,
  WebhookDeliveryConnection,
  WebhooksArgs,
} from './webhook.type';

const CreateWebhookPayload = payloadType('CreateWebhookPayload', { webhook: () => Webhook });
const ChangeWebhookPayload = payloadType('ChangeWebhookPayload', { webhook: () => Webhook });
const RedeliverWebhookPayload = payloadType('RedeliverWebhookPayload', { webhookDelivery: () => WebhookDelivery });

@Resolver()
export class WebhookResolver {
  @Query(() => Webhook, { nullable: true, description: 'A webhook.' })
  webhook(@Arg('id', () => ID, { description: 'Id of the webhook.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(webhookRead);
  }

  @Query(() => WebhookConnection, { description: 'Webhooks, by name unless told.' })
  webhooks(@Args(() => WebhooksArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(webhookRead);
  }

  @Query(() => WebhookDeliveryConnection, {
    description: 'Messages for webhooks, and how far they have come; latest first.',
  })
  webhookDeliveries(@Args(() => WebhookDeliveriesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(webhookDeliveryRead);
  }

  @Mutation(() => CreateWebhookPayload, { description: 'Creates a webhook; by default it waits for a second person.' })
  createWebhook(
    @Arg('input', { description: 'Whom to tell what, and why.' }) input: CreateWebhookInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('webhook.create', input);
  }

  @Mutation(() => ChangeWebhookPayload, { description: 'Changes a webhook; by default it waits for a second person.' })
  changeWebhook(
    @Arg('input', { description: 'What to change, and why.' }) input: ChangeWebhookInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('webhook.change', input);
  }

  @Mutation(() => DrawWebhookSecretPayload, {
    description:
      'Gives a webhook another secret and shows it, once. A repeat draws another, whatever its idempotency key.',
  })
  drawWebhookSecret(
    @Arg('input', { description: 'Which one, and why.' }) input: DrawWebhookSecretInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('webhookSecret.draw', input);
  }

  @Mutation(() => RedeliverWebhookPayload, { description: 'Sends a message again that was given up.' })
  redeliverWebhook(
    @Arg('input', { description: 'Which one, and why.' }) input: RedeliverWebhookInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('webhook.redeliver', input);
  }
}
