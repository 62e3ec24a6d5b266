/** A piece of SQL and its values (or slots for them), which never become text. Pieces nest: sql`select ${a} from ${b}`. */
export class Sql {
  constructor(
    readonly strings: readonly string[],
    readonly values: readonly unknown[],
  ) {}

  /** The text with $1, $2 … and the values in that order. */
  toQuery(): { text: string; values: unknown[] } {
    const values: unknown[] = [];
    const text = render(this, values);
    return { text, values };
  }
}

function render(piece: Sql, values: unknown[]): string {
  return piece.strings.reduce((text, part, index) => {
    const value = piece.values[index - 1];
    if (value instanceof Sql) return text + render(value, values) + part;
    values.push(value);
    return `${text}$${values.length}${part}`;
  });
}

export const sql = (strings: TemplateStringsArray, ...values: unknown[]): Sql => new Sql(strings, values);

/** Text that is SQL itself. Only for constants of this code: names, page sizes that were checked. */
export const raw = (text: string): Sql => new Sql([text], []);

const IDENTIFIER = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/;

/** A table, a column, an alias. Throws on what could be anything else. */
export function name(text: string): Sql {
  if (!IDENTIFIER.test(text)) throw new Error(`Not a name: ${text}`);
  return raw(
    text
      .split('.')
      .map((part) => `"${part}"`)
      .join('.'),
  );
}

/** A text constant of this code, as a literal: keys of JSON objects. */
export const literal = (text: string): Sql => raw(`'${text.replaceAll("'", "''")}'`);

export function join(pieces: readonly Sql[], separator: string): Sql {
  if (pieces.length === 0) return raw('');
  return new Sql(['', ...pieces.slice(1).map(() => separator), ''], pieces);
}

/** All of them, or true when there are none. */
export const and = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0 ? raw('true') : sql`(${join(conditions, ' and ')})`;

/** Any of them, or false when there are none. */
export const or = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0 ? raw('false') : sql`(${join(conditions, ' or ')})`;
