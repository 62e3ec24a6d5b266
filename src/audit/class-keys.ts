import type { EntityMetadata } from 'typeorm';
import { drawClassKey, hasPresentKey, rewrapped, takeKeys } from '../platform/class-keys';
import type { ClassKey, KeyPurpose } from '../platform/known-keys';
import { type App, ownContext } from '../platform/context';
import { refuse } from '../platform/errors';
import { ask } from '../platform/pooled';
import type { Scheme } from '../platform/schemes';
import { inTransaction, type Transaction } from '../platform/transaction';
import { assertedInForce, keyInForce } from './key-rotation';
import { record } from './record';

const ALL = `SELECT id, of, purpose, number, wrapped FROM class_key ORDER BY number`;
const MAKE = `INSERT INTO class_key (id, of, purpose, number, wrapped) VALUES ($1, $2, $3, $4, $5) RETURNING id`;
const WRAP = `UPDATE class_key SET wrapped = $2 WHERE id = $1 RETURNING id`;
/** One at a time makes keys or wraps them anew. */
const TURN = `SELECT pg_advisory_xact_lock(hashtext('countersign class keys'))`;

/** Hears of every key that there is. Whether one of them was news. */
export const learnKeys = async (app: Pick<App, 'database' | 'keys'>): Promise<boolean> =>
  takeKeys(app.keys, await ask<ClassKey>(app, { text: ALL, values: [] }));

type Wanted = Pick<ClassKey, 'purpose' | 'of'>;

/** Hears of the keys that there are, and makes those that are missing, or that no master key at hand opens, or that seal by another scheme than the one that is set: one to seal for each class, one to digest for each field that can be looked up. Refuses with MASTER_KEY_UNKNOWN. */
export async function openClassKeys(app: App, fields: readonly string[]): Promise<void> {
  await learnKeys(app);
  const classes = app.database.orm.entityMetadatas.map(({ name }: EntityMetadata) => name);
  const wanted: Wanted[] = [
    ...classes.map((of): Wanted => ({ purpose: 'seal', of })),
    ...fields.map((of): Wanted => ({ purpose: 'digest', of })),
  ];
  const isMissing = ({ purpose, of }: Wanted) => !hasPresentKey(app.keys, purpose, of);
  if (!wanted.some(isMissing)) return;
  await inTransaction(ownContext(app, 'lifecycle'), async (tx) => {
    await heardOf(tx);
    // Somebody else may have made them meanwhile.
    const missing = wanted.filter(isMissing);
    if (missing.length === 0) return;
    // Under a key that the trail does not know nothing is made.
    await assertedInForce(tx);
    for (const { purpose, of } of missing) await make(tx, purpose, of);
    const after = missing.map(({ purpose, of }) => `${purpose} ${of}`);
    await record(tx, { action: 'classKeys.made', outcome: 'DONE', changes: [{ path: 'keys', before: null, after }] });
  });
  await learnKeys(app);
}

/** In turn with others, and knowing whatever they made. */
async function heardOf(tx: Transaction): Promise<ClassKey[]> {
  await tx.query(TURN);
  const keys = await tx.query<ClassKey>(ALL);
  takeKeys(tx.context.app.keys, keys);
  return keys;
}

/** One more of a class or field; its number. */
async function make(tx: Transaction, purpose: KeyPurpose, of: string): Promise<number> {
  const { keys } = tx.context.app;
  const key = drawClassKey(keys, purpose, of, (keys.known.of(purpose, of)[0]?.number ?? 0) + 1);
  await tx.write(MAKE, [key.id, key.of, key.purpose, key.number, key.wrapped]);
  return key.number;
}

/** Gives a class another key to seal with from now on. What is sealed stays readable; a job seals it anew. Refuses with CLASS_KEY_UNKNOWN. */
export async function renewClassKey(app: App, of: string): Promise<number> {
  const number = await inTransaction(ownContext(app, 'keys-command'), async (tx) => {
    await heardOf(tx);
    if (app.keys.known.of('seal', of).length === 0)
      return refuse('CLASS_KEY_UNKNOWN', 'There is no such class of records.', { of });
    const made = await make(tx, 'seal', of);
    await record(tx, {
      action: 'classKey.renewed',
      outcome: 'DONE',
      subjectType: of,
      changes: [{ path: 'key', before: made - 1, after: made }],
    });
    return made;
  });
  await learnKeys(app);
  return number;
}

/**
 * Wraps under the present master key what is wrapped under an earlier one, all at once; how many there were. Only where the trail was last told of
 * that key: of two processes that have each other's as a retired one, one wraps. `alsoScheme`: and what another scheme than the present one wraps.
 */
export function rewrapClassKeys(app: App, alsoScheme = false): Promise<number> {
  return inTransaction(ownContext(app, 'jobs'), async (tx) => {
    const anew = (await heardOf(tx)).flatMap((key) => {
      const wrapped = rewrapped(app.keys, key, alsoScheme);
      return wrapped ? [{ id: key.id, wrapped }] : [];
    });
    if (anew.length === 0 || (await keyInForce(tx)) !== app.keys.id) return 0;
    for (const { id, wrapped } of anew) await tx.write(WRAP, [id, wrapped]);
    const changes = [
      { path: 'masterKey', before: null, after: app.keys.id },
      { path: 'keys', before: null, after: anew.length },
    ];
    await record(tx, { action: 'classKeys.rewrapped', outcome: 'DONE', changes });
    return anew.length;
  });
}

/** What the keys of a database are wrapped under, for people. */
export interface KeyStatus {
  of: string;
  purpose: KeyPurpose;
  number: number;
  id: string;
  /** As the wrapped key names it. */
  under: string;
  /** What it seals with; null where it cannot be opened, and of a key to look up by. */
  scheme: Scheme | null;
}

const STATUS = `SELECT of, purpose, number, id, encode(substr(wrapped, 1, 4), 'hex') AS under FROM class_key ORDER BY purpose DESC, of, number`;

export async function keyStatus(app: App): Promise<KeyStatus[]> {
  await learnKeys(app);
  const keys = await ask<Omit<KeyStatus, 'scheme'>>(app, { text: STATUS, values: [] });
  const schemeOf = ({ purpose, of, id }: Pick<KeyStatus, 'purpose' | 'of' | 'id'>) =>
    app.keys.known.openOnes(purpose, of).find((each) => each.id === id)?.scheme ?? null;
  return keys.map((key) => ({ ...key, scheme: key.purpose === 'seal' ? schemeOf(key) : null }));
}
