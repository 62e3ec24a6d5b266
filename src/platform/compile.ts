import {
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  isNonNullType,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields';
import { getArgumentValues } from 'graphql/execution/values';
import { assertArguments } from './arguments';
import { Beside, type Gathered } from './beside';
import { ConnectionText } from './compile-connection';
import { type Listed, listText } from './compile-list';
import { type Budget, ROWS_OF_A_LIST } from './limits';
import { arrayText, joined, jsonText, type JsonText, leafText, objectText, orNull, textOf } from './json-text';
import type { PageArgs } from './pagination';
import { column, type FieldRead, type Read, type Viewing } from './read';
import { and, literal, name, raw, sql, type Sql } from './sql';

type Fields = ReadonlyMap<string, readonly FieldNode[]>;

/** What is asked of a field, below which everything is compiled: its nodes and its type. */
export interface Selection {
  nodes: readonly FieldNode[];
  type: GraphQLOutputType;
}

/** The arguments that a connection was given, beside those of the page. */
export type ConnectionArguments = PageArgs & { filter?: Record<string, unknown> | null; orderBy?: string | null };

/** What a compiler works with. Values of variables, of the viewer and the instant may be slots. */
export interface Compiling {
  readonly info: Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'variableValues'>;
  readonly viewing: Viewing;
  readonly budget: Budget;
  /** Signs the cursors of pages. */
  readonly cursorKey: Buffer;
  /**
   * Whether the answer goes out as it is. Then the statement is given up (SQLSTATE CS001) where something is null that must
   * not be; else graphql-js walks the answer, and says so itself.
   */
  readonly final: boolean;
  /** Called when rows are read whose reading is itself told. */
  readonly tell: () => void;
  /** Called with values that the statement does not hold, and which may be refused nevertheless when a slot is filled. */
  readonly heed: (values: unknown[]) => void;
}

/** A field is asked for that the viewer may not see: null with an error, which graphql-js puts in its place. */
export class Hidden extends Error {}

/** What stands in an answer that graphql-js walks for a field that the viewer may not see: a text where objects belong. */
const hiddenMark = (type: string): string => JSON.stringify(type);

/**
 * Compiles a selection over a read into one SQL expression that yields finished JSON as text, keyed by response keys, as
 * graphql-js would have written it. Permission (scope) and masks are decided here, once, not per row. Arguments become
 * parameters; only checked page sizes and names from declarations become text.
 */
export class Compiler {
  private aliases = 0;
  /** How often what is being compiled is fetched. */
  private times = 1;
  /** The rows that what is being compiled is shown of; null at the top. */
  beside: Beside | null = null;
  readonly viewing: Viewing;

  constructor(readonly compiling: Compiling) {
    this.viewing = compiling.viewing;
  }

  /** The fields asked of an object, merged as GraphQL merges them. */
  fieldsOf(selection: Selection): Fields {
    const { schema, fragments, variableValues } = this.compiling.info;
    return collectSubfields(schema, fragments, variableValues, objectType(selection.type), selection.nodes);
  }

  /** The type and nodes of one field of an object, or null for `__typename`. */
  below(parent: Selection, nodes: readonly FieldNode[]): Selection | null {
    const field = objectType(parent.type).getFields()[nodes[0]!.name.value];
    return field ? { nodes, type: field.type } : null;
  }

  /** The arguments of a field, checked. Leaves that come from variables may be slots. */
  argumentsOf(parent: GraphQLObjectType, nodes: readonly FieldNode[]): Record<string, unknown> {
    const field = parent.getFields()[nodes[0]!.name.value]!;
    const given = getArgumentValues(field, nodes[0]!, this.compiling.info.variableValues);
    assertArguments(given);
    return given;
  }

  /** One row that satisfies a condition and that the viewer may see, or JSON's null. */
  one(read: Read, where: (row: string) => Sql, selection: Selection): JsonText {
    const row = this.alias();
    const { beside } = this;
    const shown = this.gather(null, false, () =>
      this.fetched(1, () => this.whole(this.object(read.fields, row, selection))),
    );
    const found = this.found(read, row, and([where(row), this.scope(read, row)]), shown, beside);
    return [this.mayBeNull(selection.type) ? orNull(found) : orGivenUp(found)];
  }

  private found(
    read: Read,
    row: string,
    matching: Sql,
    { compiled, joins }: Gathered<Sql>,
    beside: Beside | null,
  ): Sql {
    const from = sql`${name(read.table)} ${name(row)}`;
    if (beside?.sorted) {
      beside.join(sql`left join ${from} on ${matching}${joins}`);
      return sql`case when ${column(row, 'id')} is not null then ${compiled} end`;
    }
    const select = sql`select ${compiled} as data from ${from}${joins} where ${matching} limit 1`;
    if (!beside) return sql`(${select})`;
    const looked = name(`${row}_one`);
    beside.join(sql`left join lateral (${select}) ${looked} on true`);
    return sql`${looked}.data`;
  }

  /** All rows that satisfy a condition, at most LIST_LIMIT (of each parent), as an array. */
  list(listed: Listed, selection: Selection): JsonText {
    return listText(this, listed, selection);
  }

  /** A page of the rows that satisfy a condition. */
  connection(read: Read, where: (row: string) => Sql, args: ConnectionArguments, selection: Selection): JsonText {
    const row = this.alias();
    const matching = and([where(row), this.scope(read, row), ...this.filters(read, row, args.filter)]);
    return new ConnectionText(this, { read, row, matching, args, selection }).text();
  }

  /** A JSON object of the fields that are asked of a row. */
  object(declared: Record<string, FieldRead>, row: string, selection: Selection): JsonText {
    return this.build(selection, (field, asked) => {
      const read = declared[field];
      return read && this.field(read, row, asked, objectType(selection.type));
    });
  }

  /** Members by what is asked; `valueOf` knows what each is, or nothing. */
  build(selection: Selection, valueOf: (field: string, asked: Selection) => JsonText | undefined): JsonText {
    const type = objectType(selection.type);
    const members = [...this.fieldsOf(selection)].map(([key, nodes]): [string, JsonText] => {
      const asked = this.below(selection, nodes);
      if (!asked) return [key, [`"${type.name}"`]];
      const value = valueOf(nodes[0]!.name.value, asked);
      if (!value) throw new Error(`${type.name}.${nodes[0]!.name.value} has no read declaration.`);
      return [key, value];
    });
    this.compiling.budget.spend({ pairs: members.length, values: members.length * this.times });
    return objectText(members);
  }

  /**
   * Compiles what is shown of many rows, and gathers what they have to be joined with: rows that they name are looked up by
   * joins, which PostgreSQL can remember from one row to the next (Memoize) or make for all at once, as it cannot with a
   * subselect.
   */
  gather<T>(rows: Sql | null, sorted: boolean, compile: () => T): Gathered<T> {
    const outside = this.beside;
    const beside = (this.beside = new Beside(rows, sorted));
    const compiled = compile();
    this.beside = outside;
    return { compiled, joins: beside.joined, named: beside.named };
  }

  /** Whether what is being compiled is fetched for no more than one parent. */
  get once(): boolean {
    return this.times === 1;
  }

  /** Compiles what is fetched so many times for each of its parents. */
  fetched<T>(times: number, compile: () => T): T {
    const outside = this.times;
    this.times *= times;
    this.compiling.budget.spend({ rows: this.times });
    const compiled = compile();
    this.times = outside;
    return compiled;
  }

  /** The text of an object, for whatever gathers such texts: all of it or, where a part must not be null, nothing. */
  whole(object: JsonText): Sql {
    return this.compiling.final ? orGivenUp(textOf(object)) : textOf(object);
  }

  private mayBeNull(type: GraphQLOutputType): boolean {
    return !this.compiling.final || !isNonNullType(type);
  }

  private field(read: FieldRead, row: string, asked: Selection, parent: GraphQLObjectType): JsonText {
    switch (read.kind) {
      case 'value': {
        this.beside!.from(read.from, row);
        const expression = read.expression(row, this.viewing);
        if (read.form === 'json') return jsonText(expression);
        return leafText(asked.type, expression, this.mayBeNull(asked.type), read.form === 'token');
      }
      case 'elements':
        this.beside!.from(read.from, row);
        return this.elements(read.expression(row, this.viewing), asked);
      case 'group': {
        const object = this.object(read.fields, row, asked);
        if (!read.present || isNonNullType(asked.type)) return object;
        return [sql`case when ${read.present(row, this.viewing)} then ${textOf(object)} else 'null' end`];
      }
      case 'one':
        // One that must be there cannot be null for whoever may not see it.
        return this.unlessHidden(read.read(), isNonNullType(asked.type), () =>
          this.one(read.read(), (child) => read.on(child, row, this.viewing), asked),
        );
      case 'list':
        return this.unlessHidden(read.read(), !isNonNullType(asked.type), () =>
          this.list(
            {
              read: read.read(),
              parent: row,
              where: (child) => read.on(child, row, this.viewing),
              order: read.order,
            },
            asked,
          ),
        );
      case 'connection':
        return this.unlessHidden(read.read(), !isNonNullType(asked.type), () =>
          this.connection(
            read.read(),
            (child) => read.on(child, row, this.viewing),
            this.argumentsOf(parent, asked.nodes),
            asked,
          ),
        );
    }
  }

  /** Rows of a type of which the viewer may see none: not an empty list, which would say that there are none. */
  private unlessHidden(read: Read, tells: boolean, compile: () => JsonText): JsonText {
    const text = compile();
    if (!tells || !isFalse(this.scope(read, this.alias()))) return text;
    if (this.compiling.final) throw new Hidden();
    return [hiddenMark(read.type)];
  }

  private elements(array: Sql, selection: Selection): JsonText {
    const row = this.alias();
    const element = this.fetched(ROWS_OF_A_LIST, () =>
      this.build(selection, (member) => jsonText(sql`${name(row)}.value -> ${literal(member)}`)),
    );
    return [
      sql`(select ${textOf(arrayText(joined(this.whole(element), sql` order by ${name(row)}.ordinality`)))}
        from jsonb_array_elements(${array}) with ordinality ${name(row)})`,
    ];
  }

  private filters(read: Read, row: string, filter: Record<string, unknown> | null | undefined): Sql[] {
    return Object.entries(filter ?? {})
      .filter(([, wanted]) => wanted !== null && wanted !== undefined)
      .map(([field, wanted]) => {
        const condition = read.filters[field];
        if (!condition) throw new Error(`${read.type} cannot be filtered by ${field}.`);
        return condition(row, wanted as never, this.viewing);
      });
  }

  /** The rows that exist for the viewer. A part is seen by whoever sees the whole that it was reached through. */
  scope(read: Read, row: string): Sql {
    if (read.told) this.compiling.tell();
    return read.partOfWhole ? raw('true') : this.viewing.may('read', read.type, row);
  }

  alias(): string {
    this.aliases += 1;
    return `t${this.aliases}`;
  }
}

const isFalse = ({ strings, values }: Sql): boolean => values.length === 0 && strings[0] === 'false';

const orGivenUp = (text: Sql): Sql => sql`coalesce(${text}, null_refused())`;

export function objectType(type: GraphQLOutputType): GraphQLObjectType {
  return getNamedType(getNullableType(type)) as GraphQLObjectType;
}
