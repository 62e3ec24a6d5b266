import { type App, ownContext } from '../platform/context';
import { HOUR } from '../platform/durations';
import { ask } from '../platform/pooled';
import { inTransaction, type Transaction } from '../platform/transaction';
import { outdatedWrappings, unwrapKey, wrapKey } from '../platform/wrapped-key';
import { keyInForce } from './key-rotation';
import { record } from './record';
import { ownerOf, type Subject } from './subject-keys';

/** So many keys are wrapped anew in one transaction, with one event. */
const BATCH = 500;

/** In ms: after that somebody looks again: a process with the earlier master key may have made keys meanwhile. */
const AGAIN = HOUR;

/** When this process last found none. Nothing depends on it but how often it looks. */
const looked = new WeakMap<object, number>();

const OUTDATED = 'wrapped IS NOT NULL AND substr(wrapped, 1, 4) = ANY ($1)';

/** Locked: whoever destroys one meanwhile waits, or is waited for and then there is nothing left to wrap. */
const DUE = `SELECT subject_type AS type, subject_id AS id, wrapped FROM audit.subject_key
  WHERE ${OUTDATED} AND ($2::text IS NULL OR (subject_type, subject_id) > ($2, $3::uuid))
  ORDER BY subject_type, subject_id LIMIT ${BATCH} FOR UPDATE`;

const WRAP = `UPDATE audit.subject_key k SET wrapped = n.wrapped FROM unnest($1::text[], $2::uuid[], $3::bytea[]) AS n (type, id, wrapped)
  WHERE k.subject_type = n.type AND k.subject_id = n.id AND k.wrapped IS NOT NULL RETURNING k.subject_id`;

/** The first that there is: not looked for under a lock, since mostly there is none. */
const ANY = `SELECT EXISTS (SELECT FROM audit.subject_key WHERE ${OUTDATED}) AS any`;

/**
 * Wraps under the present master key the keys of subjects that are wrapped under an earlier one, as it is done with the keys of classes, a batch to a transaction;
 * how many. Whoever is stopped goes on where they were: what is wrapped anew is not found again. `alsoScheme`: and what another scheme than the present one wraps.
 */
export async function rewrapSubjectKeys(app: App, signal: AbortSignal, alsoScheme = false): Promise<number> {
  const outdated = outdatedWrappings(app.keys, alsoScheme);
  const now = app.clock().getTime();
  if (outdated.length === 0 || (!alsoScheme && now - (looked.get(app) ?? 0) < AGAIN)) return 0;
  const [there] = await ask<{ any: boolean }>(app, { text: ANY, values: [outdated] });
  if (!there!.any) looked.set(app, now);
  let done = 0;
  for (let last: Subject | null = null; there!.any && !signal.aborted;) {
    const wrapped: Subject[] = await inTransaction(ownContext(app, 'jobs'), (tx) => rewrapped(tx, outdated, last));
    if (wrapped.length === 0) break;
    done += wrapped.length;
    last = wrapped.at(-1)!;
    app.log.info({ masterKey: app.keys.id, done }, 'keys of subjects were wrapped anew');
  }
  return done;
}

async function rewrapped(tx: Transaction, outdated: Buffer[], last: Subject | null): Promise<Subject[]> {
  const { keys } = tx.context.app;
  // As with those of classes: of two processes that have each other's key as a retired one, one wraps.
  if ((await keyInForce(tx)) !== keys.id) return [];
  const due = await tx.query<Subject & { wrapped: Buffer }>(DUE, [outdated, last?.type ?? null, last?.id ?? null]);
  if (due.length === 0) return [];
  const anew = due.map((each) => wrapKey(keys, unwrapKey(keys, each.wrapped, ownerOf(each)), ownerOf(each)));
  await tx.write(WRAP, [due.map(({ type }) => type), due.map(({ id }) => id), anew]);
  await record(tx, {
    action: 'subjectKeys.rewrapped',
    outcome: 'DONE',
    changes: [
      { path: 'masterKey', before: null, after: keys.id },
      { path: 'keys', before: null, after: due.length },
    ],
  });
  return due;
}

/** How many keys of subjects are not wrapped as they would be today. */
export async function subjectKeysLeft(app: App): Promise<number> {
  const text = `SELECT count(*)::int AS left FROM audit.subject_key WHERE ${OUTDATED}`;
  const [found] = await ask<{ left: number }>(app, { text, values: [outdatedWrappings(app.keys, true)] });
  return found!.left;
}
