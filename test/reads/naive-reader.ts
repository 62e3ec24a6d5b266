import canonicalize from 'canonicalize';
import {
  buildSchema,
  execute,
  type ExecutionResult,
  getNamedType,
  type GraphQLResolveInfo,
  type GraphQLScalarType,
  type GraphQLSchema,
  isNonNullType,
  parse,
  printSchema,
} from 'graphql';
import { bareSchema } from '../../src/schema';
import { type Looker, permissionsOf, refusalAt, sees } from './naive-access';
import { assertCursors, connection, refusal } from './naive-connection';
import { mayDecide } from './naive-approvals';
import { resolversOf, type Rows } from './naive-resolvers';
import { Instant, type Row, type Table, type Tables } from './naive-rows';
import { sameId, TYPES, type World } from './naive-types';

/** Marks a value of the scalar JSON, in whose objects the order of keys means nothing. */
export const JSON_VALUE = 'JSON of any order: ';

/** The schema as it is printed: types and fields without any of our resolvers. */
export function printedSchema(): GraphQLSchema {
  const schema = buildSchema(printSchema(bareSchema()));
  const json = schema.getType('JSON') as GraphQLScalarType;
  json.serialize = (value) => `${JSON_VALUE}${canonicalize(value)}`;
  return schema;
}

/** The same with root fields that may be null, so that every one of them is carried out whatever the others do. */
function lenientSchema(): GraphQLSchema {
  const schema = printedSchema();
  for (const field of Object.values(schema.getQueryType()!.getFields()))
    if (isNonNullType(field.type)) field.type = field.type.ofType as typeof field.type;
  return schema;
}

export interface Document {
  text: string;
  variables?: Record<string, unknown>;
  operationName?: string | undefined;
}

/** `[path, code]` of each error, in order. */
export type Refusals = string[];

export interface Expected {
  data: unknown;
  errors: Refusals;
  /** The errors that root fields beside the first one may have added, where `data` is null. */
  possible: Refusals;
}

const snake = (name: string) => name.replaceAll(/[A-Z]/g, '_$&').toLowerCase();

/**
 * Reads documents in the plainest way there is: graphql-js walks them over rows in memory. It shares no code with the
 * compiler of reads, its declarations, or its scope; what both answer must be the same to the byte.
 */
export class NaiveReader implements Rows {
  private readonly schema = printedSchema();
  private readonly lenient = lenientSchema();
  /** The fields that were ever answered with a value, and those that were answered with null. */
  readonly met = { value: new Set<string>(), null: new Set<string>() };
  private readonly indexes = new Map<string, Map<unknown, Row[]>>();

  constructor(
    private readonly tables: Tables,
    readonly cursorKey: Buffer,
    private readonly now: () => Date,
  ) {}

  /** What somebody is answered. */
  answer(who: Looker | null, { text, variables = {}, operationName }: Document): Expected {
    const run = (schema: GraphQLSchema) =>
      JSON.parse(
        JSON.stringify(
          execute({
            schema,
            document: parse(text),
            rootValue: {},
            variableValues: variables,
            operationName,
            fieldResolver: this.resolverFor(who),
          }),
        ),
      ) as ExecutionResult;
    const { data, errors } = run(this.schema);
    const shown = refusalsOf(errors);
    return { data, errors: shown, possible: data === null ? refusalsOf(run(this.lenient).errors) : shown };
  }

  /** Rows that came meanwhile. */
  add(table: Table, rows: readonly Row[]): void {
    this.tables[table].push(...rows);
    for (const key of this.indexes.keys()) if (key.startsWith(`${table}/`)) this.indexes.delete(key);
  }

  /** All rows of a table, as they are by now. */
  renew(table: Table, rows: readonly Row[]): void {
    this.tables[table].length = 0;
    this.add(table, rows);
  }

  world(): World {
    return {
      now: this.now(),
      all: (table) => this.tables[table],
      row: (table, id) => this.where(table, 'id', id)[0] ?? null,
    };
  }

  /** The rows that have a value in a column, in the order of their ids. */
  where(table: Table, column: string, value: unknown): readonly Row[] {
    const key = `${table}/${column}`;
    const known = this.indexes.get(key);
    if (known) return known.get(value) ?? [];
    const index = new Map<unknown, Row[]>();
    for (const row of this.tables[table]) {
      const those = index.get(row[column]);
      if (those) those.push(row);
      else index.set(row[column], [row]);
    }
    this.indexes.set(key, index);
    return index.get(value) ?? [];
  }

  private resolverFor(who: Looker | null) {
    const resolvers = resolversOf(this, who);
    return (row: Row, args: Record<string, unknown>, _context: unknown, info: GraphQLResolveInfo): unknown => {
      const { fieldName, parentType } = info;
      const resolver = resolvers[parentType.name]?.[fieldName];
      const value: unknown =
        parentType.name === 'Query'
          ? this.root(who, args, info)
          : resolver
            ? resolver(row, args)
            : row[fieldName in row ? fieldName : snake(fieldName)];
      this.met[value === null ? 'null' : 'value'].add(`${parentType.name}.${fieldName}`);
      return value instanceof Instant ? value.iso : value;
    };
  }

  private root(who: Looker | null, args: Record<string, unknown>, info: GraphQLResolveInfo): unknown {
    const name = getNamedType(info.returnType).name;
    const type = name.replace(/Connection$/, '');
    const code = refusalAt(info.fieldName, type, who);
    if (code) throw refusal(code);
    if (name === 'Viewer') return who && { ...who, permissions: permissionsOf(who) };
    assertCursors(info, args, this.cursorKey);
    const rows = this.tables[TYPES[type]!.table].filter((row) => sees(who, type, row, this.world()));
    if (name === type) return rows.find((row) => sameId(row.id as string, args.id as string)) ?? null;
    const asked = info.fieldName === 'myApprovals' ? rows.filter((row) => mayDecide(who!, row, this.world())) : rows;
    return connection(type, asked, args, this.world(), this.cursorKey);
  }
}

export const refusalsOf = (errors: ExecutionResult['errors'] | undefined): Refusals =>
  (errors ?? [])
    .map(({ path, extensions }) => JSON.stringify([path ?? null, extensions?.code ?? 'INTERNAL']))
    .toSorted();
