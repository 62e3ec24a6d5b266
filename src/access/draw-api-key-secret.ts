import { randomBytes } from 'node:crypto';
import { Field, ID, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { DOTS } from '../platform/masks';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { ApiKey } from './api-key.entity';
import { assertUsable, endOfOverlap, prefixOf, secretFrom } from './api-key.rules';
import { hashToken } from './identify';
import { Session } from './session.entity';
import { User } from './user.entity';

@InputType({ description: 'Which key to draw the secret of.' })
export class DrawApiKeySecretInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the key.' })
  apiKeyId!: string;
}

/**
 * Draws the secret of a key and shows it to whoever made the key, in this answer alone: once. From now on it works, and the key that it replaces
 * comes to its end. So it is under no approval: whoever approves would be the one to see it.
 */
export const drawApiKeySecret = operation({
  name: 'apiKeySecret.draw',
  subject: 'ApiKey',
  summary: 'Draw the secret of a key',
  ephemeral: true,
  lock: async (tx, { apiKeyId }: DrawApiKeySecretInput) => {
    const key = await tx.lock(ApiKey, apiKeyId);
    const [replaced, before] = key.replacesId
      ? [await tx.lock(ApiKey, key.replacesId), await tx.lockWhere(Session, { id: key.replacesId })]
      : [null, []];
    const [user] = await tx.find(User, { id: key.userId });
    return { key, replaced, before, left: user!.deactivatedAt !== null };
  },
  authorize: (may, { key }) => may('drawSecret', key),
  decide: ({ key, replaced, left }, _input, { now, actorId }) => {
    if (key.createdById !== actorId) refuse('API_KEY_NOT_DRAWABLE', 'Its secret is for whoever made it.');
    if (key.drawnAt) refuse('API_KEY_NOT_DRAWABLE', 'Its secret was drawn already: rotate the key.');
    if (left) refuse('API_KEY_NOT_USABLE', 'The system of this key is deactivated.');
    assertUsable(key, now);
    return { drawnAt: now, replacedUntil: replaced && endOfOverlap(now, key.overlapHours!, replaced.expiresAt) };
  },
  save: async (tx, { drawnAt, replacedUntil }, { key, replaced, before }) => {
    const secret = secretFrom(randomBytes(32), tx.context.app.config.production);
    await tx.update(key, { drawnAt, prefix: prefixOf(secret) });
    const { id, userId, scopes, expiresAt } = key;
    const open = { id, userId, scopes, expiresAt, kind: 'API_KEY', tokenHash: hashToken(secret), endedAt: null };
    await tx.insert(Session, open as Session);
    if (replaced) await tx.update(replaced, { expiresAt: replacedUntil! });
    for (const session of before) await tx.update(session, { expiresAt: replacedUntil! });
    return { secret };
  },
  record: ({ replacedUntil }, { key, replaced }) => ({
    action: 'apiKeySecret.drawn',
    subjectId: key.id,
    changes: [
      { path: 'secret', before: null, after: DOTS },
      ...(replaced
        ? [{ path: 'replacedUntil', before: replaced.expiresAt.toISOString(), after: replacedUntil!.toISOString() }]
        : []),
    ],
  }),
  facts: () => ({ accountId: null }),
});
