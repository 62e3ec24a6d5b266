import { MaxLength } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { record, recordRefusal } from '../audit/record';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { pooled } from '../platform/pooled';
import { inTransaction } from '../platform/transaction';
import { endSessionsOf } from './end-sessions';
import { findUser } from './find-user';
import { OWN_PASSWORD } from './first-password';
import { hashChosen } from './former-passwords';
import { hashToken } from './identify';
import { Password } from './password-field';
import { PasswordToken } from './password-token.entity';
import { User } from './user.entity';

@InputType({ description: 'A first password, or another after a reset.' })
export class ChoosePasswordInput {
  @MaxLength(200)
  @Field({ description: 'The token that an administrator handed on.' })
  token!: string;

  @Password({ fresh: true })
  @Field({ description: 'A password of one’s own, 12 to 128 characters.' })
  password!: string;
}

const OPEN = `SELECT t.id, t.user_id AS "userId" FROM password_token t JOIN app_user u ON u.id = t.user_id
  WHERE t.token_hash = $1 AND t.ended_at IS NULL AND t.expires_at > $2 AND u.deactivated_at IS NULL`;

/**
 * Somebody without a password chooses one, with a token, once. Nobody is signed in: whoever bears the token is its user. It is hashed outside of any transaction,
 * and what was open then must be open still. Refuses with PASSWORD_TOKEN_REFUSED whatever is not open, for whatever reason, and with PASSWORD_COMMON or PASSWORD_USED_BEFORE.
 */
export async function choosePassword(context: Context, { token, password }: ChoosePasswordInput): Promise<void> {
  const { app } = context;
  const tokenHash = hashToken(token);
  let subjectId: string | null = null;
  try {
    const [open] = await pooled(app).query<{ id: string; userId: string }>(OPEN, [tokenHash, app.clock()]);
    const user = open ? await findUser(app, { id: open.userId }) : null;
    if (!open || !user) return notOpen();
    subjectId = user.id;
    const passwordHash = await hashChosen(password, user);
    await keep(context, open, passwordHash);
    // Whoever tries passwords for them from elsewhere does not keep them out here.
    await app.rates.signIn(user.email, context.address).succeeded();
  } catch (error) {
    await recordRefusal(context, error, { action: 'password.choose', subjectType: 'User', subjectId });
    throw error;
  }
}

const notOpen = (): never =>
  refuse('PASSWORD_TOKEN_REFUSED', 'This token is none that can be used: it may have been used, replaced, or be over.');

const keep = (context: Context, { id, userId }: { id: string; userId: string }, passwordHash: string): Promise<void> =>
  inTransaction(context, async (tx) => {
    // In this order everywhere: the user, then what is theirs.
    const user = await tx.lock(User, userId);
    const token = await tx.lock(PasswordToken, id);
    if (token.endedAt || token.expiresAt <= tx.now || user.deactivatedAt || user.passwordHash !== '') return notOpen();
    await tx.update(token, { endedAt: tx.now });
    await tx.update(user, { passwordHash, ...OWN_PASSWORD });
    await endSessionsOf(tx, user.id, tx.now);
    await record(tx, {
      action: 'password.chosen',
      outcome: 'DONE',
      subjectType: 'User',
      subjectId: user.id,
      actorId: user.id,
      changes: [{ path: 'ownPassword', before: false, after: true }],
    });
  });
