import { snakeCase } from './database';
import { isId } from './ids';
import { lift, type Slot } from './slot';
import { join, name, raw, sql, type Sql } from './sql';

/**
 * How a type is read, declared once beside the type in `<noun>.read.ts`. Nothing is readable that is not declared, and
 * what is declared says everything: columns, relations, who sees which rows, and which values are masked (a masked field
 * reads the masked column; the sealed one is never selected by a read).
 */
export interface Read {
  /** The GraphQL type, and the CASL subject whose `read` rules decide which rows exist for a viewer. */
  readonly type: string;
  readonly table: string;
  readonly fields: Record<string, FieldRead>;
  /** Conditions that a client may ask for, by name in the filter input. */
  readonly filters: Record<string, FilterRead>;
  /** Sort keys by the name of the order enum without _ASC and _DESC. Never null, never masked; the id breaks ties. */
  readonly orders: Record<string, OrderKey>;
  readonly defaultOrder: string;
  /** Reading rows of it is itself told in the trail. */
  readonly told: boolean;
  /** Rows of a part (an invoice's line) are seen by whoever sees the whole, and reached only through it. */
  readonly partOfWhole: boolean;
}

export interface OrderKey {
  column: string;
  /** PostgreSQL type of the column, for the cursor's values. */
  type: 'timestamptz' | 'text' | 'date' | 'integer' | 'bigint';
}

/**
 * What a declaration may say of whoever looks, and when. These values, like those of filters, become parameters of the
 * statement: a declaration puts them into SQL and cannot look into them (but for a boolean that a filter asks for), so
 * that one compiled statement serves every viewer of a kind.
 */
export interface Viewing {
  /** Id of the user, or null. */
  readonly viewerId: string | null | Slot;
  /** Id of their session, or null. */
  readonly sessionId: string | null | Slot;
  /** Names of their roles: what makes a kind of viewer. */
  readonly viewerRoles: readonly string[];
  readonly now: Date | Slot;
  /** Whether the viewer may do this to a row, by their roles. */
  readonly may: (action: string, type: string, row: string) => Sql;
}

/** `json`: JSON already. `token`: text without a character that JSON would escape, so that quotes are all that it needs. */
export type Form = 'json' | 'token';

/** What several values of a row come from and is looked up once: at most one row, under a name of its own. */
export interface Source {
  of: (row: string) => string;
  select: (row: string) => Sql;
}

export type FilterRead = (row: string, value: never, viewing: Viewing) => Sql;
type Expression = (row: string, viewing: Viewing) => Sql;
type OnParent = (child: string, parent: string, viewing: Viewing) => Sql;

export type FieldRead =
  /** One value, written as its field's type says unless it has a form of its own. */
  | { kind: 'value'; expression: Expression; form?: Form; column?: string; from?: Source }
  /** The elements of a jsonb array, each an object with the members that the type names. */
  | { kind: 'elements'; expression: Expression; from?: Source }
  | { kind: 'group'; fields: Record<string, FieldRead>; present?: Expression }
  | { kind: 'one'; read: () => Read; on: OnParent }
  | { kind: 'list'; read: () => Read; on: OnParent; order: string }
  | { kind: 'connection'; read: () => Read; on: OnParent };

interface Declaration {
  table: string;
  fields: Record<string, FieldRead>;
  filters?: Record<string, FilterRead>;
  orders?: Record<string, OrderKey>;
  defaultOrder?: string;
  partOfWhole?: boolean;
  told?: boolean;
}

/** The usual sort keys. */
export const CREATED_AT: OrderKey = { column: 'created_at', type: 'timestamptz' };
export const CODE: OrderKey = { column: 'code', type: 'text' };

export const declareRead = (type: string, declaration: Declaration): Read => ({
  type,
  filters: {},
  partOfWhole: false,
  told: false,
  ...declaration,
  orders: declaration.orders ?? { CREATED_AT },
  defaultOrder: declaration.defaultOrder ?? 'CREATED_AT_DESC',
});

/** Adds what a later feature knows of an earlier type: billing gives an account its invoices. */
export function extendRead(read: Read, fields: Record<string, FieldRead>): void {
  for (const field of Object.keys(fields))
    if (read.fields[field]) throw new Error(`${read.type}.${field} is declared twice.`);
  Object.assign(read.fields, fields);
}

/** A column of a row: `t1."legal_name"`. */
export const column = (row: string, of: string): Sql => sql`${name(row)}.${name(of)}`;

const value = (expression: Expression): FieldRead => ({ kind: 'value', expression });

/** A column of what the field's type says: text, an integer, a boolean, a date, an id, jsonb. */
export const plain = (of: string): FieldRead => value((row) => column(row, of));

/** Several plain columns whose field is the column's name in camel case. */
export const plains = (...fields: string[]): Record<string, FieldRead> =>
  Object.fromEntries(fields.map((field) => [field, plain(snakeCase(field))]));

/**
 * Like `plains`, for codes: a constraint of the table (`<table>_<column>_plain`) keeps every character away that JSON would
 * escape. To look for such costs more than the rest of a short text does.
 */
export const tokens = (...fields: string[]): Record<string, FieldRead> =>
  Object.fromEntries(fields.map((field) => [field, token(snakeCase(field))]));

const token = (of: string): FieldRead => ({
  kind: 'value',
  expression: (row) => column(row, of),
  form: 'token',
  column: of,
});

/** Bytes in hex. */
export const hex = (of: string): FieldRead => ({
  kind: 'value',
  expression: (row) => sql`encode(${column(row, of)}, 'hex')`,
  form: 'token',
});

/** timestamptz → RFC 3339 in UTC, to the millisecond. */
export const instant = (of: string): FieldRead => value((row) => instantOf(column(row, of)));

export const instantOf = (of: Sql): Sql => sql`to_char(${of} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** numeric → a plain decimal without superfluous zeros. */
export const decimal = (of: string): FieldRead => value((row) => sql`trim_scale(${column(row, of)})::text`);

/** Minor units and their currency → Money, exact, with all decimals of the currency. */
export function money(minor: string | Expression, currency: string | Expression = 'currency'): FieldRead {
  const of =
    (what: string | Expression): Expression =>
    (row, viewing) =>
      typeof what === 'string' ? column(row, what) : what(row, viewing);
  const [units, code] = [of(minor), of(currency)];
  return group(
    {
      amount: value((row, viewing) => sql`amount_text(${units(row, viewing)}, ${code(row, viewing)})`),
      currency: {
        kind: 'value',
        expression: code,
        form: 'token',
        ...(typeof currency === 'string' && { column: currency }),
      },
    },
    (row, viewing) => sql`(${units(row, viewing)} is not null and ${code(row, viewing)} is not null)`,
  );
}

/** A sensitive value: its masked column, whoever looks. Seeing it is revealSensitiveValue's. */
export const masked = (of: string): FieldRead => plain(`${of}_masked`);

/** Anything that SQL can say. The viewer's values are parameters. */
export const computed = (expression: Expression): FieldRead => value(expression);

/** Anything that SQL can say and that is JSON already: a part of a document, a list. */
export const computedJson = (expression: Expression, from?: Source): FieldRead => ({
  kind: 'value',
  expression,
  form: 'json',
  ...(from && { from }),
});

/** The objects of a jsonb array: each field of theirs is the member of its name. */
export const elements = (expression: Expression, from?: Source): FieldRead => ({
  kind: 'elements',
  expression,
  ...(from && { from }),
});

/** An object within the same row; null unless it is present. */
export const group = (fields: Record<string, FieldRead>, present?: Expression): FieldRead => ({
  kind: 'group',
  fields,
  ...(present && { present }),
});

/** The row that a foreign key names. Null when the viewer may not see it. */
export const one = (read: () => Read, foreignKey: string): FieldRead => ({
  kind: 'one',
  read,
  on: (child, parent) => sql`${column(child, 'id')} = ${column(parent, foreignKey)}`,
});

/** The rows whose foreign key names this one, by pages. */
export const connection = (read: () => Read, foreignKey: string): FieldRead => ({
  kind: 'connection',
  read,
  on: (child, parent) => sql`${column(child, foreignKey)} = ${column(parent, 'id')}`,
});

/** The rows whose foreign key names this one, all of them: parts of a whole. At most LIST_LIMIT. */
export const list = (read: () => Read, foreignKey: string, order: string): FieldRead => ({
  kind: 'list',
  read,
  on: (child, parent) => sql`${column(child, foreignKey)} = ${column(parent, 'id')}`,
  order,
});

/** Like `list`, for what is joined otherwise. */
export const listWhere = (read: () => Read, on: OnParent, order: string): FieldRead => ({
  kind: 'list',
  read,
  on,
  order,
});

export const LIST_LIMIT = 1000;

/** The usual filters. */
export const equals =
  (of: string, type: 'text' | 'uuid' | 'boolean'): FilterRead =>
  (row, wanted) =>
    sql`${column(row, of)} = ${type === 'uuid' ? idOrNothing(wanted) : wanted}::${raw(type)}`;

/** An ID that could name no row matches none, as an unknown one does. */
export const idOrNothing = (id: unknown): unknown => lift(id, (given) => (isId(given) ? given : null));

/** A text contained in any of the columns, whatever its case; `%` and `_` mean themselves. */
export const contains =
  (...columns: string[]): FilterRead =>
  (row, text) => {
    const searched = join(
      columns.map((of) => column(row, of)),
      ` || ' ' || `,
    );
    return sql`position(lower(${text}::text) in lower(${searched})) > 0`;
  };
