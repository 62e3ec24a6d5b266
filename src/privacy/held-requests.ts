import { In } from 'typeorm';
import { ChangeRequest } from '../approvals/change-request.entity';
import { ChangeRequestRevision } from '../approvals/change-request-revision.entity';
import { payloadKey } from '../platform/operation';
import { isPersonal } from '../platform/personal';
import type { Row } from '../platform/row';
import type { Transaction } from '../platform/transaction';

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
