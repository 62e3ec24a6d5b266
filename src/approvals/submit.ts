import { attemptAt, reasonIn } from '../access/attempt';
import { finish, prepare, type Prepared } from '../access/carry-out';
import { actorStill } from '../access/identify';
import { maskInput, maskOwnWords } from '../access/sensitive-value';
import { record, recordRefusal } from '../audit/record';
import { keyedDigest } from '../platform/canonical';
import type { Actor, Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { allKeys, type KeyRing } from '../platform/keys';
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

const CLAIM = `INSERT INTO idempotency_key (actor_id, key, input_digest) SELECT $1, key, $3 FROM unnest($2::text[]) AS key
  ON CONFLICT DO NOTHING RETURNING key`;
const KNOWN = 'SELECT input_digest, answer FROM idempotency_key WHERE actor_id = $1 AND key = ANY($2)';
const KEEP = 'UPDATE idempotency_key SET answer = $3 WHERE actor_id = $1 AND key = ANY($2) RETURNING key';

interface Known {
  input_digest: string;
  answer: Submitted | null;
}

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
  const ring = tx.context.app.keys;
  const keys = keptKeys(ring, input.idempotencyKey);
  const asked = { operation: operation.name, input: storedInput(input) };
  const find = () => tx.query<Known>(KNOWN, [actor.id, keys]);
  const before = keys.length > 1 ? await find() : [];
  const claimed = before.length > 0 ? [] : await tx.write(CLAIM, [actor.id, keys, keyedDigest(ring.digest, asked)]);
  if (claimed.length === 0) {
    const [known] = before.length > 0 ? before : await find();
    if (!allKeys(ring).some(({ digest }) => keyedDigest(digest, asked) === known?.input_digest))
      return refuse('IDEMPOTENCY_KEY_REUSED', 'This key was used for something else.');
    return known!.answer ?? work();
  }
  // A process with other retired keys was faster with some of them: the next try finds what became of it.
  if (claimed.length < keys.length) return refuse('BUSY', 'The same is being done at this moment; try again.');
  const answer = await work();
  if (!operation.ephemeral) await tx.write(KEEP, [actor.id, keys, JSON.stringify(answer)]);
  return answer;
}

/**
 * A client's key as it is kept. One that holds a card number or an address is kept as a digest: masked, two could be one. Then it is kept under
 * every key of the ring, in an order that does not depend on which is the present one, so that processes with earlier and later keys meet.
 */
const keptKeys = (ring: KeyRing, key: string): string[] =>
  maskText(key) === key
    ? [key]
    : allKeys(ring)
        .map(({ digest }) => keyedDigest(digest, { idempotencyKey: key }))
        .toSorted();
