import { IsOptional, Max, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { ApiKey } from './api-key.entity';
import { assertUsable, expiryOf, LONGEST_LIFE, LONGEST_OVERLAP, USUAL_LIFE, USUAL_OVERLAP } from './api-key.rules';

@InputType({ description: 'Which key to replace by another of the same system, and why.' })
export class RotateApiKeyInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the key.' })
  apiKeyId!: string;

  @IsOptional()
  @Min(0)
  @Max(LONGEST_OVERLAP)
  @Field(() => Int, {
    nullable: true,
    description: `How many hours both work, from when the new secret is drawn: ${USUAL_OVERLAP} unless told, ${LONGEST_OVERLAP} at most.`,
  })
  overlapHours?: number | null;

  @IsOptional()
  @Min(1)
  @Max(LONGEST_LIFE)
  @Field(() => Int, {
    nullable: true,
    description: `After how many days the new one expires: ${USUAL_LIFE} unless told.`,
  })
  expiresInDays?: number | null;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** Another key of the same system with the same scopes. The old one works until the new one’s secret was drawn, and then for as long as was told. */
export const rotateApiKey = operation({
  name: 'apiKey.rotate',
  subject: 'ApiKey',
  summary: 'Replace the key of a system',
  twoPeople: true,
  lock: async (tx, { apiKeyId }: RotateApiKeyInput) => ({ key: await tx.lock(ApiKey, apiKeyId) }),
  authorize: (may, { key }) => may('rotate', key),
  decide: ({ key }, { overlapHours, expiresInDays }, { now, newId, actorId }) => {
    assertUsable(key, now);
    const { name, userId, scopes } = key;
    return {
      id: newId(),
      name,
      userId,
      scopes,
      createdById: actorId,
      expiresAt: expiryOf(now, expiresInDays ?? USUAL_LIFE),
      replacesId: key.id,
      overlapHours: overlapHours ?? USUAL_OVERLAP,
      prefix: null,
      drawnAt: null,
      revokedAt: null,
    };
  },
  save: async (tx, replacing) => {
    await tx.insert(ApiKey, replacing as ApiKey);
    return { replacement: replacing.id };
  },
  record: ({ id, overlapHours, expiresAt }, { key }, { reason }) => ({
    action: 'apiKey.rotated',
    subjectId: key.id,
    changes: [
      { path: 'replacement', before: null, after: id },
      { path: 'overlapHours', before: null, after: overlapHours },
      { path: 'expiresAt', before: null, after: expiresAt.toISOString() },
    ],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
