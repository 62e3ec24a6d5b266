import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { refuse } from '../platform/errors';
import { Text } from '../platform/text';
import { endSessionsOf, OF_PEOPLE } from './end-sessions';
import { assertKept, lockKeepers } from './keepers';
import { RoleGrant } from './role-grant.entity';
import { hasEnded } from './role-grant-scope';

@InputType({ description: 'Which grant of a role to revoke.' })
export class RevokeRoleInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the grant.' })
  roleGrantId!: string;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/** Takes a role away and ends the sessions of whoever had it, from the very next request on. Taking needs no second person; giving back does. */
export const revokeRole = operation({
  name: 'role.revoke',
  subject: 'RoleGrant',
  summary: 'Revoke a role',
  lock: async (tx, input: RevokeRoleInput) => ({
    grant: await tx.lock(RoleGrant, input.roleGrantId),
    keepers: await lockKeepers(tx),
  }),
  authorize: (may, { grant }) => may('revoke', grant),
  decide: ({ grant, keepers }, _input, { now, actorId }) => {
    if (grant.revokedAt || hasEnded(grant, now))
      refuse('ROLE_NOT_REVOCABLE', 'This grant is revoked already, or has ended.');
    assertKept(keepers, ({ grantId }) => grantId === grant.id);
    return { revokedAt: now, revokedById: actorId };
  },
  save: async (tx, patch, { grant }) => {
    await tx.update(grant, patch);
    await endSessionsOf(tx, grant.userId, patch.revokedAt, { kinds: OF_PEOPLE });
  },
  record: (_patch, { grant }, { reason }) => ({
    action: 'role.revoked',
    subjectId: grant.id,
    changes: [{ path: 'role', before: grant.role, after: null }],
    reason,
  }),
  facts: (_patch, { grant }) => ({ accountId: grant.accountId, ...(grant.lobId !== null && { lobId: grant.lobId }) }),
});
