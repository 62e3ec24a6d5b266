import { attemptAt } from '../access/attempt';
import { finish, prepare, type Prepared } from '../access/carry-out';
import { actorStill } from '../access/identify';
import { acceptInput } from '../access/sensitive-value';
import { record, recordRefusal } from '../audit/record';
import { keyedDigest } from '../platform/canonical';
import type { Actor, Context, Submitting } from '../platform/context';
import { refuse } from '../platform/errors';
import { allKeys, type KeyRing } from '../platform/keys';
import { maskText } from '../platform/masks';
import type { AnyOperation, OperationInput, Submitted } from '../platform/operation';
import { payloadKey } from '../platform/operation';
import { inTransaction, type Transaction } from '../platform/transaction';
import type { Demand } from './approval-policy.rules';
import { ChangeRequest } from './change-request.entity';
import { contentOf, demandFor, storedInput, termsOf } from './proposal';
import { warningsOf } from './standing';

/**
 * The only way to write. Looks the operation up, prepares it, asks the policies, and either carries it out or stores it
 * as a change request, in one transaction, once per idempotency key. A refusal leaves its event after the rollback.
 */
export async function submit(
  context: Context,
  name: string,
  given: OperationInput,
  { asked = false }: Submitting = {},
): Promise<Submitted> {
  const operation = context.app.catalogue.find(name);
  let input = given;
  try {
    input = acceptInput(given, context.app.decimals, operation);
    const accepted = input;
    const ready = ((await operation.ahead?.(accepted)) ?? accepted) as OperationInput;
    return await inTransaction(context, async (tx) => {
      const actor = (await actorStill(tx, context, tx.now)) ?? signedOut();
      tx.actAs(actor);
      return once(tx, operation, actor, input, async () => {
        const prepared = await prepare(tx, operation, ready, actor);
        const demand = await demandFor(tx, prepared, asked);
        return demand ? propose(tx, prepared, actor, demand) : done(await finish(tx, prepared));
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

async function propose(tx: Transaction, prepared: Prepared, actor: Actor, demand: Demand): Promise<Submitted> {
  const { operation, recorded } = prepared;
  const waiting = { id: tx.newId(), makerId: actor.id, revision: 1 };
  const content = contentOf(tx, prepared, waiting, termsOf(demand, tx.now));
  const open = { status: 'PENDING' as const, approvedById: null, closedAt: null, failureCode: null, result: null };
  await tx.insert(ChangeRequest, {
    ...waiting,
    ...content,
    ...open,
    warnings: await warningsOf(tx, { ...waiting, ...content }),
  } as ChangeRequest);
  await record(tx, {
    action: 'changeRequest.proposed',
    outcome: 'DONE',
    subjectType: content.subjectType,
    subjectId: content.subjectId,
    changes: recorded.changes,
    lookedAt: recorded.lookedAt,
    reason: content.reason,
    changeRequestId: waiting.id,
  });
  return {
    outcome: 'AWAITING_APPROVAL',
    changeRequestId: waiting.id,
    result: content.subjectId === null ? {} : { [payloadKey(operation.subject)]: content.subjectId },
  };
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
