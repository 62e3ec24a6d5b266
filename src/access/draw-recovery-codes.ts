import { InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { lockFactor, notEnrolled } from './second-factor';
import { drawRecovery } from './second-factor.rules';
import { User } from './user.entity';

@InputType({ description: 'Recovery codes to draw anew: one’s own.' })
export class DrawRecoveryCodesInput extends Input {}

/** Ten others in place of those that are left, shown in this answer alone. */
export const drawRecoveryCodes = operation({
  name: 'recoveryCodes.draw',
  subject: 'SecondFactor',
  summary: 'Draw recovery codes of one’s own',
  ephemeral: true,
  stepUp: () => true,
  lock: async (tx, _input: DrawRecoveryCodesInput) => {
    const user = await tx.lock(User, tx.actorId);
    return { user, factor: await lockFactor(tx, user.id) };
  },
  authorize: (may, { user }) => may('drawRecoveryCodes', user),
  decide: ({ factor }) => ({ factor: factor ?? notEnrolled() }),
  save: async (tx, { factor }) => {
    const { recoveryCodes, recoveryHashes } = drawRecovery();
    await tx.update(factor, { recoveryHashes });
    return { secondFactor: factor.id, recoveryCodes };
  },
  record: ({ factor }) => ({
    action: 'recoveryCodes.drawn',
    subjectId: factor.id,
    changes: [{ path: 'recoveryCodes', before: factor.recoveryHashes.length, after: 10 }],
  }),
  facts: () => ({ accountId: null }),
});
