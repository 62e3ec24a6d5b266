import { Field, ID, InputType } from 'type-graphql';
import { DAY } from '../platform/durations';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { DateTimeScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { type Duty, MATRIX, MATRIX_VERSION, sorted } from './duty.rules';
import { DutyEnum } from './duty-exception.type';
import { DutyException } from './duty-exception.entity';
import { usersOfPerson } from './persons';
import { User } from './user.entity';

@InputType({ description: 'Which duties may meet in whom, until when, and who answers for it.' })
export class AllowDutyExceptionInput extends Input {
  @Field(() => ID, { description: 'Id of the user; it holds for all users of their person.' })
  userId!: string;

  @Field(() => DutyEnum, { description: 'The one duty.' })
  duty!: Duty;

  @Field(() => DutyEnum, { description: 'The other.' })
  otherDuty!: Duty;

  @Field(() => ID, { description: 'Id of the user who answers for it: another person, who can sign in.' })
  ownerId!: string;

  @Field(() => DateTimeScalar, {
    description: 'The first instant at which it holds no longer, at most 366 days from now.',
  })
  endsAt!: string;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** How long an exception holds at most, in ms: after a year somebody looks at it again. */
const LONGEST = 366 * DAY;

/** Lets two duties meet in one person for a time. Always with a second person, and neither is the one that it is for. */
export const allowDutyException = operation({
  name: 'dutyException.allow',
  subject: 'DutyException',
  summary: 'Allow that two duties meet in one person',
  twoPeople: true,
  about: ({ userId }: AllowDutyExceptionInput) => ({ subjectType: 'User', subjectId: userId }),
  lock: async (tx, { userId, ownerId }: AllowDutyExceptionInput) => {
    const user = await tx.lock(User, userId);
    const owner = await tx.lock(User, ownerId);
    const person = await usersOfPerson(tx, user.id);
    return { user, owner, person, known: await runningOf(tx, [...person], tx.now), deciderId: tx.actorId };
  },
  authorize: (may, { user, owner }) => {
    may('read', user);
    may('read', owner);
    may.create('allow', 'DutyException');
  },
  decide: ({ user, owner, person, known, deciderId }, input, { now, newId, actorId }) => {
    if (person.has(actorId)) refuse('DUTY_EXCEPTION_OF_OWN', 'Nobody makes an exception for themselves.');
    if (person.has(deciderId)) refuse('MAKER_IS_CHECKER', 'Somebody else has to decide what is allowed to you.');
    const [duty, otherDuty] = sorted(input.duty, input.otherDuty);
    if (!MATRIX.some(({ duties }) => duties[0] === duty && duties[1] === otherDuty))
      refuse('DUTIES_COMPATIBLE', 'Nothing keeps these duties apart.', { duty, otherDuty });
    if (person.has(owner.id) || owner.deactivatedAt)
      refuse('DUTY_EXCEPTION_OWNER_UNFIT', 'Another person answers for it, who can sign in.');
    const endsAt = new Date(input.endsAt);
    if (endsAt <= now || endsAt.getTime() > now.getTime() + LONGEST)
      refuse('DUTY_EXCEPTION_PERIOD_INVALID', 'It ends within 366 days from now.');
    if (known.includes(`${duty} ${otherDuty}`))
      refuse('DUTY_EXCEPTION_TAKEN', 'There is an exception for that already: end it first.');
    return {
      id: newId(),
      userId: user.id,
      duty,
      otherDuty,
      matrixVersion: MATRIX_VERSION,
      ownerId: owner.id,
      reason: input.reason,
      endsAt,
      allowedById: actorId,
      endedAt: null,
      endedById: null,
    };
  },
  save: (tx, exception) => tx.insert(DutyException, exception as DutyException),
  record: (exception, _state, { reason }) => ({
    action: 'dutyException.allowed',
    subjectId: exception.id,
    changes: [
      { path: 'user', before: null, after: exception.userId },
      { path: 'duty', before: null, after: exception.duty },
      { path: 'otherDuty', before: null, after: exception.otherDuty },
      { path: 'owner', before: null, after: exception.ownerId },
      { path: 'endsAt', before: null, after: exception.endsAt.toISOString() },
    ],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});

const RUNNING = `SELECT duty || ' ' || other_duty AS duties FROM duty_exception WHERE user_id = ANY ($1) AND ended_at IS NULL AND ends_at > $2`;

const runningOf = async (
  tx: { query: <R>(text: string, values: unknown[]) => Promise<R[]> },
  users: string[],
  now: Date,
): Promise<string[]> => (await tx.query<{ duties: string }>(RUNNING, [users, now])).map(({ duties }) => duties);
