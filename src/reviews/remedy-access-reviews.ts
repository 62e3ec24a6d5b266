import { randomUUID } from 'node:crypto';
import { actorById } from '../access/identify';
import { record } from '../audit/record';
import { type App, ownContext } from '../platform/context';
import { DomainError } from '../platform/errors';
import type { Job } from '../platform/job';
import { ask, pooled } from '../platform/pooled';
import { inTransaction } from '../platform/transaction';
import { AccessReview, AccessReviewItem } from './access-review.entity';
import { closeDue } from './close-access-review';

const DUE = 'SELECT id FROM access_review WHERE closed_at IS NULL AND due_at <= $1 ORDER BY due_at, id';

const TO_REMEDY = `SELECT i.id, r.started_by_id AS "makerId" FROM access_review_item i JOIN access_review r ON r.id = i.access_review_id
  WHERE i.remedied_at IS NULL AND i.verdict IN ('REDUCE', 'REVOKE') ORDER BY i.id LIMIT 500`;

/** Closes what is due, and proposes what follows from what was said. Each thing for itself: what fails is found again. */
export const remedyAccessReviews: Job = {
  name: 'accessReviews.remedy',
  everyMinute: true,
  run: async (app, _payload, stop) => {
    const failed = (error: unknown) => app.log.error({ err: error }, 'an access review was not gone on with');
    for (const { id } of await ask<{ id: string }>(app, { text: DUE, values: [app.clock()] })) {
      if (stop.aborted) return;
      await inTransaction(ownContext(app, 'jobs'), async (tx) => {
        const review = await tx.lock(AccessReview, id);
        if (review.closedAt === null && review.dueAt <= tx.now) await closeDue(tx, review);
      }).catch(failed);
    }
    for (const { id, makerId } of await ask<{ id: string; makerId: string }>(app, { text: TO_REMEDY, values: [] })) {
      if (stop.aborted) return;
      await remedy(app, id, makerId).catch(failed);
    }
  },
};

/**
 * Proposes, as whoever started the campaign, what its reviewer said: so that a third person looks at it, with everything that holds for a proposal of
 * theirs. Each is proposed once (by its key), whatever is killed in between.
 */
async function remedy(app: App, itemId: string, makerId: string): Promise<void> {
  const item = await app.database.orm.manager.findOneByOrFail(AccessReviewItem, { id: itemId });
  const proposed = await proposedFor(app, item, makerId);
  if (!proposed) return;
  const { changeRequestIds, code } = proposed;
  await inTransaction(ownContext(app, 'jobs'), async (tx) => {
    const fresh = await tx.lock(AccessReviewItem, item.id);
    if (fresh.remediedAt !== null) return;
    await tx.update(fresh, { remediedAt: tx.now, changeRequestIds, remedyCode: code });
    await record(tx, {
      action: 'accessReviewItem.remedied',
      outcome: 'DONE',
      subjectType: 'AccessReviewItem',
      subjectId: fresh.id,
      changes: [
        { path: 'changeRequests', before: null, after: changeRequestIds },
        ...(code === null ? [] : [{ path: 'remedyCode', before: null, after: code }]),
      ],
    });
  });
}

/** Refusals that say nothing of the grant: the next look tries again. */
const PASSING = new Set(['BUSY', 'TIMEOUT', 'DATABASE_UNAVAILABLE']);

async function proposedFor(
  app: App,
  item: AccessReviewItem,
  makerId: string,
): Promise<{ changeRequestIds: string[]; code: string | null } | null> {
  const context = {
    ...ownContext(app, `review-${randomUUID()}`),
    actor: await actorById(pooled(app), makerId, app.clock()),
  };
  const changeRequestIds: string[] = [];
  try {
    for (const [operation, input] of stepsOf(item)) {
      const key = { idempotencyKey: `access-review/${item.id}/${operation}` };
      const { changeRequestId } = await app.submit(context, operation, { ...input, ...key }, { asked: true });
      if (changeRequestId) changeRequestIds.push(changeRequestId);
      // The same role over the same cannot be held twice: what is left of it waits until the other is gone.
      if (operation === 'role.revoke' && isSameScope(item)) {
        const status = await statusOf(app, changeRequestId);
        if (status === 'PENDING' || status === 'RETURNED') return null;
        if (status !== 'EXECUTED') return { changeRequestIds, code: 'REMEDY_NOT_APPROVED' };
      }
    }
    return { changeRequestIds, code: null };
  } catch (error) {
    if (!(error instanceof DomainError) || PASSING.has(error.code)) throw error;
    return { changeRequestIds, code: error.code };
  }
}

/** What is left of it is granted first, where both can be held: else there would be a time with neither. */
function stepsOf(item: AccessReviewItem): [operation: string, input: object][] {
  const reason = `Access review: ${item.reason}`.slice(0, 500);
  if (item.apiKeyId !== null) return [['apiKey.revoke', { apiKeyId: item.apiKeyId, reason }]];
  const revoke: [string, object] = ['role.revoke', { roleGrantId: item.roleGrantId, reason }];
  if (item.verdict === 'REVOKE') return [revoke];
  const { userId, role, reduceToAccountId: accountId, reduceToLobId: lobId, reduceToEndsAt } = item;
  const grant = { userId, role, accountId, lobId, endsAt: reduceToEndsAt?.toISOString() ?? null, reason };
  return isSameScope(item) ? [revoke, ['role.grant', grant]] : [['role.grant', grant], revoke];
}

/** Whether it is to end earlier, and nothing else. */
const isSameScope = ({ verdict, accountId, lobId, reduceToAccountId, reduceToLobId }: AccessReviewItem): boolean =>
  verdict === 'REDUCE' && reduceToAccountId === accountId && reduceToLobId === lobId;

const STATUS = 'SELECT status FROM change_request WHERE id = $1';

async function statusOf(app: App, changeRequestId: string | null): Promise<string> {
  const [row] = await ask<{ status: string }>(app, { text: STATUS, values: [changeRequestId] });
  return row?.status ?? 'EXECUTED';
}
