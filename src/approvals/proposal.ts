import { Decimal } from 'decimal.js';
import { reasonIn } from '../access/attempt';
import type { Prepared } from '../access/carry-out';
import { maskInput } from '../access/sensitive-value';
import { HOUR } from '../platform/durations';
import type { OperationInput } from '../platform/operation';
import { refuse } from '../platform/errors';
import { sealText } from '../platform/sealed-text';
import type { Transaction } from '../platform/transaction';
import { ApprovalPolicy, type ApprovalStep } from './approval-policy.entity';
import { type Demand, demandOf, demandsApproval, type Judged } from './approval-policy.rules';
import type { ChangeRequest } from './change-request.entity';
import { amountIn, digestOf, placeOfInput, seenRows } from './content';

/** What the policies ask for, with those that are switched off where somebody else is `asked` in any case; an operation that always needs two people is refused when none says who. */
export async function demandFor(
  tx: Transaction,
  { operation, facts, recorded }: Prepared,
  asked = false,
): Promise<Demand | null> {
  const policies = await tx.find(ApprovalPolicy, { operation: operation.name, ...(!asked && { active: true }) });
  const judged: Judged = { facts, changes: recorded.changes, converted: await converted(tx, policies, facts.amount) };
  const demand = demandOf(policies.filter((each) => demandsApproval(each, judged, asked)));
  if (!demand && operation.twoPeople)
    refuse('APPROVAL_POLICY_MISSING', 'This needs a second person, and no policy says who.');
  return demand;
}

const CONVERTED = `SELECT currency, converted_minor($1, $2, currency, $4)::text AS minor FROM unnest($3::text[]) AS currency`;

/** An amount in the currencies that policies speak of, by the rates of today. */
async function converted(
  tx: Transaction,
  policies: readonly ApprovalPolicy[],
  amount: Judged['facts']['amount'],
): Promise<Map<string, Decimal>> {
  const others = policies.flatMap(({ whenCurrency }) =>
    amount && whenCurrency !== null && whenCurrency !== amount.currency ? [whenCurrency] : [],
  );
  if (others.length === 0) return new Map();
  const values = [String(amount!.minor), amount!.currency, [...new Set(others)], tx.now.toISOString().slice(0, 10)];
  const rows = await tx.query<{ currency: string; minor: string | null }>(CONVERTED, values);
  return new Map(rows.flatMap(({ currency, minor }) => (minor === null ? [] : [[currency, new Decimal(minor)]])));
}

/** What it is about; no id for what does not exist yet. */
export const subjectOf = ({ operation, recorded, rows }: Prepared): { type: string; id: string | null } => ({
  type: recorded.subjectType ?? operation.subject,
  id: rows.some(({ id }) => id === recorded.subjectId) ? recorded.subjectId : null,
});

/** Whose turn it is: who may do the steps that are open. */
export const turnOf = (open: readonly Pick<ApprovalStep, 'roles' | 'people'>[]) => ({
  approverRoles: [...new Set(open.flatMap(({ roles }) => roles))],
  approverIds: [...new Set(open.flatMap(({ people }) => people))],
  assigneeId: null,
});

/** Under whose eyes a change is to come, and for how long. */
export function termsOf(demand: Demand, now: Date) {
  const { policyId, policyVersion, steps, freshness, remindAfterHours, escalateAfterHours, escalateToRoles } = demand;
  const after = (hours: number) => new Date(now.getTime() + hours * HOUR);
  return {
    policyId,
    policyVersion,
    steps,
    ...turnOf(steps.filter(({ stage }) => stage === steps[0]!.stage)),
    freshness,
    expiresAt: after(demand.expiresAfterHours),
    remindAt: remindAfterHours === null ? null : after(remindAfterHours),
    escalateAt: escalateAfterHours === null ? null : after(escalateAfterHours),
    escalateToRoles,
  };
}

/** What a request asks for at a revision, with the digest that an approver's yes is bound to. */
export function contentOf(
  tx: Transaction,
  prepared: Prepared,
  request: Pick<ChangeRequest, 'id' | 'makerId' | 'revision'>,
  terms: ReturnType<typeof termsOf>,
) {
  const { keys, decimals } = tx.context.app;
  const { operation, recorded, facts, rows, input } = prepared;
  const { type: subjectType, id: subjectId } = subjectOf(prepared);
  const stored = storedInput(input);
  const content = {
    operation: operation.name,
    subjectType,
    subjectId,
    accountId: facts.accountId,
    lobId: facts.lobId ?? null,
    ...amountIn(facts),
    inputSealed: sealText(keys, JSON.stringify(stored), placeOfInput(request.id, request.revision)),
    inputShown: maskInput(stored, decimals),
    changes: recorded.changes,
    seen: seenRows(rows),
    reason: reasonIn(input),
    ...terms,
  };
  const { id, makerId, revision } = request;
  return { ...content, revision, digest: digestOf(keys, { ...content, id, makerId, revision }, stored) };
}

/** What is stored and digested of an input: all but the client's key for the one call. */
export function storedInput(input: OperationInput): Record<string, unknown> {
  const { idempotencyKey: _, ...content } = input;
  return content;
}
