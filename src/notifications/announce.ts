import type { Told } from '../platform/context';
import { QUEUE_SCHEMA } from '../platform/job';
import type { Transaction } from '../platform/transaction';
import { bodyOf, bodyOfReview, type NoticedRequest, noticeOf, REVIEWED } from './notice.rules';

const REQUEST = `SELECT id, operation, status, revision, subject_type AS "subjectType", subject_id AS "subjectId", account_id AS "accountId",
  maker_id AS "makerId", approver_roles AS "approverRoles", expires_at AS "expiresAt" FROM change_request WHERE id = $1`;

/** The message, a delivery to each webhook that wants it now, and a job to look at each. */
const WRITE = `WITH message AS (
    INSERT INTO outbox_message (id, kind, subject_type, subject_id, account_id, body, created_at)
    VALUES ($1, $2, $7, $3, $4, $5, $6) RETURNING *),
  delivery AS (
    INSERT INTO webhook_delivery (id, webhook_id, message_id, position, kind, subject_type, subject_id, state, attempts, next_attempt_at, created_at)
    SELECT gen_random_uuid(), w.id, m.id, m.position, m.kind, m.subject_type, m.subject_id, 'PENDING', 0, m.created_at, m.created_at
    FROM message m JOIN webhook w ON w.active AND w.secret_sealed IS NOT NULL AND m.kind = ANY (w.events)
    RETURNING webhook_id, subject_id)
  SELECT ${QUEUE_SCHEMA}.add_job('webhooks.deliver', json_build_object('webhookId', webhook_id, 'subjectId', subject_id)) FROM delivery`;

/** Writes what outsiders may be told of an event, in its transaction: with it, or not at all. */
export async function announce(tx: Transaction, told: Told): Promise<void> {
  const kind = noticeOf(told);
  if (kind === null) return;
  const about =
    kind === REVIEWED
      ? { id: told.subjectId, type: 'AuditReview' }
      : { id: told.changeRequestId, type: 'ChangeRequest' };
  const message = kind === REVIEWED ? { accountId: null, body: bodyOfReview(told) } : await messageOf(tx, told);
  // A refusal may name a change request that there is not.
  if (!message) return;
  const values = [tx.newId(), kind, about.id, message.accountId, message.body, tx.now, about.type];
  await tx.kept('announce', WRITE, values);
}

async function messageOf(tx: Transaction, { changeRequestId, actorId }: Told) {
  const [request] = await tx.query<NoticedRequest>(REQUEST, [changeRequestId]);
  return request && { accountId: request.accountId, body: bodyOf(request, actorId) };
}
