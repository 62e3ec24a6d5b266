import type { Actor } from '../platform/context';
import { refuse } from '../platform/errors';
import type { AnyOperation, Facts, OperationInput, Recorded } from '../platform/operation';
import { payloadKey } from '../platform/operation';
import { type Row, rowsIn } from '../platform/row';
import type { Transaction } from '../platform/transaction';
import { record } from '../audit/record';
import { conflictsOver } from './duties';
import { assertApart } from './duty.rules';
import { mayOf } from './permissions';
import { assertRecent, assertSteppedUp } from './stepped-up';

/** An operation that was looked at and found possible, but has not been carried out. */
export interface Prepared {
  operation: AnyOperation;
  input: OperationInput;
  state: unknown;
  rows: Row[];
  decision: unknown;
  recorded: Recorded;
  facts: Facts;
}

/**
 * The first three steps: lock, authorize, decide. `actor` is whose operation it is: the one who is signed in, or the
 * maker of the change request that is being approved. `locked` may look at the rows before anything is said of them.
 */
export async function prepare(
  tx: Transaction,
  operation: AnyOperation,
  input: OperationInput,
  actor: Actor,
  locked: (rows: Row[]) => void = () => undefined,
): Promise<Prepared> {
  const state: unknown = await operation.lock(tx, input);
  const rows = rowsIn(state);
  operation.authorize(mayOf(actor), state, input);
  locked(rows);
  assertApart(await conflictsOver(tx, actor.id, operation.name, 'does'));
  checkVersion(operation, rows, input);
  const decision: unknown = operation.decide(state, input, { now: tx.now, newId: tx.newId, actorId: actor.id });
  // Of somebody who does it or proposes it, not of a maker whose request another approves: approving asks for a code by itself.
  if (actor.id === tx.context.actor?.id) {
    if (operation.stepUp?.(state, input)) await assertSteppedUp(tx);
    if (operation.recent?.(state, input)) await assertRecent(tx);
  }
  const recorded = operation.record(decision, state, input);
  return { operation, input, state, rows, decision, recorded, facts: operation.facts(decision, state, input) };
}

/** The last two steps: save, record. Returns the payload's objects by field name. */
export async function finish(
  tx: Transaction,
  { operation, input, state, decision }: Prepared,
  approved: { changeRequestId?: string; onBehalfOfId?: string } = {},
): Promise<Record<string, unknown>> {
  const saved = (await operation.save(tx, decision, state)) ?? {};
  const recorded = operation.record(decision, state, input, saved);
  await record(tx, { subjectType: operation.subject, ...recorded, outcome: 'DONE', ...approved });
  return { ...(recorded.subjectId !== null && { [payloadKey(operation.subject)]: recorded.subjectId }), ...saved };
}

function checkVersion(operation: AnyOperation, rows: readonly Row[], { expectedVersion }: OperationInput): void {
  const subject = rows.find((row) => row.constructor.name === (operation.versionOf ?? operation.subject));
  if (expectedVersion == null || !subject || subject.version === expectedVersion) return;
  refuse('VERSION_CONFLICT', 'It has changed since you saw it.', { expectedVersion, version: subject.version });
}
