import { In } from 'typeorm';
import { hidePersonal } from '../audit/sealed-changes';
import type { Subject } from '../audit/subject-keys';
import { ChangeRequest } from '../approvals/change-request.entity';
import { ChangeRequestRevision } from '../approvals/change-request-revision.entity';
import { payloadKey } from '../platform/operation';
import { isPersonal, personalProperties } from '../platform/personal';
import type { Row } from '../platform/row';
import type { Transaction } from '../platform/transaction';
import { closedIfExpired } from './erasure.rules';

/** An erasure is itself asked for by a request about the subject, which waits while it is carried out. */
const ABOUT = `subject_type = $1 AND subject_id = $2 AND operation <> 'personalData.erase'`;

const PENDING = `SELECT count(*)::int AS count FROM change_request
  WHERE ${ABOUT} AND status IN ('PENDING', 'RETURNED') AND expires_at > $3`;

/** What made it knew no id of it, and has it in its result. */
const OVER = `SELECT id FROM change_request WHERE input_sealed <> ''
  AND (${ABOUT} OR subject_type = $1 AND subject_id IS NULL AND result ->> $4 = $2::text)
  AND (status NOT IN ('PENDING', 'RETURNED') OR expires_at <= $3)`;

/** What these requests asked for before they were revised, as far as it holds something. Locked. */
export async function heldRevisions(
  tx: Transaction,
  requests: readonly ChangeRequest[],
): Promise<ChangeRequestRevision[]> {
  const ids = requests.map(({ id }) => id);
  return ids.length === 0 ? [] : tx.lockWhere(ChangeRequestRevision, { changeRequestId: In(ids) });
}

/** How many requests about a row wait for somebody. */
export async function pendingOver(tx: Transaction, type: string, id: string): Promise<number> {
  const [pending] = await tx.query<{ count: number }>(PENDING, [type, id, tx.now]);
  return pending!.count;
}

/** Requests that are over and hold something personal of a row: those about it, and that which made it. Locked. */
export async function heldRequests(tx: Transaction, row: Row): Promise<ChangeRequest[]> {
  const type = row.constructor.name;
  const over = await tx.query<{ id: string }>(OVER, [type, row.id, tx.now, payloadKey(type)]);
  const requests = await tx.lockWhere(ChangeRequest, { id: In(over.map(({ id }) => id)) });
  return requests.filter(({ changes }) => changes.some(({ path }) => isPersonal(type, path)));
}

/** What a request becomes that forgets its input, and what is personal of its changes. */
export const forgottenRequest = (request: ChangeRequest) => ({
  changes: hidePersonal(request.subjectType, request.changes),
  inputShown: {},
  inputSealed: Buffer.alloc(0),
  ...closedIfExpired(request),
});

/** The same of what one of these asked for before it was revised. */
export const forgottenRevision = (
  { changes, changeRequestId }: ChangeRequestRevision,
  requests: readonly ChangeRequest[],
) => ({
  changes: hidePersonal(requests.find(({ id }) => id === changeRequestId)!.subjectType, changes),
  inputShown: {},
});

/** Whose keys are to be destroyed with a row: its own, and those of requests that were there before it. */
export const subjectsOf = (type: string, { id }: Row, requests: readonly ChangeRequest[]): [Subject, ...Subject[]] => [
  { type, id },
  ...requests.filter((each) => each.id !== id).map((each) => ({ type: 'ChangeRequest', id: each.id })),
];

/** What the trail tells of somebody's erasure: which fields, and how many requests and keys. */
export const erasureChanges = (type: string, changeRequests: number, keys: number) => [
  { path: 'erasedFields', before: null, after: personalProperties(type) },
  { path: 'changeRequests', before: null, after: changeRequests },
  { path: 'keys', before: null, after: keys },
];

/** Has requests and their revisions forget. */
export async function forgetRequests(
  tx: Transaction,
  requests: readonly ChangeRequest[],
  revisions: readonly ChangeRequestRevision[],
): Promise<void> {
  for (const request of requests) await tx.update(request, forgottenRequest(request));
  for (const revision of revisions) await tx.update(revision, forgottenRevision(revision, requests));
}
