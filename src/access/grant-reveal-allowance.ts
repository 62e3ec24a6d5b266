import { Max, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { DateTimeScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { usersOfPerson } from './persons';
import { RevealAllowance } from './reveal-allowance.entity';
import { assertTerm } from './reveal.rules';
import { User } from './user.entity';

@InputType({ description: 'How many sensitive values somebody may see beyond those of every day, and until when.' })
export class GrantRevealAllowanceInput extends Input {
  @Field(() => ID, { description: 'Id of the user, usually oneself. It holds for every user of the same person.' })
  userId!: string;

  @Min(1)
  @Max(10_000)
  @Field(() => Int, { description: 'How many values, 1 to 10000.' })
  reveals!: number;

  @Field(() => DateTimeScalar, { description: 'Until when, within 31 days. What is left then is lost.' })
  expiresAt!: string;

  @Text(500)
  @Field({ description: 'What they are needed for, for the approver and the trail.' })
  reason!: string;
}

/** Always under two people, and neither of those who decide is the one that it is for. */
export const grantRevealAllowance = operation({
  name: 'revealAllowance.grant',
  subject: 'RevealAllowance',
  summary: 'Let somebody see more sensitive values than those of every day',
  twoPeople: true,
  about: ({ userId }: GrantRevealAllowanceInput) => ({ subjectType: 'User', subjectId: userId }),
  lock: async (tx, { userId }: GrantRevealAllowanceInput) => {
    const user = await tx.lock(User, userId);
    return { user, person: await usersOfPerson(tx, user.id), deciderId: tx.actorId };
  },
  authorize: (may, { user }) => {
    may('read', user);
    may.create('grant', 'RevealAllowance', { userId: user.id });
  },
  decide: ({ user, person, deciderId }, { reveals, expiresAt }, { newId, now, actorId }) => {
    if (deciderId !== actorId && person.has(deciderId))
      refuse('REVEAL_ALLOWANCE_OF_OWN', 'Somebody else has to decide how much you may see.');
    const until = new Date(expiresAt);
    assertTerm(until, now);
    return { id: newId(), userId: user.id, reveals, used: 0, expiresAt: until };
  },
  save: (tx, allowance) => tx.insert(RevealAllowance, allowance as RevealAllowance),
  record: ({ id, userId, reveals, expiresAt }, _state, { reason }) => ({
    action: 'revealAllowance.granted',
    subjectId: id,
    changes: [
      { path: 'user', before: null, after: userId },
      { path: 'reveals', before: null, after: reveals },
      { path: 'expiresAt', before: null, after: expiresAt.toISOString() },
    ],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
