import { record } from '../audit/record';
import type { FieldChange } from '../platform/operation';
import type { Transaction } from '../platform/transaction';
import { Session } from './session.entity';
import { openedTerms } from './session-uses';

/** In seconds: how long a session of a person lasts at most, 12 hours (NIST 800-63B, AAL2). */
const LONGEST_SESSION = 12 * 3600;

/** Opens a session of a person's, until `until` or for as long as any lasts, and tells of it. Returns when it is over. */
export async function openSession(
  tx: Transaction,
  { until, ...of }: Pick<Session, 'userId' | 'tokenHash'> & Partial<Session> & { until?: Date },
  changes: FieldChange[],
): Promise<Date> {
  const id = tx.newId();
  const latest = tx.now.getTime() + LONGEST_SESSION * 1000;
  const expiresAt = new Date(Math.min(latest, until?.getTime() ?? latest));
  const terms = openedTerms(tx.context.app.config, tx.now);
  await tx.insert(Session, { id, createdAt: tx.now, endedAt: null, ...terms, ...of, expiresAt } as Session);
  const { userId: actorId } = of;
  await record(tx, {
    action: 'session.opened',
    outcome: 'DONE',
    subjectType: 'Session',
    subjectId: id,
    actorId,
    changes,
  });
  return expiresAt;
}
