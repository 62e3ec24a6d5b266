import { type FindOptionsWhere, IsNull } from 'typeorm';
import type { FieldChange } from '../platform/operation';
import type { Row } from '../platform/row';
import type { Transaction } from '../platform/transaction';
import { RoleGrant } from './role-grant.entity';

/** What somebody was given that can be taken: a role, or a delegation from or to them. */
export interface Right extends Row {
  revokedAt: Date | null;
  revokedById: string | null;
}

interface Delegation extends Right {
  delegatorId: string;
  delegateId: string;
}

/** Every right of a user that was not revoked, locked. Delegations are of a later room: they are found by their name. */
export async function lockRights(tx: Transaction, userId: string): Promise<Right[]> {
  const grants = await tx.lockWhere(RoleGrant, { userId, revokedAt: IsNull() });
  const entity = tx.context.app.database.orm.getMetadata('Delegation').target as typeof RoleGrant;
  const of = (where: FindOptionsWhere<Delegation>) => tx.lockWhere(entity, { ...where, revokedAt: IsNull() });
  return [...grants, ...(await of({ delegatorId: userId })), ...(await of({ delegateId: userId }))];
}

/** As an event tells that it was taken. */
export const shown = (right: Right): FieldChange =>
  right instanceof RoleGrant
    ? { path: `roles.${right.role}`, before: right.role, after: null }
    : { path: `delegations.${right.id}`, before: true, after: false };
