import { IsOptional, MaxLength } from 'class-validator';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import { RoleEnum } from './grant-role';
import { Password } from './password-field';
import type { RoleName } from './permissions';

@ObjectType({ description: 'A role that somebody holds or held.' })
export class RoleGrant {
  @Field(() => ID, { description: 'Id of the grant.' })
  id!: string;

  @Field(() => RoleEnum, { description: 'The role.' })
  role!: RoleName;

  @Field(() => ID, { nullable: true, description: 'It holds over this account alone; null: over all of them.' })
  accountId!: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'It holds over this LOB of the account alone; null: over all of them.',
  })
  lobId!: string | null;

  @Field(() => User, { nullable: true, description: 'Who holds it.' })
  user!: User | null;

  @Field(() => User, { nullable: true, description: 'Who proposed it; null for the first users of an installation.' })
  grantedBy!: User | null;

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The first instant at which it gives nothing any more; null: it lasts until it is revoked.',
  })
  endsAt!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was revoked, or had ended and was closed.' })
  revokedAt!: string | null;

  @Field(() => User, {
    nullable: true,
    description: 'Who revoked it; null while it lasts, and when it ended by itself.',
  })
  revokedBy!: User | null;

  @Field({ description: 'Whether it gives anything now.' })
  lasts!: boolean;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@ObjectType({ description: 'Somebody who can sign in.' })
export class User {
  @Field(() => ID, { description: 'Id of the user.' })
  id!: string;

  @Field({ description: 'Name, as colleagues know them.' })
  name!: string;

  @Field({ description: 'Address that they sign in with.' })
  email!: string;

  @Field({ description: 'Whether they can sign in.' })
  active!: boolean;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether they have a second factor; null for whoever may not know. Where one is required, some roles count with it only.',
  })
  secondFactor!: boolean | null;

  @Field(() => [String], {
    description:
      'The roles that they are granted now; they count once the password is the user’s own, and some with a second factor only, where one is required.',
  })
  roles!: string[];

  @Field(() => [RoleGrant], {
    nullable: true,
    description: 'Every role they hold or held, earliest first. For those who may see that.',
  })
  roleGrants!: RoleGrant[] | null;

  @Field(() => User, {
    nullable: true,
    description: 'The first user of the same person, where they have several. For those who may see that.',
  })
  samePersonAs!: User | null;

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  createdAt!: string;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@ObjectType({ description: 'Something that somebody may do: `void Invoice`.' })
export class Permission {
  @Field({ description: 'The verb.' })
  action!: string;

  @Field({ description: 'What it is done to.' })
  subject!: string;
}

@ObjectType({ description: 'Whoever is signed in.' })
export class Viewer {
  @Field(() => ID, { description: 'Id of the user.' })
  id!: string;

  @Field({ description: 'Name of the user.' })
  name!: string;

  @Field({ description: 'Address of the user.' })
  email!: string;

  @Field(() => [String], { description: 'The roles of this moment.' })
  roles!: string[];

  @Field(() => [Permission], {
    description: 'What they may do to at least some rows; which rows is decided one by one.',
  })
  permissions!: Permission[];

  @Field(() => ID, { description: 'The session that this request belongs to.' })
  sessionId!: string;
}

@InputType({ description: 'Which users: all that is given must hold.' })
export class UserFilter {
  @Field(() => RoleEnum, { nullable: true, description: 'Who holds this role now.' })
  role?: RoleName | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether they can sign in.' })
  active?: boolean | null;

  @Field(() => String, { nullable: true, description: 'With exactly this address.' })
  email?: string | null;
}

@InputType({ description: 'Who signs in.' })
export class SignInInput {
  @MaxLength(254)
  @Field({ description: 'Address of the user.' })
  email!: string;

  @Password()
  @Field({ description: 'Password of the user.' })
  password!: string;

  @IsOptional()
  @MaxLength(40)
  @Field(() => String, {
    nullable: true,
    description:
      'A one-time code of the authenticator app, or a recovery code: needed where there is one, else not looked at.',
  })
  oneTimeCode?: string | null;
}

@InputType({ description: 'A password to change.' })
export class ChangePasswordInput {
  @Password()
  @Field({ description: 'The present one.' })
  presentPassword!: string;

  @Password({ fresh: true })
  @Field({ description: 'The new one, 12 to 128 characters.' })
  newPassword!: string;
}

@ObjectType({ description: 'A password that was changed.' })
export class ChangePasswordPayload {
  @Field(() => Viewer, { description: 'Who is signed in, with the roles that count from now on.' })
  viewer!: Viewer;
}

@ObjectType({ description: 'A session that was opened.' })
export class SignInPayload {
  @Field({
    description:
      'To send as `Authorization: Bearer …`. It is shown once and stored nowhere; empty where the session is kept in a cookie (`X-Session: cookie`).',
  })
  token!: string;

  @Field(() => DateTimeScalar, { description: 'When the session ends at the latest.' })
  expiresAt!: string;

  @Field(() => Viewer, { description: 'Who is signed in now.' })
  viewer!: Viewer;
}

@ObjectType({ description: 'The session that was ended.' })
export class SignOutPayload {
  @Field({ description: 'Always true: whoever was signed in is not any more.' })
  signedOut!: boolean;
}

export const UserOrder = orderEnum('UserOrder', ['CREATED_AT', 'NAME']);
export const UserConnection = connectionOf(() => User, 'User');
export const UsersArgs = connectionArgs(UserFilter, UserOrder);
