import { IsEmail, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { changesOfNewUser, newUser, otherUserOf } from './new-user';
import { User } from './user.entity';

@InputType({ description: 'Somebody to invite. Without a role they can sign in and see nothing.' })
export class InviteUserInput extends Input {
  @Text(200)
  @Field({ description: 'Name, as colleagues know them.' })
  name!: string;

  @IsEmail()
  @MaxLength(254)
  @Field({ description: 'Address to sign in with; unique, whatever its case.' })
  email!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Another user of the same person: neither will decide what the other makes or decides.',
  })
  samePersonAsId?: string | null;
}

/** A user without a password. They choose one of their own with a token that `drawPasswordToken` draws: nobody else ever knows it. */
export const inviteUser = operation({
  name: 'user.invite',
  subject: 'User',
  summary: 'Invite a user',
  lock: async (tx, { samePersonAsId }: InviteUserInput) => ({
    other: await otherUserOf(tx, samePersonAsId),
  }),
  authorize: (may, { other }) => {
    may.create('invite', 'User');
    if (other) may('link', other);
  },
  decide: ({ other }, { name, email }, moment) => newUser({ name, email, passwordHash: '' }, other, moment),
  save: (tx, user) => tx.insert(User, user as User),
  record: (user) => ({
    action: 'user.invited',
    subjectId: user.id,
    changes: changesOfNewUser(user),
  }),
  facts: () => ({ accountId: null }),
});
