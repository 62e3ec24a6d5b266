import { record } from '../audit/record';
import { ownContext } from '../platform/context';
import type { Job } from '../platform/job';
import { ask } from '../platform/pooled';
import { inTransaction, type Transaction } from '../platform/transaction';
import { RoleGrant } from './role-grant.entity';
import { hasEnded } from './role-grant-scope';

const DUE = 'SELECT id FROM role_grant WHERE revoked_at IS NULL AND ends_at <= $1 ORDER BY ends_at, id LIMIT 500';

/** Closes a grant whose end has come, as of that instant: it has given nothing since. */
export async function endGrant(tx: Transaction, grant: RoleGrant): Promise<void> {
  const { role, endsAt } = grant;
  await tx.update(grant, { revokedAt: endsAt });
  await record(tx, {
    action: 'role.ended',
    outcome: 'DONE',
    subjectType: 'RoleGrant',
    subjectId: grant.id,
    changes: [
      { path: 'role', before: role, after: null },
      { path: 'revokedAt', before: null, after: endsAt!.toISOString() },
    ],
  });
}

/** Tells the trail of grants whose end has come. Nothing waits for it: whatever asks who holds what asks as of an instant. */
export const endGrants: Job = {
  name: 'roleGrants.end',
  everyMinute: true,
  run: async (app, _payload, stop) => {
    const due = await ask<{ id: string }>(app, { text: DUE, values: [app.clock()] });
    for (const { id } of due) {
      if (stop.aborted) return;
      await inTransaction(ownContext(app, 'jobs'), async (tx) => {
        const grant = await tx.lock(RoleGrant, id);
        if (grant.revokedAt === null && hasEnded(grant, tx.now)) await endGrant(tx, grant);
      }).catch((error: unknown) => app.log.error({ err: error, roleGrantId: id }, 'a grant was not ended, though due'));
    }
  },
};
