import { ArrayMinSize, ArrayUnique, IsIn, MaxLength } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { NOTICES } from './notice.rules';
import { reachOf } from './reach';
import { Webhook } from './webhook.entity';
import { assertReachable } from './webhook.rules';

@InputType({ description: 'A webhook to create. It is told nothing until its secret was drawn (drawWebhookSecret).' })
export class CreateWebhookInput extends Input {
  @Text(100)
  @Field({ description: 'Who is told, for people; unique.' })
  name!: string;

  @MaxLength(2000)
  @Field({
    description:
      'Where messages are posted to, without credentials. In production with https, and to the public network. Colleagues see it: it is no secret.',
  })
  url!: string;

  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(NOTICES, { each: true })
  @Field(() => [String], { description: `What it is told: ${NOTICES.map((kind) => `\`${kind}\``).join(', ')}.` })
  events!: string[];

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** Nobody knows a secret of it yet: its approver is not to, and its maker draws one when it is there. */
export const createWebhook = operation({
  name: 'webhook.create',
  subject: 'Webhook',
  summary: 'Create a webhook',
  lock: async (tx) => ({ reach: reachOf(tx.context.app.config) }),
  authorize: (may) => may.create('create', 'Webhook'),
  decide: ({ reach }, { name, url, events }: CreateWebhookInput, { newId, actorId }) => ({
    id: newId(),
    name: name.trim(),
    url: assertReachable(url, reach).href,
    events: events.toSorted(),
    active: true,
    secretSealed: null,
    secretDrawnAt: null,
    createdById: actorId,
  }),
  save: (tx, webhook) => tx.insert(Webhook, webhook as Webhook),
  record: ({ id, name, url, events }, _state, { reason }) => ({
    action: 'webhook.created',
    subjectId: id,
    changes: [
      { path: 'name', before: null, after: name },
      { path: 'url', before: null, after: url },
      { path: 'events', before: null, after: events },
    ],
    reason,
  }),
  facts: () => ({ accountId: null }),
});
