import { Decimal } from 'decimal.js';
import { refuse } from '../platform/errors';
import type { AnyOperation, Facts, FieldChange } from '../platform/operation';
import type { ApprovalPolicy, ApprovalStep, Freshness, Risk } from './approval-policy.entity';

type Conditions = Pick<
  ApprovalPolicy,
  | 'active'
  | 'whenFields'
  | 'whenAmountAboveMinor'
  | 'whenCurrency'
  | 'whenAccountIds'
  | 'whenLobIds'
  | 'whenCategories'
  | 'whenRiskAtLeast'
>;

/** What an operation would do, as policies look at it. */
export interface Judged {
  facts: Facts;
  changes: readonly FieldChange[];
  /** Its amount in minor units of other currencies; where no rate is known, none. */
  converted?: ReadonlyMap<string, Decimal>;
}

/**
 * Whether a policy asks for other people. A condition that cannot be judged (an amount in a currency without a rate, an
 * operation without an amount, an account or a category) counts as fulfilled: doubt asks for two people. Where somebody is `asked` in any case, one that is switched off says who.
 */
export function demandsApproval(policy: Conditions, { facts, changes, converted }: Judged, asked = false): boolean {
  const { active, whenFields, whenAccountIds, whenLobIds, whenCategories, whenRiskAtLeast } = policy;
  return (
    (active || asked) &&
    (whenFields === null || changes.some(({ path }) => whenFields.includes(path))) &&
    isAmong(whenAccountIds, facts.accountId === null ? undefined : [facts.accountId]) &&
    isAmong(whenLobIds, facts.lobIds) &&
    isAmong(whenCategories, facts.category === undefined ? undefined : [facts.category]) &&
    (whenRiskAtLeast === null || facts.risk === undefined || RISKS[facts.risk] >= RISKS[whenRiskAtLeast]) &&
    exceeds(policy, facts, converted)
  );
}

const RISKS: Record<Risk, number> = { LOW: 1, MEDIUM: 2, HIGH: 3 };

const isAmong = (wanted: readonly string[] | null, met: readonly string[] | undefined): boolean =>
  wanted === null || met === undefined || met.some((each) => wanted.includes(each));

function exceeds(
  { whenAmountAboveMinor, whenCurrency }: Conditions,
  { amount }: Facts,
  converted: Judged['converted'],
): boolean {
  if (whenAmountAboveMinor === null || !amount) return true;
  if (whenCurrency === null || whenCurrency === amount.currency) return amount.minor > BigInt(whenAmountAboveMinor);
  return converted?.get(whenCurrency)?.gt(whenAmountAboveMinor) ?? true;
}

/** A step of a request, with the policy that asks for it as it was then. */
export interface RequestedStep extends ApprovalStep {
  policyId: string;
  policyVersion: number;
}

/** What the policies ask for: whose yes, in which order, and until when. */
export interface Demand extends Pick<
  ApprovalPolicy,
  'expiresAfterHours' | 'remindAfterHours' | 'escalateAfterHours' | 'escalateToRoles'
> {
  /** The policy that decided; of a chain, its highest tier. */
  policyId: string;
  policyVersion: number;
  steps: RequestedStep[];
  freshness: Freshness;
}

/**
 * The most demanding reading of the policies that match: those with a tier, chained from the lowest up, count as one; each other stands for
 * itself. More demanding is what needs more people, then more stages, then a decision sooner.
 */
export function demandOf(matching: readonly ApprovalPolicy[]): Demand | null {
  const tiers = matching.filter(({ tier }) => tier !== null).toSorted((one, other) => one.tier! - other.tier!);
  const alone = matching.filter(({ tier }) => tier === null).map((policy) => [policy]);
  const demands = [...(tiers.length > 0 ? [tiers] : []), ...alone].map(chained);
  return demands.toSorted(byDemand)[0] ?? null;
}

function chained(policies: readonly ApprovalPolicy[]): Demand {
  const highest = policies.at(-1)!;
  const steps: RequestedStep[] = [];
  for (const { id, version, steps: own } of policies) {
    const after = Math.max(0, ...steps.map(({ stage }) => stage));
    steps.push(...own.map((step) => ({ ...step, stage: after + step.stage, policyId: id, policyVersion: version })));
  }
  return {
    policyId: highest.id,
    policyVersion: highest.version,
    steps: steps.toSorted((one, other) => one.stage - other.stage),
    freshness: policies.some(({ freshness }) => freshness === 'ROW') ? 'ROW' : 'FIELDS',
    expiresAfterHours: highest.expiresAfterHours,
    remindAfterHours: highest.remindAfterHours,
    escalateAfterHours: highest.escalateAfterHours,
    escalateToRoles: highest.escalateToRoles,
  };
}

/** How many people it needs. */
const quorumOf = (steps: readonly ApprovalStep[]): number => steps.reduce((sum, { quorum }) => sum + quorum, 0);
const stagesOf = ({ steps }: Demand): number => new Set(steps.map(({ stage }) => stage)).size;

const byDemand = (one: Demand, other: Demand): number =>
  quorumOf(other.steps) - quorumOf(one.steps) ||
  stagesOf(other) - stagesOf(one) ||
  one.expiresAfterHours - other.expiresAfterHours ||
  (one.policyId < other.policyId ? -1 : 1);

const KEEPERS = ['admin', 'compliance'];

type Concerned = Pick<AnyOperation, 'name' | 'twoPeople' | 'policyFields'>;
type Held = Conditions & Pick<ApprovalPolicy, 'name' | 'steps' | 'escalateAfterHours' | 'escalateToRoles'>;

/**
 * Refuses a policy that would hold nothing, or that nobody could fulfil: POLICY_OPERATION_UNFIT (a decision is not decided over), POLICY_NOT_WEAKENABLE
 * (the standard policy of an operation that always needs a second person), POLICY_ROLE_UNFIT (a role that cannot approve this, so that no request would ever
 * end), POLICY_STEP_UNFIT (nobody could fulfil that step), POLICY_FIELD_UNKNOWN (a field that the operation never changes), AMOUNT_INVALID (below zero).
 */
export function assertPolicyHolds(
  policy: Held,
  { name, twoPeople, policyFields = [] }: Concerned,
  mayApprove: (role: string) => boolean,
): void {
  if (name.startsWith('changeRequest.'))
    refuse('POLICY_OPERATION_UNFIT', 'What is said to a change request is not decided over again.');
  if (twoPeople) assertAlwaysFulfillable(policy, name);
  const unfit = rolesIn(policy).filter((role) => !mayApprove(role));
  if (unfit.length > 0) refuse('POLICY_ROLE_UNFIT', 'These roles may not approve this operation.', { roles: unfit });
  policy.steps.forEach(assertStep);
  if ((policy.escalateAfterHours === null) !== (policy.escalateToRoles === null))
    refuse('POLICY_STEP_UNFIT', 'What escalates has both a period and roles.');
  const unknown = (policy.whenFields ?? []).filter((field) => !policyFields.includes(field));
  if (unknown.length > 0)
    refuse('POLICY_FIELD_UNKNOWN', 'The operation changes no such field.', { fields: policyFields });
  if (policy.whenAmountAboveMinor !== null && BigInt(policy.whenAmountAboveMinor) < 0n)
    refuse('AMOUNT_INVALID', 'A threshold is not below zero.');
}

const rolesIn = ({ steps, escalateToRoles }: Held): string[] => [
  ...new Set([...steps.flatMap(({ roles }) => roles), ...(escalateToRoles ?? [])]),
];

/** Somebody of both keeping roles is always there (see access/keepers.ts): what they always can decide never locks the house. */
function assertAlwaysFulfillable(policy: Held, operation: string): void {
  const { active, whenFields, whenAmountAboveMinor, whenAccountIds, whenLobIds, whenCategories, whenRiskAtLeast } =
    policy;
  const conditions = [whenFields, whenAmountAboveMinor, whenAccountIds, whenLobIds, whenCategories, whenRiskAtLeast];
  if (policy.name === 'standard' && (!active || conditions.some((each) => each !== null)))
    refuse('POLICY_NOT_WEAKENABLE', 'This operation always needs a second person.', { operation });
  const missing = KEEPERS.filter((role) => policy.steps.some(({ roles }) => !roles.includes(role)));
  if (missing.length > 0) refuse('POLICY_ROLE_UNFIT', 'These roles must be able to decide this.', { roles: missing });
  if (quorumOf(policy.steps) !== 1)
    refuse('POLICY_STEP_UNFIT', 'One more person is all that is always there to decide this.', { operation });
}

function assertStep({ roles, people, quorum }: ApprovalStep, index: number): void {
  if (roles.length === 0 && people.length < quorum)
    refuse('POLICY_STEP_UNFIT', 'This step names fewer people than it asks for.', { step: index + 1 });
}
