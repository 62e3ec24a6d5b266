import { refuse } from '../platform/errors';
import type { AnyOperation, Facts, FieldChange } from '../platform/operation';
import type { ApprovalPolicy } from './approval-policy.entity';

type Conditions = Pick<ApprovalPolicy, 'active' | 'whenFields' | 'whenAmountAboveMinor' | 'whenCurrency'>;

/**
 * Whether a policy asks for a second person. A condition that cannot be judged (an amount in another currency, an
 * operation without an amount) counts as fulfilled: doubt asks for two people.
 */
export function demandsApproval(policy: Conditions, facts: Facts, changes: readonly FieldChange[]): boolean {
  if (!policy.active) return false;
  return touches(policy.whenFields, changes) && exceeds(policy, facts);
}

const touches = (fields: string[] | null, changes: readonly FieldChange[]) =>
  fields === null || changes.some(({ path }) => fields.includes(path));

function exceeds({ whenAmountAboveMinor, whenCurrency }: Conditions, { amount }: Facts): boolean {
  if (whenAmountAboveMinor === null || !amount) return true;
  if (whenCurrency !== null && whenCurrency !== amount.currency) return true;
  return amount.minor > BigInt(whenAmountAboveMinor);
}

const KEEPERS = ['admin', 'compliance'];

type Concerned = Pick<AnyOperation, 'name' | 'twoPeople' | 'policyFields'>;

/**
 * Refuses a policy that would hold nothing, or that nobody could fulfil: POLICY_NOT_WEAKENABLE (an operation that always
 * needs a second person), POLICY_ROLE_UNFIT (a role that cannot approve this, so that no request would ever end),
 * POLICY_FIELD_UNKNOWN (a field that the operation never changes), AMOUNT_INVALID (below zero).
 */
export function assertPolicyHolds(
  policy: Conditions & Pick<ApprovalPolicy, 'approverRoles'>,
  { name, twoPeople, policyFields = [] }: Concerned,
  mayApprove: (role: string) => boolean,
): void {
  const conditional = policy.whenFields !== null || policy.whenAmountAboveMinor !== null;
  if (twoPeople && (!policy.active || conditional))
    refuse('POLICY_NOT_WEAKENABLE', 'This operation always needs a second person.', { operation: name });
  // Somebody of both is always kept (see access/keepers.ts), so that this can always be decided by somebody.
  const missing = twoPeople ? KEEPERS.filter((role) => !policy.approverRoles.includes(role)) : [];
  if (missing.length > 0) refuse('POLICY_ROLE_UNFIT', 'These roles must be able to decide this.', { roles: missing });
  const unfit = policy.approverRoles.filter((role) => !mayApprove(role));
  if (unfit.length > 0) refuse('POLICY_ROLE_UNFIT', 'These roles may not approve this operation.', { roles: unfit });
  const unknown = (policy.whenFields ?? []).filter((field) => !policyFields.includes(field));
  if (unknown.length > 0)
    refuse('POLICY_FIELD_UNKNOWN', 'The operation changes no such field.', { fields: policyFields });
  if (policy.whenAmountAboveMinor !== null && BigInt(policy.whenAmountAboveMinor) < 0n)
    refuse('AMOUNT_INVALID', 'A threshold is not below zero.');
}
