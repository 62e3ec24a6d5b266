import { prepare, type Prepared } from '../access/carry-out';
import { canonicalBytes, sameDigest } from '../platform/canonical';
import type { Actor } from '../platform/context';
import { DomainError, refuse } from '../platform/errors';
import { allKeys } from '../platform/keys';
import type { AnyOperation, OperationInput } from '../platform/operation';
import { type Row, rowsIn } from '../platform/row';
import type { Transaction } from '../platform/transaction';
import type { ChangeRequest } from './change-request.entity';
import { movedRows } from './change-request.rules';
import { amountIn, digestOf, sealedInput, seenRows } from './content';

/** The input that a request asks for. Refuses with CHANGE_REQUEST_ALTERED what does not fit its digest. */
export function inputIn(tx: Transaction, request: ChangeRequest): OperationInput {
  const { keys } = tx.context.app;
  const input = sealedInput(keys, request);
  if (!allKeys(keys).some((each) => sameDigest(digestOf(each, request, input), request.digest)))
    return refuse('CHANGE_REQUEST_ALTERED', 'This change request was altered.');
  return input;
}

/** The first three steps anew. Where fields alone have to be fresh, what it would do now must be what was approved. */
export async function preparedFresh(
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
  return (
    canonicalBytes(recorded.changes).equals(canonicalBytes(request.changes)) &&
    amountIn(facts).amountMinor === request.amountMinor &&
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

/**
 * Refuses with CHANGE_REQUEST_STALE what could be approved no more, as it is now, whatever else it would be refused with. Where fields alone have to be fresh and
 * what it would do cannot be told, its rows have to be.
 */
export async function assertStillFresh(tx: Transaction, request: ChangeRequest, maker: Actor): Promise<void> {
  const carriedOut = tx.context.app.catalogue.find(request.operation);
  const input = inputIn(tx, request);
  if (request.freshness === 'FIELDS') {
    const prepared = await prepare(tx, carriedOut, { ...input, expectedVersion: null }, maker).catch(nothing);
    if (prepared && isSame(request, prepared)) return;
  }
  assertFresh(request, rowsIn(await carriedOut.lock(tx, input)));
}

/** A refusal tells nothing here; a fault is one. */
const nothing = (error: unknown): null => {
  if (error instanceof DomainError) return null;
  throw error;
};
