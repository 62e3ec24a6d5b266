import { reasonIn } from '../access/attempt';
import type { Prepared } from '../access/carry-out';
import { maskInput } from '../access/sensitive-value';
import type { OperationInput } from '../platform/operation';
import { refuse } from '../platform/errors';
import { sealText } from '../platform/sealed-text';
import type { Transaction } from '../platform/transaction';
import { ApprovalPolicy } from './approval-policy.entity';
import { demandsApproval } from './approval-policy.rules';
import type { ChangeRequest } from './change-request.entity';
import { digestOf, placeOfInput, seenRows } from './content';

/** The strictest reading of the policies; an operation that always needs two people is refused when none says who. */
export async function policyFor(
  tx: Transaction,
  { operation, facts, recorded }: Prepared,
): Promise<ApprovalPolicy | null> {
  const policies = await tx.find(ApprovalPolicy, { operation: operation.name });
  const policy = policies.find((each) => demandsApproval(each, facts, recorded.changes));
  if (!policy && operation.twoPeople)
    refuse('APPROVAL_POLICY_MISSING', 'This needs a second person, and no policy says who.');
  return policy ?? null;
}

/** What it is about; no id for what does not exist yet. */
export const subjectOf = ({ operation, recorded, rows }: Prepared): { type: string; id: string | null } => ({
  type: recorded.subjectType ?? operation.subject,
  id: rows.some(({ id }) => id === recorded.subjectId) ? recorded.subjectId : null,
});

/** Under whose eyes a change is to come, and for how long. */
export type Terms = Pick<ChangeRequest, 'policyId' | 'policyVersion' | 'approverRoles' | 'expiresAt'>;

export const termsOf = (policy: ApprovalPolicy, now: Date): Terms => ({
  policyId: policy.id,
  policyVersion: policy.version,
  approverRoles: policy.approverRoles,
  expiresAt: new Date(now.getTime() + policy.expiresAfterHours * 3_600_000),
});

/** What a request asks for at a revision, with the digest that an approver's yes is bound to. */
export function contentOf(
  tx: Transaction,
  prepared: Prepared,
  request: Pick<ChangeRequest, 'id' | 'makerId' | 'revision'>,
  terms: Terms,
) {
  const { keys } = tx.context.app;
  const { operation, recorded, facts, rows, input } = prepared;
  const { type: subjectType, id: subjectId } = subjectOf(prepared);
  const stored = storedInput(input);
  const content = {
    operation: operation.name,
    subjectType,
    subjectId,
    accountId: facts.accountId,
    inputSealed: sealText(keys, JSON.stringify(stored), placeOfInput(request.id, request.revision)),
    inputShown: maskInput(stored),
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
