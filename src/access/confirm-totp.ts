import { MaxLength } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { endSessionsOf } from './end-sessions';
import { assertComesWithIt, isElsewhere, lockFactor, notEnrolled, removed, takenBy } from './second-factor';
import { drawRecovery } from './second-factor.rules';
import { Session } from './session.entity';
import { User } from './user.entity';

@InputType({ description: 'A code of the authenticator app that was just enrolled.' })
export class ConfirmTotpInput extends Input {
  @MaxLength(40)
  @Field({ description: 'The six digits that the app shows.' })
  oneTimeCode!: string;
}

/**
 * Shows that the app has the secret: from now on it is asked for. It takes the place of an earlier one, ends every other session, and gives ten recovery codes, in
 * this answer alone.
 */
export const confirmTotp = operation({
  name: 'totp.confirm',
  subject: 'SecondFactor',
  summary: 'Confirm an authenticator app of one’s own',
  ephemeral: true,
  lock: async (tx, { oneTimeCode }: ConfirmTotpInput) => {
    const user = await tx.lock(User, tx.actorId);
    const waiting = await lockFactor(tx, user.id, false);
    return {
      user,
      elsewhere: await isElsewhere(tx),
      waiting,
      earlier: await lockFactor(tx, user.id),
      taken: waiting && takenBy(tx, waiting, oneTimeCode),
    };
  },
  recent: () => true,
  authorize: (may, { user }) => may('confirmTotp', user),
  decide: ({ waiting, taken, elsewhere }, _input, { now }) => {
    assertComesWithIt(elsewhere);
    return { factor: waiting ?? notEnrolled(), taken, now };
  },
  save: async (tx, { factor, taken, now }, { user, earlier }) => {
    const { recoveryCodes, recoveryHashes } = drawRecovery();
    if (earlier) await tx.update(earlier, removed(now));
    await tx.update(factor, { ...taken, recoveryHashes, confirmedAt: now });
    await tx.update(user, { secondFactorAt: now });
    const { sessionId } = tx.context;
    await endSessionsOf(tx, user.id, now, { but: sessionId });
    if (sessionId !== null) await tx.update(await tx.lock(Session, sessionId), { secondFactorAt: now });
    return { secondFactor: factor.id, recoveryCodes };
  },
  record: ({ factor }, { earlier }) => ({
    action: 'totp.confirmed',
    subjectId: factor.id,
    changes: [{ path: 'secondFactor', before: earlier?.id ?? null, after: factor.id }],
  }),
  facts: () => ({ accountId: null }),
});
