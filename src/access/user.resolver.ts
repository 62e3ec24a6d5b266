import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, Asked } from '../platform/asked';
import type { Actor, Context } from '../platform/context';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { pooled } from '../platform/pooled';
import { CreateUserInput } from './create-user';
import { DeactivateUserInput } from './deactivate-user';
import { GrantRoleInput } from './grant-role';
import { LinkUsersInput } from './link-users';
import { RevealSensitiveValueInput } from './reveal-sensitive-value';
import { RevokeRoleInput } from './revoke-role';
import { actorStill } from './identify';
import { changeOwnPassword } from './own-password';
import { signIn } from './sign-in';
import { userRead } from './user.read';
import {
  ChangePasswordInput,
  ChangePasswordPayload,
  RoleGrant,
  SignInInput,
  SignInPayload,
  SignOutPayload,
  User,
  UserConnection,
  UsersArgs,
  Viewer,
} from './user.type';
import { RevealSensitiveValuePayload } from './reveal.type';

const CreateUserPayload = payloadType('CreateUserPayload', { user: () => User });
const DeactivateUserPayload = payloadType('DeactivateUserPayload', { user: () => User });
const LinkUsersPayload = payloadType('LinkUsersPayload', { user: () => User });
const GrantRolePayload = payloadType('GrantRolePayload', { roleGrant: () => RoleGrant });
const RevokeRolePayload = payloadType('RevokeRolePayload', { roleGrant: () => RoleGrant });

const viewerOf = ({ actor, sessionId }: Context) => actor && { ...shown(actor), sessionId };

const shown = ({ id, name, email, roles, ability }: Actor) => ({
  id,
  name,
  email,
  roles: [...new Set(roles)],
  permissions: permissionsOf(ability),
});

/** Every verb and type that the rules name, each once. */
function permissionsOf(ability: Actor['ability']): { action: string; subject: string }[] {
  const pairs = ability.rules.flatMap(({ action, subject }) =>
    [action].flat().flatMap((verb) => [subject].flat().map((type) => `${verb} ${String(type)}`)),
  );
  return [...new Set(pairs)].toSorted().map((pair) => ({ action: pair.split(' ')[0]!, subject: pair.split(' ')[1]! }));
}

@Resolver()
export class UserResolver {
  @Query(() => Viewer, { nullable: true, description: 'Whoever is signed in; null when nobody is.' })
  viewer(@Ask() asked: Asked) {
    return asked.value(viewerOf(asked.context));
  }

  @Query(() => User, { nullable: true, description: 'A user.' })
  user(@Arg('id', () => ID, { description: 'Id of the user.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(userRead);
  }

  @Query(() => UserConnection, { description: 'Users, by name unless told.' })
  users(@Args(() => UsersArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(userRead);
  }

  @Mutation(() => SignInPayload, {
    description:
      'Opens a session, and ends that of the token that it was asked with, if any. Each try is its own: signing in has no idempotency key.',
  })
  async signIn(@Arg('input', { description: 'Who signs in.' }) input: SignInInput, @Ask() asked: Asked) {
    const { token, expiresAt, context } = await signIn(asked.context, input);
    asked.context.keepToken?.(token);
    return asked.value({ token: asked.context.keepToken ? '' : token, expiresAt, viewer: viewerOf(context) });
  }

  @Mutation(() => SignOutPayload, { description: 'Ends the session of this request, at once and everywhere.' })
  async signOut(@Ctx() context: Context, @Ask() asked: Asked) {
    await context.app.submit(context, 'session.end', { sessionId: context.sessionId });
    context.keepToken?.(null);
    return asked.value({ signedOut: true });
  }

  @Mutation(() => ChangePasswordPayload, {
    description:
      'Changes one’s own password, ends one’s other sessions, and makes one’s roles count if somebody else had chosen it.',
  })
  async changePassword(
    @Arg('input', { description: 'The present and the new one.' })
    { presentPassword, newPassword }: ChangePasswordInput,
    @Ctx() context: Context,
    @Ask() asked: Asked,
  ) {
    await changeOwnPassword(context, presentPassword, newPassword);
    const actor = await actorStill(pooled(context.app), context, context.app.clock());
    return asked.value({ viewer: viewerOf({ ...context, actor }) });
  }

  @Mutation(() => CreateUserPayload, { description: 'Creates a user, who holds no role yet.' })
  createUser(@Arg('input', { description: 'The user.' }) input: CreateUserInput, @Ask() asked: Asked) {
    return asked.submit('user.create', input);
  }

  @Mutation(() => DeactivateUserPayload, { description: 'Takes a user’s access away and ends their sessions.' })
  deactivateUser(
    @Arg('input', { description: 'Which one, and why.' }) input: DeactivateUserInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('user.deactivate', input);
  }

  @Mutation(() => LinkUsersPayload, {
    description: 'Says that two users are one person, for good; always waits for a second person.',
  })
  linkUsers(@Arg('input', { description: 'Which two, and how you know.' }) input: LinkUsersInput, @Ask() asked: Asked) {
    return asked.submit('user.link', input);
  }

  @Mutation(() => GrantRolePayload, { description: 'Grants a role; by default it waits for a second person.' })
  grantRole(
    @Arg('input', { description: 'Which role, to whom, and why.' }) input: GrantRoleInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('role.grant', input);
  }

  @Mutation(() => RevokeRolePayload, { description: 'Revokes a role, from the next request on.' })
  revokeRole(@Arg('input', { description: 'Which grant, and why.' }) input: RevokeRoleInput, @Ask() asked: Asked) {
    return asked.submit('role.revoke', input);
  }

  @Mutation(() => RevealSensitiveValuePayload, {
    description: 'Shows one sensitive value, and the trail says to whom and why.',
  })
  revealSensitiveValue(
    @Arg('input', { description: 'Which value, and why.' }) input: RevealSensitiveValueInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('sensitiveValue.reveal', input);
  }
}
