import { type SensitiveField, sensitiveFields, valueAt } from '../access/sensitive-fields';
import { noValue, type SensitiveValue } from '../access/sensitive-value';
import { ChangeRequest } from '../approvals/change-request.entity';
import { isWaiting } from '../approvals/change-request.rules';
import { record } from '../audit/record';
import { destroyKeys, findKeys } from '../audit/subject-keys';
import { type App, ownContext } from '../platform/context';
import { snakeCase } from '../platform/database';
import { HOUR } from '../platform/durations';
import type { Job } from '../platform/job';
import { erasedParts } from '../platform/personal';
import { ask } from '../platform/pooled';
import type { Row } from '../platform/row';
import { inTransaction, type Transaction } from '../platform/transaction';
import { erasureChanges, forgetRequests, heldRequests, heldRevisions, pendingOver, subjectsOf } from './held-requests';
import { setAt } from './reseal-values';
import { dueFields, erasedAt, type KeptType, OVER_SINCE, overSince, overUntil } from './retention.rules';

/** So many are looked for at a time. Each is erased in a transaction of its own, with an event of its own. */
const BATCH = 100;

/** In ms: times are days, so that whoever found nothing to erase looks again only then. */
const AGAIN = HOUR;

const looked = new WeakMap<object, number>();

/** What the trail gives as the reason. */
const REASON = 'It was kept for as long as it may be.';

/**
 * Erases sensitive values whose time is over (RETENTION_DAYS): of complaints from when they are resolved, of accounts from when they are closed, of what change requests asked for
 * from when these are over; and, later, whatever is personal of a complaint, with its key. What a change request waits for is left until that is over. Two processes that
 * look at the same time erase each thing once: it is looked at again under its lock.
 */
export const eraseByCalendar: Job = {
  name: 'sensitiveValues.erase',
  everyMinute: true,
  run: async (app, _payload, stop) => {
    const rested = app.clock().getTime() - (looked.get(app) ?? 0);
    if (rested >= 0 && rested < AGAIN) return;
    let done = 0;
    for (const type of Object.keys(OVER_SINCE) as KeptType[]) done += await eraseRows(app, type, stop);
    done += await eraseRequests(app, stop);
    if (done > 0) app.log.info({ done }, 'sensitive values were erased by the calendar');
    else if (!stop.aborted) looked.set(app, app.clock().getTime());
  },
};

export const fieldsOf = (app: Pick<App, 'database'>, type: KeptType): SensitiveField[] =>
  sensitiveFields(app).filter(({ entity }) => entity.name === type);

async function eraseRows(app: App, type: KeptType, stop: AbortSignal): Promise<number> {
  const fields = fieldsOf(app, type);
  const { retentionDays: kept } = app.config;
  const now = app.clock();
  const since = `t.${snakeCase(OVER_SINCE[type])}`;
  const due = fields.map(({ columns }, index) => `${since} <= $${index + 2} AND t.${columns}_sealed IS NOT NULL`);
  const values: unknown[] = fields.map(({ kind }) => overUntil(kept[kind], now));
  if (type === 'Complaint') {
    values.push(overUntil(kept.complaint, now));
    due.push(`${since} <= $${values.length + 1} AND NOT EXISTS (SELECT FROM audit.subject_key k
      WHERE k.subject_type = 'Complaint' AND k.subject_id = t.id AND k.destroyed_at IS NOT NULL)`);
  }
  const text = `SELECT t.id FROM ${fields[0]!.entity.tableName} t WHERE ($1::uuid IS NULL OR t.id > $1)
    AND (${due.join(' OR ')}) ORDER BY t.id LIMIT ${BATCH}`;
  return each(app, stop, { text, values }, (tx, id) => eraseRow(tx, type, fields, id));
}

/** One after another, from the first id on; how many of them were erased. What fails is told, and looked at again. */
async function each(
  app: App,
  stop: AbortSignal,
  { text, values }: { text: string; values: unknown[] },
  erase: (tx: Transaction, id: string) => Promise<boolean>,
): Promise<number> {
  let done = 0;
  for (let last: string | null = null; ;) {
    const found: { id: string }[] = await ask<{ id: string }>(app, { text, values: [last, ...values] });
    for (const { id } of found) {
      if (stop.aborted) return done;
      const erased = await inTransaction(ownContext(app, 'jobs'), (tx) => erase(tx, id)).catch((error: unknown) => {
        app.log.error({ err: error, id }, 'something was not erased by the calendar');
        return false;
      });
      if (erased) done += 1;
    }
    if (found.length < BATCH) return done;
    last = found.at(-1)!.id;
  }
}

/** Whether there was something left to erase. Somebody may have reopened it, changed it or erased it meanwhile. */
async function eraseRow(tx: Transaction, type: KeptType, fields: SensitiveField[], id: string): Promise<boolean> {
  const { retentionDays: kept } = tx.context.app.config;
  const row = await tx.lock<Row>(fields[0]!.entity.target as typeof Row & { name: string }, id);
  if ((await pendingOver(tx, type, id)) > 0) return false;
  const since = overSince(type, row);
  const end = type === 'Complaint' ? erasedAt(kept.complaint, since) : null;
  if (end !== null && end <= tx.now) return eraseWhole(tx, type, row);
  const there = dueFields(fields, since, kept, tx.now).filter(
    ({ path }) => (valueAt(row, path) as SensitiveValue).sealed !== null,
  );
  if (there.length === 0) return false;
  const patch: Record<string, unknown> = {};
  for (const { path } of there) setAt(patch, path.split('.'), noValue());
  await tx.update(row, patch);
  await record(tx, {
    action: 'sensitiveValues.erased',
    outcome: 'DONE',
    subjectType: type,
    subjectId: id,
    changes: [{ path: 'erasedFields', before: null, after: there.map(({ path }) => path) }],
    reason: REASON,
  });
  return true;
}

/** As `erasePersonalData` does, but that nobody asked for it. */
async function eraseWhole(tx: Transaction, type: KeptType, row: Row): Promise<boolean> {
  const requests = await heldRequests(tx, row);
  const revisions = await heldRevisions(tx, requests);
  const subjects = subjectsOf(type, row, requests);
  const keys = await findKeys(tx, subjects);
  if (keys.some(({ id, destroyed }) => id === row.id && destroyed)) return false;
  await destroyKeys(tx, subjects);
  await tx.update(row, erasedParts(row));
  await forgetRequests(tx, requests, revisions);
  await record(tx, {
    action: 'personalData.erased',
    outcome: 'DONE',
    subjectType: type,
    subjectId: row.id,
    changes: erasureChanges(type, requests.length, keys.filter(({ destroyed }) => !destroyed).length),
    reason: REASON,
  });
  return true;
}

/** What a request still holds of a value under seal is kept no longer than that value would be, counted from when the request was over. */
async function eraseRequests(app: App, stop: AbortSignal): Promise<number> {
  const types = Object.keys(OVER_SINCE) as KeptType[];
  const kinds = [...new Set(types.flatMap((type) => fieldsOf(app, type).map(({ kind }) => kind)))];
  const { retentionDays: kept } = app.config;
  const values = [types, ...kinds.map((kind) => overUntil(kept[kind], app.clock()))];
  const due = kinds.map(
    (kind, index) => `r.closed_at <= $${index + 3} AND r.input_shown @? '$.**.${kind} ? (@ != null)'`,
  );
  const text = `SELECT r.id FROM change_request r WHERE ($1::uuid IS NULL OR r.id > $1) AND r.subject_type = ANY ($2) AND r.input_sealed <> ''
    AND r.status NOT IN ('PENDING', 'RETURNED') AND (${due.join(' OR ')}) ORDER BY r.id LIMIT ${BATCH}`;
  return each(app, stop, { text, values }, eraseRequest);
}

async function eraseRequest(tx: Transaction, id: string): Promise<boolean> {
  const request = await tx.lock(ChangeRequest, id);
  // One that failed may have been tried again meanwhile.
  if (isWaiting(request) || request.inputSealed.length === 0) return false;
  await forgetRequests(tx, [request], await heldRevisions(tx, [request]));
  await record(tx, {
    action: 'changeRequest.inputErased',
    outcome: 'DONE',
    subjectType: request.subjectType,
    subjectId: request.subjectId,
    changeRequestId: id,
    changes: [{ path: 'inputErased', before: false, after: true }],
    reason: REASON,
  });
  return true;
}
