import { In } from 'typeorm';
import { placeOf } from '../access/reveal-sensitive-value';
import { SecondFactor } from '../access/second-factor.entity';
import { placeOfTotp } from '../access/second-factor';
import { type SensitiveField, sensitiveFields, valueAt } from '../access/sensitive-fields';
import { sealValue, type SensitiveValue } from '../access/sensitive-value';
import { ChangeRequest } from '../approvals/change-request.entity';
import { placeOfInput } from '../approvals/content';
import { record } from '../audit/record';
import { placeOfSecret } from '../notifications/reach';
import { Webhook } from '../notifications/webhook.entity';
import { sealingKey } from '../platform/class-keys';
import { type App, ownContext } from '../platform/context';
import { HOUR } from '../platform/durations';
import type { Job } from '../platform/job';
import type { KeyRing } from '../platform/keys';
import { ask } from '../platform/pooled';
import type { Row } from '../platform/row';
import { sealedUnder } from '../platform/sealed-bytes';
import { sealText, unsealText, withKeys } from '../platform/sealed-text';
import { inTransaction, type Transaction } from '../platform/transaction';

/** So many rows are sealed anew in one transaction. */
const BATCH = 100;

/** In ms: after that somebody looks again, though all was found to be in order: a process that had not heard of a new key may have used the last one. */
const AGAIN = HOUR;

/** When this process last found nothing to do, by the class and its key. Nothing depends on it but how often it looks. */
const looked = new WeakMap<object, Map<string, number>>();

/** A class of records that keeps something under seal. */
interface Resealable {
  readonly type: string;
  /** Whether a row is not as it would be sealed today; $1 is the id of the key. */
  readonly due: string;
  /** What becomes of it. Null: somebody else was faster, or erased it. */
  readonly patch: (keys: KeyRing, row: Row, keyId: string) => object | null;
}

/**
 * Seals what was sealed under an earlier key of its class, or before there were those, under the present one, and gives sensitive values the digest that they are looked up by. A row that
 * a change request waits for is left until that is over: to touch it would make the request stale.
 */
export const resealValues: Job = {
  name: 'sensitiveValues.reseal',
  everyMinute: true,
  run: async (app, _payload, signal) => {
    await app.learnKeys();
    for (const { type } of resealables(app)) await resealClass(app, type, signal);
  },
};

const resealables = (app: Pick<App, 'database'>): Resealable[] => [...valuesOf(app), ...SECRETS];

/** Whether what is in a column is under another key than that of $1. */
const underOther = (column: string) => `${column}_sealed <> '' AND substr(${column}_sealed, 1, 4) <> decode($1, 'hex')`;

const valuesOf = (app: Pick<App, 'database'>): Resealable[] => {
  const fields = sensitiveFields(app);
  return [...new Set(fields.map(({ entity }) => entity.name))].map((type) => {
    const own = fields.filter(({ entity }) => entity.name === type);
    const due = own.map(
      ({ columns }) => `(${columns}_sealed IS NOT NULL AND (${columns}_digest IS NULL OR ${underOther(columns)}))`,
    );
    return { type, due: due.join(' OR '), patch: (keys, row, keyId) => patchOf(keys, row, own, keyId) };
  });
};

const secretOf = <R extends Row>(
  entity: (new () => R) & { name: string },
  property: string & keyof R,
  column: string,
  place: (row: R) => string,
): Resealable => ({
  type: entity.name,
  due: `(${underOther(column)})`,
  patch: (keys, row, keyId) => {
    const sealed = (row as R)[property] as Buffer | null;
    if (!sealed || sealed.length === 0 || sealedUnder(sealed) === keyId) return null;
    return { [property]: sealText(keys, unsealText(keys, sealed, place(row as R)), place(row as R)) };
  },
});

/** What is sealed and nobody reveals. */
const SECRETS: readonly Resealable[] = [
  secretOf(ChangeRequest, 'inputSealed', 'input', ({ id, revision }) => placeOfInput(id, revision)),
  secretOf(Webhook, 'secretSealed', 'secret', ({ id }) => placeOfSecret(id)),
  secretOf(SecondFactor, 'secretSealed', 'secret', ({ id }) => placeOfTotp(id)),
];

/** All of a class, from the first id on; how many rows. */
export async function resealClass(app: App, type: string, signal: AbortSignal): Promise<number> {
  const { id: keyId } = sealingKey(app.keys, type);
  const clean = looked.get(app) ?? new Map<string, number>();
  looked.set(app, clean);
  const name = `${type} ${keyId}`;
  if (app.clock().getTime() - (clean.get(name) ?? 0) < AGAIN) return 0;
  const resealable = resealables(app).find((each) => each.type === type)!;
  let done = 0;
  for (let last: string | null = null; !signal.aborted;) {
    const ids = await dueAfter(app, resealable, keyId, last);
    if (ids.length === 0) {
      if (done === 0) clean.set(name, app.clock().getTime());
      break;
    }
    done += await inTransaction(ownContext(app, 'jobs'), (tx) => resealRows(tx, resealable, ids, keyId));
    last = ids.at(-1)!;
    app.log.info({ type, key: keyId, done }, 'sensitive values were sealed anew');
  }
  return done;
}

const metadataOf = (app: Pick<App, 'database'>, type: string) => app.database.orm.getMetadata(type);

/** In the order of their ids, so that one that is left waits for nobody. */
async function dueAfter(app: App, { type, due }: Resealable, keyId: string, last: string | null): Promise<string[]> {
  const text = `SELECT t.id FROM ${metadataOf(app, type).tableName} t WHERE ($2::uuid IS NULL OR t.id > $2) AND (${due})
    AND NOT EXISTS (SELECT FROM change_request r WHERE r.status IN ('PENDING', 'RETURNED') AND r.seen @> jsonb_build_array(jsonb_build_object('id', t.id::text)))
    ORDER BY t.id LIMIT ${BATCH}`;
  return (await ask<{ id: string }>(app, { text, values: [keyId, last] })).map(({ id }) => id);
}

async function resealRows(tx: Transaction, { type, patch }: Resealable, ids: string[], keyId: string): Promise<number> {
  const { target } = metadataOf(tx.context.app, type);
  const rows = await tx.lockWhere<Row>(target as typeof Row & { name: string }, { id: In(ids) });
  let count = 0;
  for (const row of rows) {
    const anew = patch(tx.context.app.keys, row, keyId);
    if (!anew) continue;
    await tx.update(row, anew);
    count += 1;
  }
  if (count > 0)
    await record(tx, {
      action: 'sensitiveValues.resealed',
      outcome: 'DONE',
      subjectType: type,
      changes: [
        { path: 'key', before: null, after: keyId },
        { path: 'rows', before: null, after: count },
      ],
    });
  return count;
}

function patchOf(keys: KeyRing, row: Row, fields: SensitiveField[], keyId: string): object | null {
  const patch: Record<string, unknown> = {};
  for (const { entity, path, kind } of fields) {
    const { sealed, digest } = valueAt(row, path) as SensitiveValue;
    if (!sealed || (digest && sealedUnder(sealed) === keyId)) continue;
    const place = placeOf(entity.name, row.id, path);
    setAt(patch, path.split('.'), sealValue(keys, kind, unsealText(keys, sealed, place), place));
  }
  return Object.keys(patch).length > 0 ? patch : null;
}

/** Sets what stands under a path of a patch. */
export function setAt(of: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) of[key] = value;
  else setAt((of[key] ??= {}) as Record<string, unknown>, rest, value);
}

/** How many rows are still as they would not be sealed today, by their class; those that wait for a change request included. */
export const leftToReseal = (app: App): Promise<{ type: string; left: number }[]> =>
  withKeys(app, () =>
    Promise.all(
      resealables(app).map(async ({ type, due }) => {
        const text = `SELECT count(*)::int AS left FROM ${metadataOf(app, type).tableName} t WHERE ${due}`;
        const [row] = await ask<{ left: number }>(app, { text, values: [sealingKey(app.keys, type).id] });
        return { type, left: row!.left };
      }),
    ),
  );
