import { InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { sealText } from '../platform/sealed-text';
import { assertComesWithIt, isElsewhere, lockFactor, placeOfTotp, removed } from './second-factor';
import { SecondFactor } from './second-factor.entity';
import { drawSecret, otpauthUri } from './second-factor.rules';
import { User } from './user.entity';

@InputType({ description: 'An authenticator app to enrol: one’s own.' })
export class EnrolTotpInput extends Input {}

/**
 * Draws a secret for an authenticator app and shows it, in this answer alone. It counts once its user has shown with a code that the app has it; until then
 * an earlier one does. Whoever has one already steps up with it, and whoever has none has signed in just now: a session that was left open is not enough.
 */
export const enrolTotp = operation({
  name: 'totp.enrol',
  subject: 'SecondFactor',
  summary: 'Enrol an authenticator app of one’s own',
  ephemeral: true,
  lock: async (tx, _input: EnrolTotpInput) => {
    const user = await tx.lock(User, tx.actorId);
    return { user, waiting: await lockFactor(tx, user.id, false), elsewhere: await isElsewhere(tx) };
  },
  authorize: (may, { user }) => may('enrolTotp', user),
  stepUp: ({ user }) => user.secondFactorAt != null,
  recent: () => true,
  decide: ({ user, elsewhere }, _input, { now, newId }) => {
    assertComesWithIt(elsewhere);
    return { id: newId(), userId: user.id, now };
  },
  save: async (tx, { id, userId, now }, { user, waiting }) => {
    if (waiting) await tx.update(waiting, removed(now));
    const secret = drawSecret();
    const secretSealed = sealText(tx.context.app.keys, secret, placeOfTotp(id));
    const empty = { lastStep: 0, recoveryHashes: [], confirmedAt: null, removedAt: null };
    await tx.insert(SecondFactor, { id, userId, secretSealed, ...empty } as unknown as SecondFactor);
    return { secondFactor: id, secret, otpauthUri: otpauthUri(secret, user.email) };
  },
  record: ({ id }, { user }) => ({
    action: 'totp.enrolled',
    subjectId: id,
    changes: [{ path: 'user', before: null, after: user.id }],
  }),
  facts: () => ({ accountId: null }),
});
