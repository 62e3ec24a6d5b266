import { MaxLength, IsOptional, Length, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { finish, prepare } from '../access/carry-out';
import { unsealText } from '../platform/sealed-text';
import { canonicalBytes, sameDigest } from '../platform/canonical';
import type { Actor } from '../platform/context';
import { DomainError, refuse } from '../platform/errors';
import { allKeys } from '../platform/keys';
import { operation, type OperationInput } from '../platform/operation';
import { Input } from '../platform/operation.type';
import type { Row } from '../platform/row';
import { asRefusal, type Transaction } from '../platform/transaction';
import { ChangeRequest } from './change-request.entity';
import { assertMayDecide, assertPending, assertSeen, movedRows } from './change-request.rules';
import { ChangeFailed, closeIfOver } from './close-if-over';
import { digestOf, placeOfInput, seenRows } from './content';
import { actorNow, deciderOf, keepDecision } from './decider';

@InputType({ description: 'A yes to exactly the revision and digest that were seen.' })
export class ApproveChangeRequestInput extends Input {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @Min(1)
  @Field(() => Int, { description: 'The revision that you saw.' })
  revision!: number;

  @Length(64, 64)
  @Field({ description: 'The digest that you saw.' })
  digest!: string;

  @IsOptional()
  @MaxLength(2000)
  @Field(() => String, { nullable: true, description: 'For the maker and the trail.' })
  comment?: string | null;
}

/**
 * Says yes and carries the change out, in one transaction: either both or neither. Maker and approver are looked up
 * again in it, with the roles that they have now; the rows must be those that the maker saw.
 */
export const approveChangeRequest = operation({
  name: 'changeRequest.approve',
  subject: 'ChangeRequest',
  summary: 'Approve a change request',
  lock: async (tx, input: ApproveChangeRequestInput) => {
    const changeRequest = await tx.lock(ChangeRequest, input.id);
    return { changeRequest, maker: await actorNow(tx, changeRequest.makerId), approver: await deciderOf(tx) };
  },
  authorize: (may, { changeRequest }) => may('approve', changeRequest),
  decide: ({ changeRequest, maker, approver }, { revision, digest, comment }, { now, newId }) => {
    assertPending(changeRequest, now);
    assertMayDecide(changeRequest, approver);
    assertSeen(changeRequest, { revision, digest });
    const decision = { id: newId(), verdict: 'APPROVED' as const, decidedById: approver.id, comment: comment ?? null };
    return {
      decision,
      maker: maker ?? refuse('MAKER_NOT_ACTIVE', 'Whoever proposed this cannot sign in any more.'),
      closedAt: now,
    };
  },
  save: async (tx, { decision, maker, closedAt }, { changeRequest }) => {
    await keepDecision(tx, changeRequest, decision);
    const result = await carryOut(tx, changeRequest, maker);
    await tx.update(changeRequest, { status: 'EXECUTED', approvedById: decision.decidedById, closedAt, result });
    return result;
  },
  record: ({ decision }, { changeRequest }) => ({
    action: 'changeRequest.approved',
    subjectId: changeRequest.id,
    changes: [{ path: 'status', before: changeRequest.status, after: 'EXECUTED' }],
    reason: decision.comment,
    changeRequestId: changeRequest.id,
  }),
  facts: (_decision, { changeRequest }) => ({ accountId: changeRequest.accountId }),
  refused: (tx, { id }, error) => closeIfOver(tx, id, error),
});

/** Carries out what was approved, on behalf of its maker and with the maker's rights of now. */
async function carryOut(tx: Transaction, request: ChangeRequest, maker: Actor): Promise<Record<string, unknown>> {
  const { catalogue, keys } = tx.context.app;
  const text = unsealText(keys, request.inputSealed, placeOfInput(request.id, request.revision));
  const input = JSON.parse(text) as OperationInput;
  if (!allKeys(keys).some((each) => sameDigest(digestOf(each, request, input), request.digest)))
    return refuse('CHANGE_REQUEST_ALTERED', 'This change request was altered.');
  try {
    const prepared = await prepare(tx, catalogue.find(request.operation), input, maker, (rows) =>
      assertFresh(request, rows),
    );
    const result = await finish(tx, prepared, { changeRequestId: request.id, onBehalfOfId: maker.id });
    // What is for the eyes of one alone is neither kept nor shown to the approver.
    return prepared.operation.ephemeral ? {} : result;
  } catch (error) {
    const met = asRefusal(error);
    if (met instanceof DomainError && met.code === 'CHANGE_REQUEST_STALE')
      throw new DomainError(met.code, met.message, {
        ...met.details,
        conflicts: await conflictsOf(tx, request, input, maker),
      });
    throw met instanceof DomainError && !PASSING.has(met.code) ? new ChangeFailed(met) : error;
  }
}

/** Refusals that say nothing of the change itself: it may well be carried out at the next try. */
const PASSING = new Set(['CHANGE_REQUEST_STALE', 'MAKER_IS_CHECKER', 'BUSY', 'TIMEOUT', 'DATABASE_UNAVAILABLE']);

/**
 * Of each field that the change would set and that is not any more what it was: what it was when that was proposed, what it is, and what it was to
 * become, masked. None where the change could not even be proposed now.
 */
async function conflictsOf(tx: Transaction, request: ChangeRequest, input: OperationInput, maker: Actor) {
  const changes = await prepare(tx, tx.context.app.catalogue.find(request.operation), input, maker).then(
    ({ recorded }) => recorded.changes,
    () => [],
  );
  const now = new Map(changes.map(({ path, before }) => [path, before]));
  return request.changes
    .filter(({ path, before }) => now.has(path) && !canonicalBytes(now.get(path)).equals(canonicalBytes(before)))
    .map(({ path, before, after }) => ({ path, base: before, theirs: now.get(path), mine: after }));
}

/** Refuses with CHANGE_REQUEST_STALE, showing what moved: a yes to yesterday's rows is no yes to today's. */
function assertFresh(request: ChangeRequest, rows: readonly Row[]): void {
  const moved = movedRows(request.seen, seenRows(rows));
  if (moved.length === 0) return;
  refuse('CHANGE_REQUEST_STALE', 'What this is about has changed since it was proposed.', {
    moved,
    proposed: request.changes,
  });
}
