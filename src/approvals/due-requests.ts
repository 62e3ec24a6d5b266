import { ownContext } from '../platform/context';
import type { Job } from '../platform/job';
import { ask } from '../platform/pooled';
import { inTransaction, type Transaction } from '../platform/transaction';
import { ChangeRequest } from './change-request.entity';

/** So many are looked up at once. */
const BATCH = 500;

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * A job over change requests for which something is due: `due` says so in SQL, of $1, the instant now. Each is locked and looked at again by `act`, in a
 * transaction of its own; one that somebody is busy with, or that fails, holds up no other and is found again.
 */
export const overDueRequests = (
  name: string,
  due: string,
  act: (tx: Transaction, request: ChangeRequest) => Promise<void>,
): Job => ({
  name,
  everyMinute: true,
  run: async (app, _payload, stop) => {
    const text = `SELECT id FROM change_request WHERE ${due} AND id > $2 ORDER BY id LIMIT ${BATCH}`;
    let found: { id: string }[] = [];
    let last = BEFORE_ALL;
    do {
      found = await ask<{ id: string }>(app, { text, values: [app.clock(), last] });
      for (const { id } of found) {
        if (stop.aborted) return;
        await inTransaction(ownContext(app, 'jobs'), async (tx) => act(tx, await tx.lock(ChangeRequest, id))).catch(
          (error: unknown) => app.log.error({ err: error, job: name, changeRequestId: id }, 'not done, though due'),
        );
      }
      last = found.at(-1)?.id ?? last;
    } while (found.length === BATCH);
  },
});
