import { InputType } from 'type-graphql';
import { In, IsNull, Not } from 'typeorm';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { endSessionsOf, OF_PEOPLE } from './end-sessions';
import { Session } from './session.entity';

@InputType({ description: 'Whose sessions is said by who asks.' })
export class EndOtherSessionsInput extends Input {}

/** Ends every session of one’s own but that of this request, at once and everywhere. Asks for a sign-in, or a one-time code, within the last minutes (STEP_UP_REQUIRED). */
export const endOtherSessions = operation({
  name: 'session.endOthers',
  subject: 'Session',
  mutation: 'endOtherSessions',
  summary: 'End one’s other sessions',
  lock: async (tx, _input: EndOtherSessionsInput) => {
    const { actorId, context } = tx;
    const but = context.sessionId;
    const open = {
      userId: actorId,
      endedAt: IsNull(),
      kind: In([...OF_PEOPLE]),
      ...(but !== null && { id: Not(but) }),
    };
    return { userId: actorId, but, others: await tx.lockWhere(Session, open) };
  },
  recent: () => true,
  authorize: (may, { userId }) => may.create('end', 'Session', { userId }),
  decide: (_state, _input, { now }) => ({ endedAt: now }),
  save: async (tx, { endedAt }, { userId, but }) => {
    await endSessionsOf(tx, userId, endedAt, { but, kinds: OF_PEOPLE });
  },
  record: (_decision, { others, but }) => ({
    action: 'session.othersEnded',
    subjectId: but,
    changes: [{ path: 'otherSessions', before: others.length, after: 0 }],
  }),
  facts: () => ({ accountId: null }),
});
