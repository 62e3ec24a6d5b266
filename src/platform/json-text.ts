import { getNullableType, type GraphQLOutputType, isEnumType, isListType } from 'graphql';
import { Slot } from './slot';
import { join, literal, raw, type Sql, sql } from './sql';

/**
 * JSON that PostgreSQL writes as text: constant pieces and expressions of type text that are never null. Assembled with
 * `||` it costs half of what json_build_object and json_agg do.
 */
export type JsonText = readonly (string | Sql)[];

/** At so many operands a chain of `||` is put in brackets: a chain of thousands would nest as deep in the parser. */
const CHAIN = 64;

/** One expression of type text. */
export function textOf(json: JsonText): Sql {
  const merged: (string | Sql)[] = [];
  for (const part of json) {
    const last = merged.at(-1);
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part;
    else merged.push(part);
  }
  return chain(merged.map((part) => (typeof part === 'string' ? sql`${literal(part)}::text` : part)));
}

function chain(operands: readonly Sql[]): Sql {
  if (operands.length === 1) return operands[0]!;
  if (operands.length <= CHAIN) return sql`(${join(operands, ' || ')})`;
  const links = Array.from({ length: Math.ceil(operands.length / CHAIN) }, (_, index) =>
    chain(operands.slice(index * CHAIN, (index + 1) * CHAIN)),
  );
  return chain(links);
}

/** An object of these members, by response key. */
export function objectText(members: readonly (readonly [key: string, value: JsonText])[]): JsonText {
  if (members.length === 0) return ['{}'];
  return [...members.flatMap(([key, value], index) => [`${index === 0 ? '{' : ','}"${key}":`, ...value]), '}'];
}

/** An expression of type text, or JSON's null in its place. */
export const orNull = (expression: Sql): Sql => sql`coalesce(${expression}, 'null')`;

/** What needs quotes and nothing else, since no value of it has a character that JSON would escape. */
const QUOTED = new Set(['ID', 'DateTime', 'LocalDate', 'Decimal']);
/** What PostgreSQL and JSON write alike. */
const BARE = new Set(['Int', 'Boolean', 'JSON']);

/**
 * The value of a column or expression as JSON, by the GraphQL type of its field; null only where `nullable`. `quoted` says
 * that it needs quotes and nothing else, whatever its type.
 */
export function leafText(type: GraphQLOutputType, expression: Sql, nullable: boolean, quoted = false): JsonText {
  const named = getNullableType(type);
  const written = (text: Sql): JsonText => [nullable ? orNull(text) : text];
  if (isListType(named)) return written(sql`to_json(${expression})::text`);
  if (BARE.has(named.name)) return written(sql`(${expression})::text`);
  if (!quoted && !QUOTED.has(named.name) && !isEnumType(named)) return written(sql`to_json(${expression})::text`);
  return nullable ? [orNull(sql`'"' || (${expression})::text || '"'`)] : ['"', sql`(${expression})::text`, '"'];
}

/** An expression that is JSON or jsonb already. */
export const jsonText = (expression: Sql): JsonText => [orNull(sql`(${expression})::text`)];

/** An array of the texts of rows. */
export const arrayText = (aggregate: Sql): JsonText => ['[', sql`coalesce(${aggregate}, '')`, ']'];

/** Rows' texts with commas between. */
export const joined = (text: Sql, order = raw('')): Sql => sql`string_agg(${text}, ','${order})`;

/** A leaf of ours: a constant, or a slot that each request fills. */
export const leafValue = (value: unknown): JsonText =>
  value instanceof Slot ? [sql`${value.map((leaf) => JSON.stringify(leaf))}::text`] : [JSON.stringify(value)];
