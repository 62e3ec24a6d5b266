import { IsEmail, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { Password } from './password-field';
import { assertUncommon } from './password.rules';
import { hashPassword } from './passwords';
import { changesOfNewUser, newUser, otherUserOf } from './new-user';
import { User } from './user.entity';

@InputType({ description: 'A user to create. Without a role they can sign in and see nothing.' })
export class CreateUserInput extends Input {
  @Text(200)
  @Field({ description: 'Name, as colleagues know them.' })
  name!: string;

  @IsEmail()
  @MaxLength(254)
  @Field({ description: 'Address to sign in with; unique, whatever its case.' })
  email!: string;

  @Password({ fresh: true })
  @Field({
    description:
      'First password, 12 to 128 characters. It signs in for 72 hours, and their roles give them nothing until they have changed it.',
  })
  password!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Another user of the same person: neither will decide what the other makes or decides.',
  })
  samePersonAsId?: string | null;
}

export const createUser = operation({
  name: 'user.create',
  subject: 'User',
  summary: 'Create a user',
  // From here on `password` is its hash: the password itself is kept nowhere, not in a change request either.
  ahead: async (input: CreateUserInput, before?: CreateUserInput) => {
    const { name, email, password } = input;
    if (password === before?.password) return input;
    assertUncommon(password, [name, email]);
    return Object.assign(new CreateUserInput(), input, { password: await hashPassword(password) });
  },
  lock: async (tx, { samePersonAsId }: CreateUserInput) => ({
    other: await otherUserOf(tx, samePersonAsId),
  }),
  authorize: (may, { other }) => {
    may.create('create', 'User');
    if (other) may('link', other);
  },
  decide: ({ other }, { name, email, password: passwordHash }, moment) =>
    newUser({ name, email, passwordHash }, other, moment),
  save: (tx, user) => tx.insert(User, user as User),
  record: (user) => ({
    action: 'user.created',
    subjectId: user.id,
    changes: changesOfNewUser(user),
  }),
  facts: () => ({ accountId: null }),
});
