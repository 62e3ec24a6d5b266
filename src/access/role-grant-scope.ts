import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { notFound, type Transaction } from '../platform/transaction';
import type { RoleName } from './permissions';
import type { RoleGrant } from './role-grant.entity';

/** Over what a role is to be granted, as it was asked for. */
export interface ScopeInput {
  role: RoleName;
  accountId?: string | null;
  lobId?: string | null;
}

type Scope = Pick<RoleGrant, 'accountId' | 'lobId'>;

interface Found {
  account: boolean;
  lob: boolean;
}

const FOUND = `SELECT EXISTS (SELECT FROM account WHERE id = $1) AS account, EXISTS (SELECT FROM lob WHERE id = $2 AND account_id = $1) AS lob`;

/** Whether what it is to be granted over is there. */
export async function scopeOf(tx: Transaction, { accountId, lobId }: ScopeInput): Promise<Found> {
  const [found] = await tx.query<Found>(
    FOUND,
    [accountId, lobId].map((id) => (isId(id) ? id : null)),
  );
  return found!;
}

/**
 * The account and LOB of a grant. Refuses with ROLE_NOT_GRANTABLE a client's user without an account, an administrator of one, and a LOB without
 * its account; with NOT_FOUND what is not there, or a LOB of another account.
 */
export function assertScope({ role, accountId, lobId }: ScopeInput, found: Found): Scope {
  if (role === 'client' && accountId == null)
    refuse('ROLE_NOT_GRANTABLE', 'The role client is granted for an account, never for all.');
  if (role === 'admin' && accountId != null)
    refuse('ROLE_NOT_GRANTABLE', 'Whoever runs the installation runs all of it: admin is granted without an account.');
  if (lobId != null && accountId == null) refuse('ROLE_NOT_GRANTABLE', 'A LOB goes with its account.');
  if (accountId != null && !found.account) notFound('Account');
  if (lobId != null && !found.lob) notFound('Lob');
  return { accountId: accountId?.toLowerCase() ?? null, lobId: lobId?.toLowerCase() ?? null };
}

export const isOver = (one: Scope & { role: RoleName }, other: Scope & { role: RoleName }): boolean =>
  one.role === other.role && one.accountId === other.accountId && one.lobId === other.lobId;

/** Whether it gives nothing any more because its time is over. */
export const hasEnded = ({ endsAt }: Pick<RoleGrant, 'endsAt'>, now: Date): boolean => endsAt !== null && endsAt <= now;
