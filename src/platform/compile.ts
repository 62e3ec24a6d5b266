import {
  type FieldNode,
  getNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields';
import { getArgumentValues } from 'graphql/execution/values';
import type { Context } from './context';
import { type Budget, budgetOf, ROWS_OF_A_LIST } from './limits';
import { assertText } from './text';
import { cursorPads, type PageArgs, pageSizes, readCursor } from './pagination';
import { column, type FieldRead, LIST_LIMIT, type OrderKey, type Read, type Viewing } from './read';
import { permitted } from './scope';
import { and, join, literal, name, raw, sql, type Sql } from './sql';

type Fields = ReadonlyMap<string, readonly FieldNode[]>;

/** What is asked of a field, below which everything is compiled: its nodes and its type. */
export interface Selection {
  nodes: readonly FieldNode[];
  type: GraphQLOutputType;
}

/** The arguments that a connection was given, beside those of the page. */
type ConnectionArguments = PageArgs & { filter?: Record<string, unknown> | null; orderBy?: string | null };

/**
 * Compiles a selection over a read into one SQL expression that yields finished JSON, keyed by response keys. Permission
 * (scope) and masks are decided here, once, not per row. Arguments become parameters; only checked page sizes and names
 * from declarations become text.
 */
export class Compiler {
  private aliases = 0;
  /** How often what is being compiled is fetched. */
  private times = 1;
  readonly viewing: Viewing;

  constructor(
    private readonly info: Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'variableValues'>,
    private readonly context: Context,
    private readonly budget: Budget = budgetOf(context),
  ) {
    const { actor } = context;
    this.viewing = {
      viewerId: actor?.id ?? null,
      viewerRoles: actor?.roles ?? [],
      now: context.app.clock(),
      may: (action, type, row) => permitted(action, type, row, actor),
    };
  }

  /** The fields asked of an object, merged as GraphQL merges them. */
  fieldsOf(selection: Selection): Fields {
    const { schema, fragments, variableValues } = this.info;
    return collectSubfields(schema, fragments, variableValues, objectType(selection.type), selection.nodes);
  }

  /** The type and nodes of one field of an object, or null for a meta field, which graphql-js answers itself. */
  below(parent: Selection, nodes: readonly FieldNode[]): Selection | null {
    const field = objectType(parent.type).getFields()[nodes[0]!.name.value];
    return field ? { nodes, type: field.type } : null;
  }

  /** One row that satisfies a condition and that the viewer may see; SQL null when there is none. */
  one(read: Read, where: (row: string) => Sql, selection: Selection): Sql {
    const row = this.alias();
    const object = this.fetched(1, () => this.object(read.fields, row, selection));
    return sql`(select ${object} from ${name(read.table)} ${name(row)}
      where ${and([where(row), this.scope(read, row)])} limit 1)`;
  }

  /** All rows that satisfy a condition, at most LIST_LIMIT, as an array. */
  list(read: Read, where: (row: string) => Sql, order: string, selection: Selection): Sql {
    const row = this.alias();
    const orderBy = join(
      order.split(',').map((key) => column(row, key.trim())),
      ', ',
    );
    const object = this.fetched(ROWS_OF_A_LIST, () => this.object(read.fields, row, selection));
    return sql`(select coalesce(json_agg(o.data), '[]'::json) from (
      select ${object} as data from ${name(read.table)} ${name(row)}
      where ${and([where(row), this.scope(read, row)])}
      order by ${orderBy} limit ${raw(String(LIST_LIMIT))}) o)`;
  }

  /** A page of the rows that satisfy a condition. */
  connection(read: Read, where: (row: string) => Sql, args: ConnectionArguments, selection: Selection): Sql {
    const row = this.alias();
    const { backward, fetch, keepLast } = pageSizes(args);
    const { order, key, descending } = orderOf(read, args.orderBy);
    const matching = and([where(row), this.scope(read, row), ...this.filters(read, row, args.filter)]);
    const beyond = [
      ...this.keyset(row, order, key, args.after, descending ? '<' : '>'),
      ...this.keyset(row, order, key, args.before, descending ? '>' : '<'),
    ];
    const direction = raw(descending !== backward ? 'desc' : 'asc');
    const keySql = column(row, key.column);
    // A bigint would lose digits as a JSON number.
    const inCursor = key.type === 'bigint' ? sql`${keySql}::text` : keySql;
    const id = column(row, 'id');
    const [inner, outer] = cursorPads(this.context.app.keys.cursor);
    const limit = raw(String(fetch));
    const page = name(`${row}_page`);
    const kept = keepLast === null ? raw('0') : sql`least(c, ${limit}) - ${raw(String(keepLast))}`;
    const more = sql`(select coalesce(max(c), 0) > ${limit} from ${page})`;
    const cut = keepLast === null ? raw('false') : sql`(select coalesce(max(${kept}), 0) > 0 from ${page})`;
    const parts: PageParts = {
      page,
      ordered: raw(backward ? 'n desc' : 'n asc'),
      reversed: raw(backward ? 'n asc' : 'n desc'),
      kept: sql`n <= ${limit} and n > ${kept}`,
      hasNextPage: backward ? raw(String(args.before != null)) : more,
      hasPreviousPage: backward ? more : sql`(${raw(String(args.after != null))} or ${cut})`,
      totalCount: sql`(select count(*) from ${name(read.table)} ${name(row)} where ${matching})`,
      // One column for each place in the document that asks for nodes: two places may ask for different things.
      nodes: [],
      nodeOf: (nodes) => this.fetched(fetch + 1, () => this.object(read.fields, row, nodes)),
      cursorAsked: false,
    };
    const answer = this.connectionObject(selection, parts);
    const cursor = parts.cursorAsked
      ? sql`cursor_of(json_build_array(${order}::text, ${inCursor}, ${id})::text, ${inner}::bytea, ${outer}::bytea)`
      : raw('null::text');
    const nodes = parts.nodes.map((node, index) => sql`, ${node} as ${name(`node_${index}`)}`);
    return sql`(with ${page} as materialized (
      select row_number() over (order by ${keySql} ${direction}, ${id} ${direction}) as n, count(*) over () as c,
        ${cursor} as cursor${join(nodes, '')}
      from (select * from ${name(read.table)} ${name(row)} where ${and([matching, ...beyond])}
        order by ${keySql} ${direction}, ${id} ${direction} limit ${raw(String(fetch + 1))}) ${name(row)}
      ) select ${answer})`;
  }

  private connectionObject(selection: Selection, parts: PageParts): Sql {
    const { page, kept, ordered, reversed } = parts;
    const all = (what: Sql) =>
      sql`(select coalesce(json_agg(${what} order by ${ordered}), '[]'::json) from ${page} where ${kept})`;
    const node = (nodes: Selection) => name(`node_${parts.nodes.push(parts.nodeOf(nodes)) - 1}`);
    const cursor = () => {
      parts.cursorAsked = true;
      return raw('cursor');
    };
    const end = (order: Sql) => sql`(select (array_agg(${cursor()} order by ${order}))[1] from ${page} where ${kept})`;
    const fields: Record<string, (asked: Selection) => Sql> = {
      totalCount: () => parts.totalCount,
      nodes: (asked) => all(node(asked)),
      edges: (asked) => all(this.build(asked, { cursor, node })),
      pageInfo: (asked) =>
        this.build(asked, {
          hasNextPage: () => parts.hasNextPage,
          hasPreviousPage: () => parts.hasPreviousPage,
          startCursor: () => end(ordered),
          endCursor: () => end(reversed),
        }),
    };
    return this.build(selection, fields);
  }

  /** A JSON object of the fields that are asked of a row. */
  object(declared: Record<string, FieldRead>, row: string, selection: Selection): Sql {
    const type = objectType(selection.type);
    const fields = Object.entries(declared).map(([field, read]): [string, FieldSql] => [
      field,
      (asked) =>
        this.field(read, row, asked, () =>
          getArgumentValues(type.getFields()[field]!, asked.nodes[0]!, this.info.variableValues),
        ),
    ]);
    return this.build(selection, Object.fromEntries(fields));
  }

  private field(read: FieldRead, row: string, selection: Selection, args: () => Record<string, unknown>): Sql {
    switch (read.kind) {
      case 'value':
        return read.expression(row, this.viewing);
      case 'group': {
        const object = this.object(read.fields, row, selection);
        return read.present ? sql`case when ${read.present(row, this.viewing)} then ${object} end` : object;
      }
      case 'one':
        return this.one(read.read(), (child) => read.on(child, row, this.viewing), selection);
      case 'list':
        return this.list(read.read(), (child) => read.on(child, row, this.viewing), read.order, selection);
      case 'connection': {
        const given = args() as ConnectionArguments;
        assertText(given);
        return this.connection(read.read(), (child) => read.on(child, row, this.viewing), given, selection);
      }
    }
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

  private keyset(
    row: string,
    order: string,
    key: OrderKey,
    cursor: string | null | undefined,
    beyond: '<' | '>',
  ): Sql[] {
    if (cursor === null || cursor === undefined) return [];
    const position = readCursor(cursor, order, this.context.app.keys.cursor);
    return [
      sql`(${column(row, key.column)}, ${column(row, 'id')}) ${raw(beyond)} (${position.key}::${raw(key.type)}, ${position.id}::uuid)`,
    ];
  }

  /** json_build_object takes a hundred arguments, so more than fifty fields are joined. */
  private build(selection: Selection, fields: Record<string, FieldSql>): Sql {
    const pairs = [...this.fieldsOf(selection)].flatMap(([key, nodes]) => {
      const asked = this.below(selection, nodes);
      if (!asked) return [];
      const field = nodes[0]!.name.value;
      const valueOf = fields[field];
      if (!valueOf) throw new Error(`${objectType(selection.type).name}.${field} has no read declaration.`);
      return [sql`${literal(key)}, ${valueOf(asked)}`];
    });
    this.budget.spend({ pairs: pairs.length, values: pairs.length * this.times });
    if (pairs.length <= 50) return sql`json_build_object(${join(pairs, ', ')})`;
    const chunks = Array.from({ length: Math.ceil(pairs.length / 50) }, (_, index) =>
      pairs.slice(index * 50, index * 50 + 50),
    );
    return sql`(${join(
      chunks.map((chunk) => sql`jsonb_build_object(${join(chunk, ', ')})`),
      ' || ',
    )})::json`;
  }

  /** Compiles what is fetched so many times for each of its parents. */
  private fetched(times: number, compile: () => Sql): Sql {
    const outside = this.times;
    this.times *= times;
    this.budget.spend({ rows: this.times });
    const compiled = compile();
    this.times = outside;
    return compiled;
  }

  /** The rows that exist for the viewer. A part is seen by whoever sees the whole that it was reached through. */
  private scope(read: Read, row: string): Sql {
    return read.partOfWhole ? raw('true') : this.viewing.may('read', read.type, row);
  }

  private alias(): string {
    this.aliases += 1;
    return `t${this.aliases}`;
  }
}

type FieldSql = (asked: Selection) => Sql;

interface PageParts {
  page: Sql;
  ordered: Sql;
  reversed: Sql;
  kept: Sql;
  hasNextPage: Sql;
  hasPreviousPage: Sql;
  totalCount: Sql;
  nodes: Sql[];
  nodeOf: FieldSql;
  cursorAsked: boolean;
}

/** The order that was asked for, from the declaration's fixed table; never text of the client's. */
function orderOf(read: Read, asked: string | null | undefined): { order: string; key: OrderKey; descending: boolean } {
  const order = asked ?? read.defaultOrder;
  const key = read.orders[order.replace(/_(ASC|DESC)$/, '')];
  if (!key) throw new Error(`${read.type} cannot be ordered by ${order}.`);
  // Cursors name list and order, so that the place of one list is none in another whose order has the same name.
  return { order: `${read.type}.${order}`, key, descending: order.endsWith('_DESC') };
}

function objectType(type: GraphQLOutputType): GraphQLObjectType {
  return getNamedType(type) as GraphQLObjectType;
}
