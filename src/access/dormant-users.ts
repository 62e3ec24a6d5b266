import { record } from '../audit/record';
import { type App, ownContext } from '../platform/context';
import { DAY } from '../platform/durations';
import type { Job } from '../platform/job';
import { ask } from '../platform/pooled';
import { inTransaction, type Transaction } from '../platform/transaction';
import { endSessionsOf } from './end-sessions';
import { endTokens } from './end-tokens';
import { canKeep, lockKeepers } from './keepers';
import { lastSeen } from './last-seen';
import { User } from './user.entity';

/** When a user was last there: made, let in again, signed in, asked for something in a session, or did something that left an event. */
const LAST_USED = `greatest(u.created_at, u.active_since, ${lastSeen('u.id')})`;

const DUE = `SELECT u.id FROM app_user u WHERE u.deactivated_at IS NULL AND u.created_at <= $1 AND ${LAST_USED} <= $1 ORDER BY u.id`;
const USED = `SELECT ${LAST_USED} AS at FROM app_user u WHERE u.id = $1`;

/**
 * Deactivates who was not there for so many days (DORMANT_DAYS), as of the instant at which they had been away that long. They keep their roles, which count
 * again once two people have reactivated them. Those who keep the house open are left in: somebody has to reactivate the others.
 */
export const disableDormantUsers: Job = {
  name: 'users.disableDormant',
  everyMinute: true,
  run: async (app, _payload, stop) => {
    const { dormantDays } = app.config;
    if (dormantDays === 0) return;
    const since = new Date(app.clock().getTime() - dormantDays * DAY);
    for (const { id } of await ask<{ id: string }>(app, { text: DUE, values: [since] })) {
      if (stop.aborted) return;
      await disable(app, id, dormantDays * DAY).catch((error: unknown) =>
        app.log.error({ err: error, userId: id }, 'a dormant user is not deactivated'),
      );
    }
  },
};

const disable = (app: App, id: string, after: number): Promise<void> =>
  inTransaction(ownContext(app, 'jobs'), async (tx) => {
    const user = await tx.lock(User, id);
    const deactivatedAt = new Date((await lastUsed(tx, id)).getTime() + after);
    if (user.deactivatedAt || deactivatedAt > tx.now || (await isKeeperNeeded(tx, id))) return;
    await tx.update(user, { deactivatedAt });
    await endSessionsOf(tx, id, tx.now);
    await endTokens(tx, id);
    await record(tx, {
      action: 'user.deactivated',
      outcome: 'DONE',
      subjectType: 'User',
      subjectId: id,
      changes: [
        { path: 'active', before: true, after: false },
        { path: 'deactivatedAt', before: null, after: deactivatedAt.toISOString() },
      ],
      reason: 'not used for too long',
    });
  });

const lastUsed = async (tx: Transaction, id: string): Promise<Date> =>
  new Date((await tx.query<{ at: string | Date }>(USED, [id]))[0]!.at);

async function isKeeperNeeded(tx: Transaction, id: string): Promise<boolean> {
  const keepers = await lockKeepers(tx);
  const rest = keepers.filter(({ userId }) => userId !== id);
  return rest.length < keepers.length && !canKeep(rest);
}
