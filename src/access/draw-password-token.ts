import { Field, ID, InputType } from 'type-graphql';
import { IsNull } from 'typeorm';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { FIRST_PASSWORD_LASTS } from './first-password';
import { drawToken, hashToken } from './identify';
import { PasswordToken } from './password-token.entity';
import { User } from './user.entity';

@InputType({ description: 'For whom to draw a token.' })
export class DrawPasswordTokenInput extends Input {
  @Field(() => ID, {
    description: 'Id of a user who has no password: one who was invited, or whose password was reset.',
  })
  userId!: string;
}

/**
 * Draws what lets somebody without a password choose one, and shows it in this answer alone, for whoever drew it to hand on. It lasts 72 hours, works once, and
 * takes the place of an earlier one.
 */
export const drawPasswordToken = operation({
  name: 'passwordToken.draw',
  subject: 'User',
  summary: 'Draw a token to choose a password with',
  ephemeral: true,
  lock: async (tx, { userId }: DrawPasswordTokenInput) => {
    const user = await tx.lock(User, userId);
    return { user, earlier: await tx.lockWhere(PasswordToken, { userId: user.id, endedAt: IsNull() }) };
  },
  authorize: (may, { user }) => may('drawPasswordToken', user),
  decide: ({ user }, _input, { now, newId, actorId }) => {
    if (user.deactivatedAt || user.passwordHash !== '')
      refuse('PASSWORD_TOKEN_NOT_DRAWABLE', 'A token is for somebody who has no password and can sign in.');
    return {
      id: newId(),
      userId: user.id,
      drawnById: actorId,
      now,
      expiresAt: new Date(now.getTime() + FIRST_PASSWORD_LASTS),
    };
  },
  save: async (tx, { now, ...drawn }, { earlier }) => {
    const token = drawToken();
    for (const each of earlier) await tx.update(each, { endedAt: now });
    await tx.insert(PasswordToken, {
      ...drawn,
      tokenHash: hashToken(token),
      endedAt: null,
    } as unknown as PasswordToken);
    return { token, expiresAt: drawn.expiresAt.toISOString() };
  },
  record: ({ expiresAt }, { user }) => ({
    action: 'passwordToken.drawn',
    subjectId: user.id,
    changes: [{ path: 'expiresAt', before: null, after: expiresAt.toISOString() }],
  }),
  facts: () => ({ accountId: null }),
});
