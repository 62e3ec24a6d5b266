import { IsEmail, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
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
    other: samePersonAsId == null ? null : await tx.lock(User, samePersonAsId),
  }),
  authorize: (may, { other }) => {
    may.create('invite', 'User');
    if (other) may('link', other);
  },
  decide: ({ other }, { name, email }, { newId, actorId }) => ({
    id: newId(),
    name: name.trim(),
    email: email.trim().toLowerCase(),
    passwordHash: '',
    passwordSetById: actorId,
    personId: other && (other.personId ?? other.id),
    deactivatedAt: null,
  }),
  save: (tx, user) => tx.insert(User, user as User),
  record: (user) => ({
    action: 'user.invited',
    subjectId: user.id,
    changes: [
      { path: 'name', before: null, after: user.name },
      { path: 'email', before: null, after: user.email },
      ...(user.personId === null ? [] : [{ path: 'samePersonAs', before: null, after: user.personId }]),
    ],
  }),
  facts: () => ({ accountId: null }),
});
