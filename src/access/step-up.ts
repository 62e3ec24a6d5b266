import { MaxLength } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { drawToken, hashToken } from './identify';
import { codesLeft, lockFactor, notEnrolled, takenBy } from './second-factor';
import { STEP_UP_LASTS } from './second-factor.rules';
import { Session } from './session.entity';
import { triedOwn } from './tried';
import { User } from './user.entity';

@InputType({ description: 'Who one is, shown once more.' })
export class StepUpInput extends Input {
  @MaxLength(40)
  @Field({ description: 'A one-time code of the authenticator app, or a recovery code.' })
  oneTimeCode!: string;
}

/**
 * A code in the session that asks: for five minutes it may do what asks for one. It gets another token, and the one that asked is worth nothing from the very next
 * request on (ASVS 7.2.4): of two that come at once with one token, the second is nobody’s. The token of another issuer is not ours to exchange.
 */
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
    const { tokenHash } = tx.context;
    const exchanged = tokenHash !== undefined && !tokenHash.equals(session.tokenHash);
    return { session, exchanged, factor, taken: factor && takenBy(tx, factor, oneTimeCode) };
  },
  authorize: (may, { session }) => may('stepUp', session),
  decide: ({ exchanged, factor, taken }, _input, { now }) => {
    if (exchanged) refuse('UNAUTHENTICATED', 'This session has another token by now: use that.');
    return { factor: factor ?? notEnrolled(), taken: taken!, at: now };
  },
  save: async (tx, { factor, taken, at }, { session }) => {
    await tx.update(factor, taken);
    const token = session.kind === 'PASSWORD' ? drawToken() : null;
    await tx.update(session, { secondFactorAt: at, ...(token !== null && { tokenHash: hashToken(token) }) });
    return { token, until: new Date(at.getTime() + STEP_UP_LASTS).toISOString() };
  },
  record: ({ factor, taken }, { session }) => ({
    action: 'session.steppedUp',
    subjectId: session.id,
    changes: codesLeft(factor.recoveryHashes, taken),
  }),
  facts: () => ({ accountId: null }),
});

/** Steps up, counted as a try to sign in. The new token is in the answer, or in the cookie of a page, whose answer is without it. */
export async function stepUpInSession(context: Context, input: StepUpInput): Promise<Record<string, unknown>> {
  const { outcome, result } = await triedOwn(context, () => context.app.submit(context, 'session.stepUp', input));
  const { keepToken } = context;
  if (typeof result.token === 'string') keepToken?.(result.token);
  return { ...result, outcome, token: keepToken ? null : result.token };
}
