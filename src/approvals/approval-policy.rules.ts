import type { Facts, FieldChange } from '../platform/operation';
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
