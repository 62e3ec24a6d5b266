import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { Outcome } from '../platform/operation.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import { ChangeRequest } from '../approvals/change-request.type';

export enum DeliveryState {
  PENDING = 'PENDING',
  DELIVERED = 'DELIVERED',
  DEAD = 'DEAD',
}
registerEnumType(DeliveryState, {
  name: 'DeliveryState',
  description: 'How far a message has come with a webhook.',
  valuesConfig: {
    PENDING: { description: 'It is to be sent, for the first time or again.' },
    DELIVERED: { description: 'Whoever it is for answered that they have it.' },
    DEAD: { description: 'It was given up; redeliverWebhook sends it again.' },
  },
});

@ObjectType({ description: 'Somebody outside who is told what happens to change requests: docs/NOTIFICATIONS.md.' })
export class Webhook {
  @Field(() => ID, { description: 'Id of the webhook.' })
  id!: string;

  @Field({ description: 'Who is told, for people.' })
  name!: string;

  @Field({ description: 'Where messages are posted to.' })
  url!: string;

  @Field(() => [String], { description: 'What it is told: `changeRequest.proposed`.' })
  events!: string[];

  @Field({ description: 'Whether it is told anything.' })
  active!: boolean;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When its secret was drawn; null while it has none, and so is told nothing.',
  })
  secretDrawnAt!: string | null;

  @Field(() => User, { description: 'Who made it.' })
  createdBy!: User;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@ObjectType({ description: 'One message for one webhook.' })
export class WebhookDelivery {
  @Field(() => ID, { description: 'Id of the delivery.' })
  id!: string;

  @Field(() => Webhook, { description: 'For whom it is.' })
  webhook!: Webhook;

  @Field(() => ID, { description: 'Id of the message, as the header `webhook-id` has it with each try.' })
  messageId!: string;

  @Field({ description: 'What it tells: `changeRequest.proposed`.' })
  kind!: string;

  @Field({ description: 'Type of what it is about.' })
  subjectType!: string;

  @Field(() => ID, { description: 'Id of what it is about.' })
  subjectId!: string;

  @Field(() => DeliveryState, { description: 'How far it has come.' })
  state!: DeliveryState;

  @Field(() => Int, { description: 'How often it was tried, since it was made or revived.' })
  attempts!: number;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it is tried next at the earliest; null once it is not.',
  })
  nextAttemptAt!: string | null;

  @Field(() => Int, { nullable: true, description: 'HTTP status of the last answer; null where there was none.' })
  lastStatus!: number | null;

  @Field(() => String, { nullable: true, description: 'A word for what was wrong the last time: `STATUS`, `TIMEOUT`.' })
  lastError!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it arrived.' })
  deliveredAt!: string | null;

  @Field(() => DateTimeScalar, { description: 'When what it tells happened.' })
  createdAt!: string;
}

@InputType({ description: 'Which webhooks: all that is given must hold.' })
export class WebhookFilter {
  @Field(() => Boolean, { nullable: true, description: 'Whether they are told anything.' })
  active?: boolean | null;
}

@InputType({ description: 'Which deliveries: all that is given must hold.' })
export class WebhookDeliveryFilter {
  @Field(() => ID, { nullable: true, description: 'To this webhook.' })
  webhookId?: string | null;

  @Field(() => ID, { nullable: true, description: 'About this.' })
  subjectId?: string | null;

  @Field(() => DeliveryState, {
    nullable: true,
    description: 'How far they have come: `DEAD` are those that were given up.',
  })
  state?: DeliveryState | null;
}

@ObjectType({ description: 'A secret, for this once.' })
export class DrawWebhookSecretPayload {
  @Field(() => Outcome, { description: 'Carried out; this waits for nobody.' })
  outcome!: Outcome;

  @Field(() => Webhook, { nullable: true, description: 'As it is now.' })
  webhook!: Webhook | null;

  @Field({ description: 'What its messages are signed with from now on. It is shown in this answer alone.' })
  secret!: string;
}

export const WebhookOrder = orderEnum('WebhookOrder', ['NAME', 'CREATED_AT']);
export const WebhookConnection = connectionOf(() => Webhook, 'Webhook');
export const WebhooksArgs = connectionArgs(WebhookFilter, WebhookOrder);

export const WebhookDeliveryOrder = orderEnum('WebhookDeliveryOrder', ['CREATED_AT']);
export const WebhookDeliveryConnection = connectionOf(() => WebhookDelivery, 'WebhookDelivery');
export const WebhookDeliveriesArgs = connectionArgs(WebhookDeliveryFilter, WebhookDeliveryOrder);
