import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { refuse } from '../platform/errors';
import { notFound } from '../platform/transaction';
import { Text } from '../platform/text';
import { endSessionsOf, OF_PEOPLE } from './end-sessions';
import { type RoleName, roleNames } from './permissions';
import { usersOfPerson } from './persons';
import { RoleGrant } from './role-grant.entity';
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
    description: 'The account of a client’s user: needed for `client`, refused for any other role.',
  })
  accountId?: string | null;

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
    const account = input.accountId
      ? await tx.query<{ id: string }>('SELECT id FROM account WHERE id::text = $1', [input.accountId])
      : [];
    const held = await tx.find(RoleGrant, { userId: user.id });
    const person = await usersOfPerson(tx, user.id);
    return { user, person, accountFound: account.length === 1, held, deciderId: tx.actorId };
  },
  authorize: (may, { user }) => {
    may('read', user);
    may.create('grant', 'RoleGrant');
  },
  decide: ({ user, person, accountFound, held, deciderId }, input, { newId, actorId }) => {
    if (person.has(actorId)) refuse('ROLE_NOT_GRANTABLE', 'Nobody grants themselves a role.');
    if (person.has(deciderId)) refuse('MAKER_IS_CHECKER', 'Somebody else has to decide what gives you a role.');
    if (user.deactivatedAt) refuse('ROLE_NOT_GRANTABLE', 'This user is deactivated.');
    if (user.service && DECIDING.has(input.role))
      refuse('ROLE_NOT_GRANTABLE', 'A system decides nothing and runs nothing: this role is for people.');
    if ((input.role === 'client') !== Boolean(input.accountId))
      refuse('ROLE_NOT_GRANTABLE', 'An account goes with the role client, and with no other.');
    if (input.accountId && !accountFound) notFound('Account');
    if (held.some(({ role, revokedAt }) => role === input.role && revokedAt === null))
      refuse('ROLE_GRANT_TAKEN', 'This user has that role already.');
    return {
      id: newId(),
      userId: user.id,
      role: input.role,
      accountId: input.accountId ?? null,
      grantedById: actorId,
      revokedAt: null,
      revokedById: null,
    };
  },
  save: async (tx, grant) => {
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
    ],
    reason,
  }),
  facts: (grant) => ({ accountId: grant.accountId, risk: 'HIGH' }),
});
