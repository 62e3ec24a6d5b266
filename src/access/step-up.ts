import { MaxLength } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { codesLeft, lockFactor, notEnrolled, takenBy } from './second-factor';
import { STEP_UP_LASTS } from './second-factor.rules';
import { Session } from './session.entity';
import { User } from './user.entity';

@InputType({ description: 'Who one is, shown once more.' })
export class StepUpInput extends Input {
  @MaxLength(40)
  @Field({ description: 'A one-time code of the authenticator app, or a recovery code.' })
  oneTimeCode!: string;
}

/** A code in the session that asks: for five minutes it may do what asks for one. */
export const stepUp = operation({
  name: 'session.stepUp',
  subject: 'Session',
  summary: 'Show once more who one is',
  mutation: 'stepUp',
  ephemeral: true,
  lock: async (tx, { oneTimeCode }: StepUpInput) => {
    const user = await tx.lock(User, tx.actorId);
    const session = await tx.lock(Session, tx.context.sessionId ?? '');
    const factor = await lockFactor(tx, user.id);
    return { session, factor, taken: factor && takenBy(tx, factor, oneTimeCode) };
  },
  authorize: (may, { session }) => may('stepUp', session),
  decide: ({ factor, taken }, _input, { now }) => ({ factor: factor ?? notEnrolled(), taken: taken!, at: now }),
  save: async (tx, { factor, taken, at }, { session }) => {
    await tx.update(factor, taken);
    await tx.update(session, { secondFactorAt: at });
    return { until: new Date(at.getTime() + STEP_UP_LASTS).toISOString() };
  },
  record: ({ factor, taken }, { session }) => ({
    action: 'session.steppedUp',
    subjectId: session.id,
    changes: codesLeft(factor.recoveryHashes, taken),
  }),
  facts: () => ({ accountId: null }),
});
