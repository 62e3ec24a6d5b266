import { ArrayMinSize, ArrayUnique, IsIn, IsOptional, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { NOTICES } from './notice.rules';
import { reachOf } from './reach';
import { Webhook } from './webhook.entity';
import { assertReachable } from './webhook.rules';

@InputType({ description: 'What to change in a webhook. What is left out stays as it is.' })
export class ChangeWebhookInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the webhook.' })
  webhookId!: string;

  @IsOptional()
  @MaxLength(2000)
  @Field(() => String, { nullable: true, description: 'Where messages are posted to, as when it is created.' })
  url?: string | null;

  @IsOptional()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(NOTICES, { each: true })
  @Field(() => [String], { nullable: true, description: 'What it is told, as when it is created.' })
  events?: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it is told anything. What waits for it when it is not waits until it is again.',
  })
  active?: boolean | null;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

const FIELDS = ['url', 'events', 'active'] as const;

export const changeWebhook = operation({
  name: 'webhook.change',
  subject: 'Webhook',
  summary: 'Change a webhook',
  policyFields: FIELDS,
  lock: async (tx, { webhookId }: ChangeWebhookInput) => ({
    webhook: await tx.lock(Webhook, webhookId),
    reach: reachOf(tx.context.app.config),
  }),
  authorize: (may, { webhook }) => may('change', webhook),
  decide: ({ reach }, { url, events, active }) => {
    const patch = {
      ...(url != null && { url: assertReachable(url, reach).href }),
      ...(events != null && { events: events.toSorted() }),
      ...(active != null && { active }),
    };
    if (Object.keys(patch).length === 0) refuse('NOTHING_TO_CHANGE', 'Nothing was asked to be changed.');
    return patch;
  },
  save: (tx, patch, { webhook }) => tx.update(webhook, patch),
  record: (patch, { webhook }, { reason }) => ({
    action: 'webhook.changed',
    subjectId: webhook.id,
    changes: FIELDS.filter((field) => field in patch).map((field) => ({
      path: field,
      before: webhook[field],
      after: patch[field],
    })),
    reason,
  }),
  facts: () => ({ accountId: null }),
});
