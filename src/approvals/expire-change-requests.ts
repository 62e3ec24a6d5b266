import { record } from '../audit/record';
import { type App, ownContext } from '../platform/context';
import type { Job } from '../platform/job';
import { ask } from '../platform/pooled';
import { inTransaction, type Transaction } from '../platform/transaction';
import { ChangeRequest } from './change-request.entity';
import { hasExpired } from './change-request.rules';
import { closed } from './close-if-over';

/** So many are looked up at once. */
const BATCH = 500;

const DUE = `SELECT id FROM change_request WHERE status IN ('PENDING', 'RETURNED') AND expires_at <= $1 AND id > $2
  ORDER BY id LIMIT ${BATCH}`;

/** Closes what has waited too long, as of the instant at which it had: however late that is noticed, and by however many processes at once. */
export const expireChangeRequests: Job = {
  name: 'changeRequests.expire',
  everyMinute: true,
  run: async (app) => {
    let due: { id: string }[] = [];
    let last = '00000000-0000-0000-0000-000000000000';
    do {
      due = await ask<{ id: string }>(app, { text: DUE, values: [app.clock(), last] });
      for (const { id } of due) await expire(app, id);
      last = due.at(-1)?.id ?? last;
    } while (due.length === BATCH);
  },
};

/** Each in a transaction of its own. One that somebody is busy with, or that cannot be closed, holds up no other and is found again. */
const expire = (app: App, id: string): Promise<void> =>
  inTransaction(ownContext(app, 'jobs'), (tx) => close(tx, id)).catch((error: unknown) =>
    app.log.error({ err: error, changeRequestId: id }, 'a change request was not closed, though it has expired'),
  );

async function close(tx: Transaction, id: string): Promise<void> {
  const request = await tx.lock(ChangeRequest, id);
  if (!hasExpired(request, tx.now)) return;
  const patch = closed(request, 'EXPIRED', 'CHANGE_REQUEST_EXPIRED', tx.now);
  await tx.update(request, patch);
  await record(tx, {
    action: 'changeRequest.expired',
    outcome: 'DONE',
    subjectType: 'ChangeRequest',
    subjectId: id,
    changes: [
      { path: 'status', before: request.status, after: patch.status },
      { path: 'closedAt', before: null, after: patch.closedAt.toISOString() },
    ],
    changeRequestId: id,
  });
}
