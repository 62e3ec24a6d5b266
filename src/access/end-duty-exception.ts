import { Field, ID, InputType } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { DutyException } from './duty-exception.entity';

@InputType({ description: 'Which exception is to hold no longer.' })
export class EndDutyExceptionInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the exception.' })
  dutyExceptionId!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/** Ends an exception at once: from then on the duties that meet are refused. */
export const endDutyException = operation({
  name: 'dutyException.end',
  subject: 'DutyException',
  summary: 'End an exception of duties',
  lock: async (tx, { dutyExceptionId }: EndDutyExceptionInput) => ({
    exception: await tx.lock(DutyException, dutyExceptionId),
  }),
  authorize: (may, { exception }) => may('end', exception),
  decide: ({ exception: { endedAt, endsAt } }, _input, { now, actorId }) => {
    if (endedAt || endsAt <= now) refuse('DUTY_EXCEPTION_NOT_RUNNING', 'It does not hold any more.');
    return { endedAt: now, endedById: actorId };
  },
  save: (tx, patch, { exception }) => tx.update(exception, patch),
  record: ({ endedAt }, { exception }, { reason }) => ({
    action: 'dutyException.ended',
    subjectId: exception.id,
    changes: [{ path: 'endedAt', before: null, after: endedAt.toISOString() }],
    reason,
  }),
  facts: () => ({ accountId: null }),
});
