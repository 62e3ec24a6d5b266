import { Field, ID, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Session } from './session.entity';

@InputType({ description: 'Which session to end.' })
export class EndSessionInput extends Input {
  @Field(() => ID, { description: 'Id of the session.' })
  sessionId!: string;
}

/**
 * Ends a session at once: one’s own, or anybody’s for those who may. To end it twice is no error. One’s own that is not this request’s asks for a sign-in, or
 * a one-time code, within the last minutes (STEP_UP_REQUIRED).
 */
export const endSession = operation({
  name: 'session.end',
  subject: 'Session',
  summary: 'End a session',
  lock: async (tx, input: EndSessionInput) => {
    const session = await tx.lock(Session, input.sessionId);
    const { context, actorId } = tx;
    return { session, otherOfOwn: session.userId === actorId && session.id !== context.sessionId };
  },
  recent: ({ otherOfOwn }) => otherOfOwn,
  authorize: (may, { session }) => may('end', session),
  decide: ({ session }, _input, { now }) => {
    if (session.kind === 'API_KEY') refuse('SESSION_OF_KEY', 'This is the session of a key: revoke the key.');
    return { endedAt: now };
  },
  save: (tx, { endedAt }, { session }) => tx.update(session, { endedAt: session.endedAt ?? endedAt }),
  record: (_decision, { session }) => ({
    action: 'session.ended',
    subjectId: session.id,
    changes: [{ path: 'ended', before: session.endedAt !== null, after: true }],
  }),
  facts: () => ({ accountId: null }),
});
