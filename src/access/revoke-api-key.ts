import { Field, ID, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { ApiKey } from './api-key.entity';
import { Session } from './session.entity';

@InputType({ description: 'Which key to revoke, and why.' })
export class RevokeApiKeyInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the key.' })
  apiKeyId!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/** Takes a key away, from the very next request on and on every process. Taking needs no second person. */
export const revokeApiKey = operation({
  name: 'apiKey.revoke',
  subject: 'ApiKey',
  summary: 'Revoke the key of a system',
  lock: async (tx, { apiKeyId }: RevokeApiKeyInput) => ({
    key: await tx.lock(ApiKey, apiKeyId),
    sessions: await tx.lockWhere(Session, { id: apiKeyId }),
  }),
  authorize: (may, { key }) => may('revoke', key),
  decide: ({ key }, _input, { now }) => {
    if (key.revokedAt) refuse('API_KEY_NOT_USABLE', 'This key is revoked already.');
    return { revokedAt: now };
  },
  save: async (tx, { revokedAt }, { key, sessions }) => {
    await tx.update(key, { revokedAt });
    for (const session of sessions) await tx.update(session, { endedAt: session.endedAt ?? revokedAt });
  },
  record: (_decision, { key }, { reason }) => ({
    action: 'apiKey.revoked',
    subjectId: key.id,
    changes: [{ path: 'revoked', before: false, after: true }],
    reason,
  }),
  facts: () => ({ accountId: null }),
});
