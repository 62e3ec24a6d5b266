import { In } from 'typeorm';
import { placeOf } from '../access/reveal-sensitive-value';
import { type SensitiveField, sensitiveFields, valueAt } from '../access/sensitive-fields';
import { sealValue, type SensitiveValue } from '../access/sensitive-value';
import { record } from '../audit/record';
import { sealingKey } from '../platform/class-keys';
import { type App, ownContext } from '../platform/context';
import type { Job } from '../platform/job';
import { ask } from '../platform/pooled';
import type { Row } from '../platform/row';
import { unsealText, withKeys } from '../platform/sealed-text';
import { inTransaction, type Transaction } from '../platform/transaction';

/** So many rows are sealed anew in one transaction. */
const BATCH = 100;

/** In ms: after that somebody looks again, though all was found to be in order: a process that had not heard of a new key may have used the last one. */
const AGAIN = 3_600_000;

/** When this process last found nothing to do, by the class and its key. Nothing depends on it but how often it looks. */
const looked = new WeakMap<object, Map<string, number>>();

/**
 * Seals what was sealed under an earlier key of its class, or before there were those, under the present one, and gives it the digest that it is looked up by. A row that
 * a change request waits for is left until that is over: to touch it would make the request stale.
 */
export const resealValues: Job = {
  name: 'sensitiveValues.reseal',
  everyMinute: true,
  run: async (app, _payload, signal) => {
    await app.learnKeys();
    for (const type of new Set(sensitiveFields(app).map(({ entity }) => entity.name)))
      await resealClass(app, type, signal);
  },
};

/** All of a class, from the first id on; how many rows. */
export async function resealClass(app: App, type: string, signal: AbortSignal): Promise<number> {
  const { id: keyId } = sealingKey(app.keys, type);
  const clean = looked.get(app) ?? new Map<string, number>();
  looked.set(app, clean);
  const name = `${type} ${keyId}`;
  if (app.clock().getTime() - (clean.get(name) ?? 0) < AGAIN) return 0;
  const fields = sensitiveFields(app).filter(({ entity }) => entity.name === type);
  let done = 0;
  for (let last: string | null = null; !signal.aborted;) {
    const ids = await dueAfter(app, fields, keyId, last);
    if (ids.length === 0) {
      if (done === 0) clean.set(name, app.clock().getTime());
      break;
    }
    done += await inTransaction(ownContext(app, 'jobs'), (tx) => resealRows(tx, fields, ids, keyId));
    last = ids.at(-1)!;
    app.log.info({ type, key: keyId, done }, 'sensitive values were sealed anew');
  }
  return done;
}

/** Whether a field of a row is not as it would be sealed today. */
const due = ({ columns }: SensitiveField) =>
  `(${columns}_sealed IS NOT NULL AND (${columns}_digest IS NULL OR substr(${columns}_sealed, 1, 4) <> decode($1, 'hex')))`;

/** In the order of their ids, so that one that is left waits for nobody. */
async function dueAfter(app: App, fields: SensitiveField[], keyId: string, last: string | null): Promise<string[]> {
  const { tableName } = fields[0]!.entity;
  const text = `SELECT t.id FROM ${tableName} t WHERE ($2::uuid IS NULL OR t.id > $2) AND (${fields.map(due).join(' OR ')})
    AND NOT EXISTS (SELECT FROM change_request r WHERE r.status IN ('PENDING', 'RETURNED') AND r.seen @> jsonb_build_array(jsonb_build_object('id', t.id::text)))
    ORDER BY t.id LIMIT ${BATCH}`;
  return (await ask<{ id: string }>(app, { text, values: [keyId, last] })).map(({ id }) => id);
}

async function resealRows(tx: Transaction, fields: SensitiveField[], ids: string[], keyId: string): Promise<number> {
  const { entity } = fields[0]!;
  const rows = await tx.lockWhere<Row>(entity.target as typeof Row & { name: string }, { id: In(ids) });
  let count = 0;
  for (const row of rows) {
    const patch = patchOf(tx, row, fields, keyId);
    if (!patch) continue;
    await tx.update(row, patch);
    count += 1;
  }
  if (count > 0)
    await record(tx, {
      action: 'sensitiveValues.resealed',
      outcome: 'DONE',
      subjectType: entity.name,
      changes: [
        { path: 'key', before: null, after: keyId },
        { path: 'rows', before: null, after: count },
      ],
    });
  return count;
}

/** Null: somebody else was faster, or erased it. */
function patchOf(tx: Transaction, row: Row, fields: SensitiveField[], keyId: string): object | null {
  const { keys } = tx.context.app;
  const patch: Record<string, unknown> = {};
  for (const { entity, path, kind } of fields) {
    const { sealed, digest } = valueAt(row, path) as SensitiveValue;
    if (!sealed || (digest && sealed.subarray(0, 4).toString('hex') === keyId)) continue;
    const place = placeOf(entity.name, row.id, path);
    set(patch, path.split('.'), sealValue(keys, kind, unsealText(keys, sealed, place), place));
  }
  return Object.keys(patch).length > 0 ? patch : null;
}

function set(of: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) of[key] = value;
  else set((of[key] ??= {}) as Record<string, unknown>, rest, value);
}

/** How many values are still as they would not be sealed today, by their class; those that wait for a change request included. */
export const leftToReseal = (app: App): Promise<{ type: string; left: number }[]> =>
  withKeys(app, () =>
    Promise.all(
      [...new Set(sensitiveFields(app).map(({ entity }) => entity.name))].map(async (type) => {
        const fields = sensitiveFields(app).filter(({ entity }) => entity.name === type);
        const text = `SELECT count(*)::int AS left FROM ${fields[0]!.entity.tableName} t WHERE ${fields.map(due).join(' OR ')}`;
        const [row] = await ask<{ left: number }>(app, { text, values: [sealingKey(app.keys, type).id] });
        return { type, left: row!.left };
      }),
    ),
  );
