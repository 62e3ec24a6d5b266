import { refuse } from '../platform/errors';
import type { Transaction } from '../platform/transaction';
import type { SchemedKey } from '../platform/schemes';
import { newKey, unwrapKey, wrapKey } from '../platform/wrapped-key';

/** Whom personal data is about: a row, or the change request that would make one. */
export interface Subject {
  readonly type: string;
  readonly id: string;
}

export const ownerOf = ({ type, id }: Subject): string => `${type}/${id}`;

/** One row comes back: the key that is there, else the one that is brought. None, when somebody else brought one meanwhile. */
const FIND_OR_MAKE = `WITH made AS (INSERT INTO audit.subject_key (subject_type, subject_id, wrapped) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING RETURNING wrapped)
  SELECT wrapped FROM made UNION ALL SELECT wrapped FROM audit.subject_key WHERE subject_type = $1 AND subject_id = $2`;

const ATTEMPTS = 3;

/**
 * The key under which the trail keeps what it says of somebody, made on first need, in one statement. Refuses with PERSONAL_DATA_ERASED once
 * it was destroyed: nothing personal is written of them any more.
 */
export async function keyToSeal(tx: Transaction, subject: Subject): Promise<SchemedKey> {
  const { keys } = tx.context.app;
  const wrapped = wrapKey(keys, newKey(keys), ownerOf(subject));
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [found] = await tx.kept('subject-key', FIND_OR_MAKE, [subject.type, subject.id, wrapped]);
    if (found) return unwrapped(tx, found.wrapped as Buffer | null, subject);
  }
  throw new Error('The key of a subject could be neither found nor made.');
}

/** What gives the key that is there. It refuses with PERSONAL_DATA_ERASED, also where there never was one. */
export async function keyToOpen(tx: Transaction, subject: Subject): Promise<() => SchemedKey> {
  const [found] = await tx.query<{ wrapped: Buffer | null }>(
    'SELECT wrapped FROM audit.subject_key WHERE subject_type = $1 AND subject_id = $2',
    [subject.type, subject.id],
  );
  return () => unwrapped(tx, found?.wrapped ?? null, subject);
}

const unwrapped = (tx: Transaction, wrapped: Buffer | null, subject: Subject): SchemedKey =>
  wrapped === null ? erased() : unwrapKey(tx.context.app.keys, wrapped, ownerOf(subject));

export const erased = (): never => refuse('PERSONAL_DATA_ERASED', 'The personal data of this was erased.');

/** Whose keys there are among these, and whether they are destroyed. */
export function findKeys(tx: Transaction, subjects: readonly Subject[]): Promise<(Subject & { destroyed: boolean })[]> {
  return tx.query(
    `SELECT subject_type AS type, subject_id AS id, destroyed_at IS NOT NULL AS destroyed FROM audit.subject_key
      WHERE (subject_type, subject_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))`,
    [subjects.map(({ type }) => type), subjects.map(({ id }) => id)],
  );
}

/** Destroys the keys that there are. The first one's stays known as destroyed even if there was none, so that none is made any more. */
export async function destroyKeys(tx: Transaction, subjects: readonly [Subject, ...Subject[]]): Promise<void> {
  const [{ type, id }] = subjects;
  await tx.write(
    `UPDATE audit.subject_key SET wrapped = NULL, destroyed_at = now() WHERE destroyed_at IS NULL
      AND (subject_type, subject_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) RETURNING subject_id`,
    [subjects.map((each) => each.type), subjects.map((each) => each.id)],
  );
  await tx.write(
    `INSERT INTO audit.subject_key (subject_type, subject_id, destroyed_at) VALUES ($1, $2, now())
      ON CONFLICT DO NOTHING RETURNING subject_id`,
    [type, id],
  );
}
