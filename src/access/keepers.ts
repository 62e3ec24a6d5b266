import { refuse } from '../platform/errors';
import type { Transaction } from '../platform/transaction';
import type { RoleName } from './permissions';

/**
 * Somebody with a role that keeps the installation open to change: administration, and compliance, which countersigns. One that ends, or holds over an account alone, does not.
 * Granting a role and countersigning it ask for a code of an app, which no token of an issuer stands in for.
 */
export interface Keeper {
  grantId: string;
  userId: string;
  /** The first user of the same person. */
  personId: string;
  role: RoleName;
}

const KEEPERS = `SELECT g.id AS "grantId", g.user_id AS "userId", coalesce(u.person_id, u.id) AS "personId", g.role FROM role_grant g JOIN app_user u ON u.id = g.user_id
  WHERE g.revoked_at IS NULL AND g.account_id IS NULL AND g.ends_at IS NULL AND role_counts(u, g.role) AND (u.second_factor_at IS NOT NULL OR NOT second_factor_required())
    AND g.role IN ('admin', 'compliance')`;

/** Every keeper there is, under a lock: two of them must not take each other away at once. */
export async function lockKeepers(tx: Transaction): Promise<Keeper[]> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign keepers'))`);
  return tx.query<Keeper>(KEEPERS);
}

/** Whether roles could still be granted: somebody proposes (admin) and another person approves (admin or compliance). */
export const canKeep = (keepers: readonly Pick<Keeper, 'personId' | 'role'>[]): boolean =>
  keepers.some(({ role }) => role === 'admin') && new Set(keepers.map(({ personId }) => personId)).size >= 2;

/** Refuses with LAST_KEEPER what would leave nobody to grant a role, or nobody to countersign it. */
export function assertKept(keepers: readonly Keeper[], leaving: (keeper: Keeper) => boolean): void {
  const rest = keepers.filter((keeper) => !leaving(keeper));
  if (rest.length < keepers.length) assertCanKeep(rest);
}

/** Refuses with LAST_KEEPER what would make one person of all that are left to grant a role and to countersign it. */
export function assertKeptAsOne(keepers: readonly Keeper[], persons: readonly string[]): void {
  const one = keepers.map((each) => (persons.includes(each.personId) ? { ...each, personId: persons[0]! } : each));
  if (canKeep(keepers)) assertCanKeep(one);
}

function assertCanKeep(keepers: readonly Keeper[]): void {
  if (!canKeep(keepers)) refuse('LAST_KEEPER', 'Nobody would be left to grant roles and to countersign that.');
}
