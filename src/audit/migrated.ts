import { API_ROLE } from '../platform/database-roles';
import { isRowClass } from '../platform/row';
import { rowDigest } from '../platform/row-text';
import type { SavedRow, Transaction } from '../platform/transaction';
import { record } from './record';

/** Those that no event tells of: of this start, or of one that was killed before it could tell. */
const UNTOLD = `SELECT name, timestamp::float8 AS timestamp FROM migration WHERE to_jsonb(timestamp) NOT IN (
    SELECT change -> 'after' FROM audit.told, jsonb_array_elements(convert_from(content, 'UTF8')::jsonb -> 'changes') change
    WHERE action = 'database.migrated' AND content IS NOT NULL)
  ORDER BY id`;

/** Types of which the API makes no rows: whatever there is of them, migrations made. Of policies and legal entities both make some. */
const MADE_BY_MIGRATIONS = `SELECT type FROM unnest($1::text[], $2::text[]) AS each (type, name)
  WHERE type IN ('ApprovalPolicy', 'LegalEntity') OR NOT has_table_privilege('${API_ROLE}', format('public.%I', name), 'INSERT')`;

const ROWS = `SELECT type, id, coalesce(version, 1) AS version, hash FROM audit.business_row WHERE type = ANY($1) ORDER BY type, id`;

/**
 * Tells of migrations that nobody has told of yet, and with them of the rows that only migrations make (rules, calendars, policies), so that
 * every row there is has an event that it can be held against. A row that the trail knows already at that version must be as it was told:
 * a migration that changes what a row says raises its version.
 */
export async function tellOfMigrations(tx: Transaction): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign migrations told'))`);
  const untold = await tx.query<{ name: string; timestamp: number }>(UNTOLD);
  if (untold.length === 0) return;
  // As a number: in a text it may look like that of a card, and would be masked.
  const changes = untold.map(({ name, timestamp }) => ({
    path: name.replace(String(timestamp), ''),
    before: null,
    after: timestamp,
  }));
  await record(tx, { action: 'database.migrated', outcome: 'DONE', changes, rows: await rowsOfMigrations(tx) });
}

async function rowsOfMigrations(tx: Transaction): Promise<SavedRow[]> {
  const entities = tx.context.app.database.orm.entityMetadatas.filter(({ target }) => isRowClass(target));
  const columns = [entities.map(({ name }) => name), entities.map(({ tableName }) => tableName)];
  const types = (await tx.query<{ type: string }>(MADE_BY_MIGRATIONS, columns)).map(({ type }) => type);
  return rowsAsTheyAre(tx, types);
}

/** Every row of these types, for an event to tell of it as if it were saved now. */
export async function rowsAsTheyAre(tx: Transaction, types: readonly string[]): Promise<SavedRow[]> {
  const { audit: key } = tx.context.app.keys;
  const rows = await tx.query<Omit<SavedRow, 'digest'> & { hash: Buffer }>(ROWS, [types]);
  return rows.map(({ type, id, version, hash }) => ({ type, id, version, digest: rowDigest(key, type, id, hash) }));
}
