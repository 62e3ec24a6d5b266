import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import { IsNull } from 'typeorm';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { refuse } from '../platform/errors';
import { DateTimeScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { endSessionsOf, OF_PEOPLE } from './end-sessions';
import type { Transaction } from '../platform/transaction';
import { type RoleName, roleNames } from './permissions';
import { conflictsOf, holdingOf } from './duties';
import { assertApart } from './duty.rules';
import { endGrant } from './end-grants';
import { usersOfPerson } from './persons';
import { RoleGrant } from './role-grant.entity';
import { assertScope, hasEnded, isOver, scopeOf } from './role-grant-scope';
import { User } from './user.entity';

export const RoleEnum = Object.fromEntries(roleNames.map((role) => [role, role])) as Record<RoleName, RoleName>;
registerEnumType(RoleEnum, {
  name: 'Role',
  description: 'What somebody is in the house; docs/ARCHITECTURE.md says what each may do.',
  valuesConfig: {
    admin: { description: 'Runs the installation: users, roles, policies. Touches no business.' },
    billing: { description: 'Makes invoices and settles disputes over them.' },
    supervisor: { description: 'Countersigns.' },
    operations: {
      description: 'Runs the floor: accounts, lines of business, agents, and complaints as they come in.',
    },
    compliance: {
      description: 'Watches over complaints, access and the trail; countersigns roles and policies.',
    },
    auditor: { description: 'Sees everything, masked, and the whole trail. Changes nothing.' },
    client: { description: 'A client’s user: sees one account, and disputes what is billed to it.' },
  },
});

/** Roles that a system's user never holds. */
const DECIDING: ReadonlySet<RoleName> = new Set(['admin', 'supervisor', 'compliance']);

@InputType({ description: 'Which role to grant to whom.' })
export class GrantRoleInput extends Input {
  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @Field(() => RoleEnum, { description: 'The role.' })
  role!: RoleName;

  @Field(() => ID, {
    nullable: true,
    description:
      'It is to hold over this account alone: needed for `client`, refused for `admin`. Null: over all of them.',
  })
  accountId?: string | null;

  @Field(() => ID, { nullable: true, description: 'It is to hold over this LOB of the account alone.' })
  lobId?: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The first instant at which it gives nothing any more. Null: it lasts until it is revoked.',
  })
  endsAt?: string | null;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** Grants a role, and ends the sessions of whoever gets it: they sign in anew as who they are now. By default somebody else approves it; nobody grants themselves anything. */
export const grantRole = operation({
  name: 'role.grant',
  subject: 'RoleGrant',
  summary: 'Grant a role to a user',
  twoPeople: true,
  stepUp: () => true,
  about: ({ userId }: GrantRoleInput) => ({ subjectType: 'User', subjectId: userId }),
  lock: async (tx, input: GrantRoleInput) => {
    const user = await tx.lock(User, input.userId);
    const over = await scopeOf(tx, input);
    const held = (await grantsOf(tx, user.id)).filter((each) => !hasEnded(each, tx.now));
    const person = await usersOfPerson(tx, user.id);
    const conflicts = await conflictsOf(tx, user.id, [
      holdingOf(input.role, input.accountId ?? null, input.lobId ?? null),
    ]);
    return { user, person, over, held, conflicts, deciderId: tx.actorId };
  },
  authorize: (may, { user }) => {
    may('read', user);
    may.create('grant', 'RoleGrant');
  },
  decide: ({ user, person, over, held, conflicts, deciderId }, input, { now, newId, actorId }) => {
    if (person.has(actorId)) refuse('ROLE_NOT_GRANTABLE', 'Nobody grants themselves a role.');
    if (person.has(deciderId)) refuse('MAKER_IS_CHECKER', 'Somebody else has to decide what gives you a role.');
    if (user.deactivatedAt) refuse('ROLE_NOT_GRANTABLE', 'This user is deactivated.');
    if (user.service && DECIDING.has(input.role))
      refuse('ROLE_NOT_GRANTABLE', 'A system decides nothing and runs nothing: this role is for people.');
    const scope = assertScope(input, over);
    const endsAt = input.endsAt == null ? null : new Date(input.endsAt);
    if (endsAt && endsAt <= now) refuse('ROLE_GRANT_PERIOD_INVALID', 'It would have ended already.');
    if (held.some((each) => isOver(each, { role: input.role, ...scope })))
      refuse('ROLE_GRANT_TAKEN', 'This user has that role already.');
    assertApart(conflicts.filter(({ roles }) => roles.includes(input.role)));
    const fresh = { id: newId(), userId: user.id, role: input.role, ...scope, endsAt, grantedById: actorId };
    return { ...fresh, revokedAt: null, revokedById: null };
  },
  // What has ended by itself makes room, also where nothing has noticed yet.
  save: async (tx, grant) => {
    const same = (await grantsOf(tx, grant.userId)).filter((each) => isOver(each, grant));
    for (const ended of same.filter((each) => hasEnded(each, tx.now))) await endGrant(tx, ended);
    await tx.insert(RoleGrant, grant as RoleGrant);
    await endSessionsOf(tx, grant.userId, tx.now, { kinds: OF_PEOPLE });
  },
  record: (grant, { user }, { reason }) => ({
    action: 'role.granted',
    subjectId: grant.id,
    changes: [
      { path: 'user', before: null, after: user.id },
      { path: 'role', before: null, after: grant.role },
      { path: 'account', before: null, after: grant.accountId },
      ...(grant.lobId === null ? [] : [{ path: 'lob', before: null, after: grant.lobId }]),
      ...(grant.endsAt === null ? [] : [{ path: 'endsAt', before: null, after: grant.endsAt.toISOString() }]),
    ],
    reason,
  }),
  facts: (grant) => ({
    accountId: grant.accountId,
    ...(grant.lobId !== null && { lobId: grant.lobId, lobIds: [grant.lobId] }),
    risk: 'HIGH',
  }),
});

const grantsOf = (tx: Transaction, userId: string): Promise<RoleGrant[]> =>
  tx.lockWhere(RoleGrant, { userId, revokedAt: IsNull() });
