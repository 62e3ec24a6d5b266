import { createHash } from 'node:crypto';
import { Decimal } from 'decimal.js';
import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { mac } from './canonical';
import { jsonbText } from './jsonb-text';

/*
 * What a row says, as one text that Node and PostgreSQL write alike: Node when it saves the row, for the event that tells of it;
 * PostgreSQL, years later, for whoever holds the row against that event. Columns stand in the order of their names. What is null, or what
 * the column has where nobody says anything, is left out: so a new column does not change what older rows say.
 */

/** How the values of a type are written: as SQL, given the column; and here, given what an entity has of it. */
interface Form {
  readonly sql: (column: string) => string;
  readonly text: (value: unknown) => string;
}

const asText: Form = { sql: (column) => `${column}::text`, text: String };
const instantOf = (value: unknown): number => (value instanceof Date ? value : new Date(String(value))).getTime();

const FORMS: Readonly<Record<string, Form>> = {
  uuid: { sql: (column) => `${column}::text`, text: (value) => String(value).toLowerCase() },
  text: { sql: (column) => `to_json(${column})::text`, text: (value) => JSON.stringify(value) },
  integer: asText,
  bigint: asText,
  boolean: asText,
  numeric: { sql: (column) => `trim_scale(${column})::text`, text: (value) => new Decimal(String(value)).toFixed() },
  // A Date has no microseconds, and loses those that the database has.
  timestamptz: {
    sql: (column) => `floor(extract(epoch from ${column}) * 1000)::bigint::text`,
    text: (value) => String(instantOf(value)),
  },
  date: { sql: (column) => `to_char(${column}, 'YYYY-MM-DD')`, text: String },
  bytea: { sql: (column) => `encode(${column}, 'hex')`, text: (value) => (value as Buffer).toString('hex') },
  jsonb: { sql: (column) => `${column}::text`, text: jsonbText },
};

const ARRAY: Form = { sql: (column) => `to_jsonb(${column})::text`, text: jsonbText };
const IDS: Form = { ...ARRAY, text: (value) => jsonbText((value as string[]).map((id) => id.toLowerCase())) };

interface ToldColumn {
  readonly name: string;
  readonly form: Form;
  /** What it has where nobody says anything, in its form; null for nothing. */
  readonly usual: string | null;
  readonly of: (entity: object) => unknown;
}

/** The id and the version stand beside the text, not in it. */
const BESIDE = new Set(['id', 'version']);

/** Columns that move without any event, and of which none tells: when a session was last used. */
const movingBeside = ({ target }: EntityMetadata): readonly string[] =>
  (target as { movesUntold?: readonly string[] }).movesUntold ?? [];

const known = new WeakMap<EntityMetadata, readonly ToldColumn[]>();

function columnsOf(entity: EntityMetadata): readonly ToldColumn[] {
  const found = known.get(entity);
  if (found) return found;
  const beside = movingBeside(entity);
  const columns = entity.columns
    .filter(({ databaseName, propertyName }) => !BESIDE.has(databaseName) && !beside.includes(propertyName))
    .map((column) => toldColumn(entity, column))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  known.set(entity, columns);
  return columns;
}

function toldColumn(entity: EntityMetadata, column: ColumnMetadata): ToldColumn {
  const form = column.isArray ? (column.type === 'uuid' ? IDS : ARRAY) : FORMS[String(column.type)];
  if (!form)
    throw new Error(`Nobody says how ${entity.name}.${column.propertyPath} (${String(column.type)}) is written.`);
  const usual = ['number', 'string', 'boolean'].includes(typeof column.default) ? form.text(column.default) : null;
  return { name: column.databaseName, form, usual, of: (row) => column.getEntityValue(row) as unknown };
}

/** What a row says after a change: what the patch says of a column, else what the row has. */
export function rowText(entity: EntityMetadata, row: object, patch: object = {}): string {
  const pieces: string[] = [];
  for (const { name, form, usual, of } of columnsOf(entity)) {
    const changed = of(patch);
    const value = changed === undefined ? of(row) : changed;
    if (value === undefined || value === null) continue;
    const text = form.text(value);
    if (text !== usual) pieces.push(`${name}=${text}`);
  }
  return pieces.join(',');
}

/** The hash of that text as PostgreSQL computes it of the row. */
function rowHashSql(entity: EntityMetadata): string {
  const pieces = columnsOf(entity).map(({ name, form, usual }) => {
    const text = form.sql(`"${name}"`);
    return `'${name}=' || ${usual === null ? text : `nullif(${text}, '${usual.replaceAll("'", "''")}')`}`;
  });
  return `sha256(convert_to(concat_ws(',', ${pieces.join(', ')}), 'UTF8'))`;
}

/**
 * Of every row of these entities its type, id, version and the hash of what it says, and nothing of that itself. No version where the database
 * itself moves it.
 */
export const rowsSql = (entities: readonly EntityMetadata[]): string =>
  entities
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((entity) => {
      const version = movesItsVersion(entity) ? 'NULL::integer' : 'version';
      return `SELECT '${entity.name}' AS type, id, ${version} AS version, created_at, ${rowHashSql(entity)} AS hash FROM public.${entity.tableName}`;
    })
    .join('\nUNION ALL ');

/** Whether triggers raise the version of its rows, too. */
const movesItsVersion = ({ target }: EntityMetadata): boolean =>
  (target as { versionMoves?: boolean }).versionMoves === true;

export const rowHash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Characters of a digest: its first 128 bits in base64url. */
const LENGTH = 22;

/**
 * What an event says of a row that was saved with it: a MAC of the hash, since a hash alone could be guessed by whoever knows most of the row
 * (RFC 2104, truncated as its section 5 allows).
 */
export const rowDigest = (key: Uint8Array, type: string, id: string, hash: Buffer): string =>
  mac(key, Buffer.concat([Buffer.from(`row\n${type}\n${id.toLowerCase()}\n`), hash]))
    .toString('base64url')
    .slice(0, LENGTH);
