import { finish, prepare, type Prepared } from '../access/carry-out';
import { canonicalBytes, sameDigest } from '../platform/canonical';
import type { Actor } from '../platform/context';
import { DomainError, refuse } from '../platform/errors';
import { allKeys } from '../platform/keys';
import type { AnyOperation, OperationInput } from '../platform/operation';
import type { Row } from '../platform/row';
import { unsealText } from '../platform/sealed-text';
import { asRefusal, type Transaction } from '../platform/transaction';
import type { ChangeRequest } from './change-request.entity';
import { movedRows } from './change-request.rules';
import { ChangeFailed } from './close-if-over';
import { digestOf, placeOfInput, seenRows } from './content';

/** Carries out what was approved, on behalf of its maker and with the maker's rights of now. */
export async function carryOut(
  tx: Transaction,
  request: ChangeRequest,
  maker: Actor,
): Promise<Record<string, unknown>> {
  const { catalogue, keys } = tx.context.app;
  const text = unsealText(keys, request.inputSealed, placeOfInput(request.id, request.revision));
  const input = JSON.parse(text) as OperationInput;
  if (!allKeys(keys).some((each) => sameDigest(digestOf(each, request, input), request.digest)))
    return refuse('CHANGE_REQUEST_ALTERED', 'This change request was altered.');
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

/** The first three steps anew. Where fields alone have to be fresh, what it would do now must be what was approved. */
async function preparedFresh(
  tx: Transaction,
  request: ChangeRequest,
  carriedOut: AnyOperation,
  input: OperationInput,
  maker: Actor,
): Promise<Prepared> {
  if (request.freshness === 'ROW') return prepare(tx, carriedOut, input, maker, (rows) => assertFresh(request, rows));
  const prepared = await prepare(tx, carriedOut, { ...input, expectedVersion: null }, maker);
  if (!isSame(request, prepared)) assertFresh(request, prepared.rows);
  return prepared;
}

/** Values that stand masked may have changed unseen. */
function isSame(request: ChangeRequest, { recorded, facts }: Prepared): boolean {
  const { amount } = facts;
  return (
    canonicalBytes(recorded.changes).equals(canonicalBytes(request.changes)) &&
    (amount ? String(amount.minor) : null) === request.amountMinor &&
    !JSON.stringify(request.changes).includes('•')
  );
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
