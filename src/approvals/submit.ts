import { attemptAt, reasonIn } from '../access/attempt';
import { finish, prepare, type Prepared } from '../access/carry-out';
import { actorStill } from '../access/identify';
import { maskInput, maskOwnWords } from '../access/sensitive-value';
import { record, recordRefusal } from '../audit/record';
import { keyedDigest } from '../platform/canonical';
import type { Actor, Context } from '../platform/context';
import { refuse } from '../platform/errors';
import type { Keys } from '../platform/keys';
import { maskText } from '../platform/masks';
import type { AnyOperation, OperationInput, Submitted } from '../platform/operation';
import { payloadKey } from '../platform/operation';
import { sealText } from '../platform/sealed-text';
import { inTransaction, type Transaction } from '../platform/transaction';
import { ApprovalPolicy } from './approval-policy.entity';
import { demandsApproval } from './approval-policy.rules';
import { ChangeRequest, type SeenRow } from './change-request.entity';
import { digestOf, placeOfInput, seenRows } from './content';

/**
 * The only way to write. Looks the operation up, prepares it, asks the policies, and either carries it out or stores it
 * as a change request, in one transaction, once per idempotency key. A refusal leaves its event after the rollback.
 */
export async function submit(context: Context, name: string, given: OperationInput): Promise<Submitted> {
  const operation = context.app.catalogue.find(name);
  const input = maskOwnWords(given);
  try {
    return await inTransaction(context, async (tx) => {
      const actor = (await actorStill(tx, context, tx.now)) ?? signedOut();
      tx.actAs(actor);
      return once(tx, operation, actor, input, async () => {
        const prepared = await prepare(tx, operation, input, actor);
        const policy = await policyFor(tx, prepared);
        return policy ? propose(tx, prepared, input, actor, policy) : done(await finish(tx, prepared));
      });
    });
  } catch (error) {
    await recordRefusal(context, error, attemptAt(operation, input), async (tx) => ({
      ...(await operation.refused?.(tx, input, error)),
    }));
    throw error;
  }
}

const signedOut = () => refuse('UNAUTHENTICATED', 'Sign in first.');

const done = (result: Record<string, unknown>): Submitted => ({ outcome: 'DONE', changeRequestId: null, result });

/** The strictest reading of the policies; an operation that always needs two people is refused when none says who. */
async function policyFor(tx: Transaction, { operation, facts, recorded }: Prepared): Promise<ApprovalPolicy | null> {
  const policies = await tx.find(ApprovalPolicy, { operation: operation.name });
  const policy = policies.find((each) => demandsApproval(each, facts, recorded.changes));
  if (!policy && operation.twoPeople)
    refuse('APPROVAL_POLICY_MISSING', 'This needs a second person, and no policy says who.');
  return policy ?? null;
}

async function propose(
  tx: Transaction,
  prepared: Prepared,
  input: OperationInput,
  actor: Actor,
  policy: ApprovalPolicy,
): Promise<Submitted> {
  const { operation, recorded, facts, rows } = prepared;
  const { keys } = tx.context.app;
  const id = tx.newId();
  const content = storedInput(input);
  const seen: SeenRow[] = seenRows(rows);
  const subjectType = recorded.subjectType ?? operation.subject;
  const request = {
    id,
    operation: operation.name,
    status: 'PENDING' as const,
    revision: 1,
    subjectType,
    subjectId: rows.some((row) => row.id === recorded.subjectId) ? recorded.subjectId : null,
    accountId: facts.accountId,
    makerId: actor.id,
    inputSealed: sealText(keys, JSON.stringify(content), placeOfInput(id, 1)),
    inputShown: maskInput(content),
    changes: recorded.changes,
    seen,
    reason: reasonIn(input),
    policyId: policy.id,
    policyVersion: policy.version,
    approverRoles: policy.approverRoles,
    expiresAt: new Date(tx.now.getTime() + policy.expiresAfterHours * 3_600_000),
    approvedById: null,
    closedAt: null,
    failureCode: null,
    result: null,
  };
  await tx.insert(ChangeRequest, { ...request, digest: digestOf(keys, request, content) } as ChangeRequest);
  await record(tx, {
    action: 'changeRequest.proposed',
    outcome: 'DONE',
    subjectType,
    subjectId: request.subjectId,
    changes: recorded.changes,
    lookedAt: recorded.lookedAt,
    reason: request.reason,
    changeRequestId: id,
  });
  return {
    outcome: 'AWAITING_APPROVAL',
    changeRequestId: id,
    result: request.subjectId === null ? {} : { [payloadKey(operation.subject)]: request.subjectId },
  };
}

/** What is stored and digested of an input: all but the client's key for the one call. */
function storedInput(input: OperationInput): Record<string, unknown> {
  const { idempotencyKey: _, ...content } = input;
  return content;
}

const CLAIM = `INSERT INTO idempotency_key (actor_id, key, input_digest) VALUES ($1, $2, $3)
  ON CONFLICT DO NOTHING RETURNING key`;
const KNOWN = 'SELECT input_digest, answer FROM idempotency_key WHERE actor_id = $1 AND key = $2';
const KEEP = 'UPDATE idempotency_key SET answer = $3 WHERE actor_id = $1 AND key = $2 RETURNING key';

/**
 * Does the work once per actor and key. Whoever comes second waits until the first has ended, then gets its answer;
 * with another input the key is refused. A refused try gives its key back by its rollback.
 */
async function once(
  tx: Transaction,
  operation: AnyOperation,
  actor: Actor,
  input: OperationInput,
  work: () => Promise<Submitted>,
): Promise<Submitted> {
  if (input.idempotencyKey == null) return work();
  const key = keptKey(tx.context.app.keys, input.idempotencyKey);
  const digest = keyedDigest(tx.context.app.keys.digest, { operation: operation.name, input: storedInput(input) });
  const claimed = await tx.write(CLAIM, [actor.id, key, digest]);
  if (claimed.length === 0) {
    const [known] = await tx.query<{ input_digest: string; answer: Submitted | null }>(KNOWN, [actor.id, key]);
    if (known?.input_digest !== digest)
      return refuse('IDEMPOTENCY_KEY_REUSED', 'This key was used for something else.');
    return known.answer ?? work();
  }
  const answer = await work();
  if (!operation.ephemeral) await tx.write(KEEP, [actor.id, key, JSON.stringify(answer)]);
  return answer;
}

/** A client's key as it is kept. One that holds a card number or an address is kept as a digest: masked, two could be one. */
const keptKey = (keys: Keys, key: string): string =>
  maskText(key) === key ? key : keyedDigest(keys.digest, { idempotencyKey: key });
