import { Field, ID, InputType } from 'type-graphql';
import { In } from 'typeorm';
import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { notFound } from '../platform/transaction';
import { assertKeptAsOne, lockKeepers } from './keepers';
import { usersOfPerson } from './persons';
import { User } from './user.entity';

@InputType({ description: 'Two users who are one person.' })
export class LinkUsersInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the one user.' })
  userId!: string;

  @Field(() => ID, { description: 'Id of the other.' })
  samePersonAsId!: string;

  @Text(500)
  @Field({ description: 'How you know, for the approver and the trail.' })
  reason!: string;
}

/**
 * Says that two users are one person, for good: from then on neither decides what the other made, nor what the other decided. All users of a
 * person name the first of them, so that two who are of several already cannot become one.
 */
export const linkUsers = operation({
  name: 'user.link',
  subject: 'User',
  summary: 'Say that two users are one person',
  mutation: 'linkUsers',
  twoPeople: true,
  lock: async (tx, { userId, samePersonAsId }: LinkUsersInput) => {
    const ids = [userId, samePersonAsId].filter(isId).map((id) => id.toLowerCase());
    const users = await tx.lockWhere(User, { id: In(ids) });
    const [user, other] = ids.map((id) => users.find((each) => each.id === id));
    if (!user || !other) return notFound(User.name);
    return {
      user,
      other,
      several: {
        ofUser: (await usersOfPerson(tx, user.id)).size > 1,
        ofOther: (await usersOfPerson(tx, other.id)).size > 1,
      },
      keepers: await lockKeepers(tx),
    };
  },
  authorize: (may, { user, other }) => {
    may('link', user);
    may('link', other);
  },
  decide: ({ user, other, several, keepers }) => {
    const persons = [user.personId ?? user.id, other.personId ?? other.id];
    if (persons[0] === persons[1] || (several.ofUser && several.ofOther))
      refuse('USERS_LINKED_ALREADY', 'These users are one person already, or each is one with others.');
    assertKeptAsOne(keepers, persons);
    return several.ofUser ? { linked: other, personId: persons[0]! } : { linked: user, personId: persons[1]! };
  },
  save: (tx, { linked, personId }) => tx.update(linked, { personId }),
  record: ({ linked, personId }, _state, { reason }) => ({
    action: 'user.linked',
    subjectId: linked.id,
    changes: [{ path: 'samePersonAs', before: null, after: personId }],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
