import { ArrayMinSize, ArrayUnique, IsIn, IsOptional, Max, Min } from 'class-validator';
import { Field, InputType, Int } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { ApiKey } from './api-key.entity';
import { expiryOf, LONGEST_LIFE, SCOPES, USUAL_LIFE } from './api-key.rules';
import { User } from './user.entity';

@InputType({ description: 'A key to create for a system, which gets a user of its own without any role.' })
export class CreateApiKeyInput extends Input {
  @Text(100)
  @Field({ description: 'Name of the system; its user has it, too.' })
  name!: string;

  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(SCOPES, { each: true })
  @Field(() => [String], {
    description: `What it may be used for, of what the roles of its user allow: ${SCOPES.map((scope) => `\`${scope}\``).join(', ')}.`,
  })
  scopes!: string[];

  @IsOptional()
  @Min(1)
  @Max(LONGEST_LIFE)
  @Field(() => Int, {
    nullable: true,
    description: `After how many days it expires: ${USUAL_LIFE} unless told, ${LONGEST_LIFE} at most.`,
  })
  expiresInDays?: number | null;

  @Text(500)
  @Field({ description: 'What for; for the approver and the trail.' })
  reason!: string;
}

/** Nobody knows a secret of it yet: its approver is not to, and its maker draws it when it is there. */
export const createApiKey = operation({
  name: 'apiKey.create',
  subject: 'ApiKey',
  summary: 'Create a key for a system',
  twoPeople: true,
  lock: async () => ({}),
  authorize: (may) => may.create('create', 'ApiKey'),
  decide: (_state, { name, scopes, expiresInDays }: CreateApiKeyInput, { now, newId, actorId }) => {
    const userId = newId();
    return {
      user: {
        id: userId,
        name: name.trim(),
        email: `system-${userId}@invalid`,
        service: true,
        passwordHash: '',
        passwordSetById: null,
        personId: null,
        deactivatedAt: null,
      },
      key: {
        id: newId(),
        name: name.trim(),
        userId,
        scopes: scopes.toSorted(),
        createdById: actorId,
        expiresAt: expiryOf(now, expiresInDays ?? USUAL_LIFE),
        replacesId: null,
        overlapHours: null,
        prefix: null,
        drawnAt: null,
        revokedAt: null,
      },
    };
  },
  save: async (tx, { user, key }) => {
    await tx.insert(User, user as User);
    await tx.insert(ApiKey, key as ApiKey);
  },
  record: ({ key }, _state, { reason }) => ({
    action: 'apiKey.created',
    subjectId: key.id,
    changes: [
      { path: 'name', before: null, after: key.name },
      { path: 'user', before: null, after: key.userId },
      { path: 'scopes', before: null, after: key.scopes },
      { path: 'expiresAt', before: null, after: key.expiresAt.toISOString() },
    ],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
