import { finish, prepare } from '../access/carry-out';
import { canonicalBytes } from '../platform/canonical';
import type { Actor } from '../platform/context';
import { DomainError } from '../platform/errors';
import type { OperationInput } from '../platform/operation';
import { asRefusal, type Transaction } from '../platform/transaction';
import type { ChangeRequest } from './change-request.entity';
import { ChangeFailed } from './close-if-over';
import { inputIn, preparedFresh } from './freshness';

/** Carries out what was approved, on behalf of its maker and with the maker's rights of now. */
export async function carryOut(
  tx: Transaction,
  request: ChangeRequest,
  maker: Actor,
): Promise<Record<string, unknown>> {
  const { catalogue } = tx.context.app;
  const input = inputIn(tx, request);
  try {
    const prepared = await preparedFresh(tx, request, catalogue.find(request.operation), input, maker);
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
const PASSING = new Set([
  'CHANGE_REQUEST_STALE',
  'MAKER_IS_CHECKER',
  'LIMIT_OF_OWN',
  'REVEAL_ALLOWANCE_OF_OWN',
  'FINDING_REVIEW_BY_SAME_PERSON',
  'BUSY',
  'TIMEOUT',
  'DATABASE_UNAVAILABLE',
]);

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
