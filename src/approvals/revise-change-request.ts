import { Field, ID, InputType } from 'type-graphql';
import { IsObject } from 'class-validator';
import { reasonIn } from '../access/attempt';
import { prepare, type Prepared } from '../access/carry-out';
import { acceptInput } from '../access/sensitive-value';
import { canonicalBytes } from '../platform/canonical';
import { refuse } from '../platform/errors';
import { operation, type OperationInput } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { JsonScalar } from '../platform/scalars';
import type { Transaction } from '../platform/transaction';
import { ApprovalPolicy } from './approval-policy.entity';
import { type Demand, demandOf } from './approval-policy.rules';
import { ChangeRequest } from './change-request.entity';
import { ChangeRequestRevision } from './change-request-revision.entity';
import { assertOpenTo, isOpenTo, movedRows } from './change-request.rules';
import { closeIfOver } from './close-if-over';
import { sealedInput, seenRows } from './content';
import { deciderOf } from './decider';
import { contentOf, demandFor, storedInput, subjectOf, termsOf } from './proposal';
import { warningsOf } from './standing';

@InputType({ description: 'What you ask for now, in place of what you asked for before.' })
export class ReviseChangeRequestInput extends Input {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @IsObject()
  @Field(() => JsonScalar, {
    description:
      'The whole input of the operation, as its mutation takes it. A value that comes back masked, as it was shown, stays what it was.',
  })
  input!: Record<string, unknown>;
}

/**
 * The maker asks for something else in its place: after it was returned, while it still waits, or because what it is about has moved on (then
 * it is rebased). It is looked at like a new proposal, under the policies of now, and waits for all its decisions anew. What it asked for before is kept.
 */
export const reviseChangeRequest = operation({
  name: 'changeRequest.revise',
  subject: 'ChangeRequest',
  summary: 'Revise a change request',
  takesMasked: true,
  lock: async (tx, { id, input }: ReviseChangeRequestInput) => {
    const changeRequest = await tx.lock(ChangeRequest, id);
    // Others learn nothing of what they would be told about it.
    const revised = isOpenTo(tx.actorId, changeRequest, tx.now, true)
      ? await preparedAnew(tx, changeRequest, input)
      : null;
    return { changeRequest, revised };
  },
  authorize: (may, { changeRequest }) => may('revise', changeRequest),
  decide: ({ changeRequest, revised }, _input, { now, actorId }) => {
    assertOpenTo(actorId, changeRequest, now, true);
    const { prepared, demand, same } = revised!;
    const subject = subjectOf(prepared);
    if (subject.type !== changeRequest.subjectType || subject.id !== changeRequest.subjectId)
      refuse('SUBJECT_MOVED', 'A revision is about the same as what it revises.', {
        subjectType: changeRequest.subjectType,
        subjectId: changeRequest.subjectId,
      });
    if (same && movedRows(changeRequest.seen, seenRows(prepared.rows)).length === 0)
      refuse('NOTHING_TO_CHANGE', 'Nothing was asked to be changed.');
    return { prepared, terms: termsOf(demand, now), subject };
  },
  save: async (tx, { prepared, terms }, { changeRequest }) => {
    const { id, revision, digest, inputShown, changes, seen, reason, makerId } = changeRequest;
    const before = { id: tx.newId(), changeRequestId: id, revision, digest, inputShown, changes, seen, reason };
    await tx.insert(ChangeRequestRevision, before as ChangeRequestRevision);
    const {
      operation: _,
      subjectType: __,
      subjectId: ___,
      ...content
    } = contentOf(tx, prepared, { id, makerId, revision: revision + 1 }, terms);
    await tx.update(changeRequest, {
      ...content,
      warnings: await warningsOf(tx, { id, makerId, ...content, operation: changeRequest.operation }),
      status: 'PENDING',
      closedAt: null,
      failureCode: null,
    });
    return { changeRequest: id };
  },
  record: ({ prepared: { recorded, input }, subject }, { changeRequest }) => ({
    action: 'changeRequest.revised',
    subjectType: subject.type,
    subjectId: subject.id,
    changes: recorded.changes,
    lookedAt: recorded.lookedAt,
    reason: reasonIn(input),
    changeRequestId: changeRequest.id,
  }),
  facts: (_decision, { changeRequest }) => ({ accountId: changeRequest.accountId }),
  refused: (tx, { id }, error) => closeIfOver(tx, id, error),
});

/** The operation's first three steps with the new input, as if it were proposed now. */
async function preparedAnew(
  tx: Transaction,
  request: ChangeRequest,
  given: Record<string, unknown>,
): Promise<{ prepared: Prepared; demand: Demand; same: boolean }> {
  const { catalogue, keys, inputOf, decimals } = tx.context.app;
  const before = sealedInput(keys, request);
  const revised = catalogue.find(request.operation);
  const asked = acceptInput(
    await inputOf(tx.context, request.operation, unmasked(given, request.inputShown, before) as object),
    decimals,
  ) as OperationInput;
  const input = ((await revised.ahead?.(asked, before)) ?? asked) as OperationInput;
  const prepared = await prepare(tx, revised, input, await deciderOf(tx));
  // A change that no policy would ask a second person for any more still gets the one that it was to have.
  const demand = (await demandFor(tx, prepared)) ?? demandOf(await tx.find(ApprovalPolicy, { id: request.policyId }))!;
  const same = canonicalBytes(storedInput(input)).equals(canonicalBytes(before));
  return { prepared, demand, same };
}

/** What was given, with the values of before where it is what was shown in their place. */
function unmasked(given: unknown, shown: unknown, before: unknown): unknown {
  if (typeof given === 'string') return given === shown && typeof before === 'string' ? before : given;
  if (given === null || typeof given !== 'object') return given;
  if (Array.isArray(given)) return given.map((each, index) => unmasked(each, at(shown, index), at(before, index)));
  return Object.fromEntries(
    Object.entries(given).map(([key, each]) => [key, unmasked(each, at(shown, key), at(before, key))]),
  );
}

const at = (value: unknown, key: string | number): unknown =>
  (value as Record<string | number, unknown> | null | undefined)?.[key];
