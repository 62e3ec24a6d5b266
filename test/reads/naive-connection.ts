import { GraphQLError, type GraphQLFieldConfigArgumentMap, type GraphQLResolveInfo } from 'graphql';
import { getNamedType, isObjectType } from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields';
import { getArgumentValues } from 'graphql/execution/values';
import { cursorOf, placeIn, type Row } from './naive-rows';
import { orderOf, TYPES, type World } from './naive-types';

export interface PageOf {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
  filter?: Record<string, unknown> | null;
  orderBy?: string | null;
}

export const refusal = (code: string): GraphQLError => new GraphQLError(code, { extensions: { code } });

/** What a page is without a size. */
const USUAL = 20;

/** The algorithm of the Relay specification over a plain array, and places that nobody needs to stand at any more. */
export function connection(type: string, rows: readonly Row[], args: PageOf, world: World, key: Buffer) {
  const order = orderOf(type, args.orderBy);
  const { filters } = TYPES[type]!;
  const placed = (row: Row) => ({ key: order.keyIn(row), id: row.id as string });
  const matching = rows
    .filter((row) =>
      Object.entries(args.filter ?? {}).every(([name, value]) => value == null || filters[name]!(row, value, world)),
    )
    .toSorted((one, other) => order.compare(placed(one), placed(other)));
  const beyond = (cursor: string | null | undefined, side: 1 | -1) => {
    if (cursor == null) return () => true;
    const { value, id } = placeIn(cursor, order.name, key)!;
    const place = { key: order.keyFrom(value), id };
    return (row: Row) => order.compare(placed(row), place) * side > 0;
  };
  const between = matching.filter(beyond(args.after, 1)).filter(beyond(args.before, -1));
  const first = args.first ?? (args.last == null ? USUAL : null);
  const firsts = first === null ? between : between.slice(0, first);
  const page = args.last == null ? firsts : firsts.slice(Math.max(0, firsts.length - args.last));
  const cursor = (row: Row | undefined) =>
    row ? cursorOf(order.name, row[order.column], row.id as string, key) : null;
  return {
    totalCount: matching.length,
    nodes: page,
    edges: page.map((node) => ({ node, cursor: cursor(node) })),
    pageInfo: {
      hasNextPage: first === null ? args.before != null : between.length > first,
      hasPreviousPage:
        args.last == null ? args.after != null : page.length < firsts.length || (first !== null && args.after != null),
      startCursor: cursor(page[0]),
      endCursor: cursor(page.at(-1)),
    },
  };
}

/**
 * A cursor that is none of its list, anywhere below a root field, refuses the whole field, whether or not there is a row
 * to look below of. So it is looked for in the document, as graphql-js collects its fields, before any row.
 */
export function assertCursors(info: GraphQLResolveInfo, args: Record<string, unknown>, key: Buffer): void {
  const { schema, fragments, variableValues } = info;
  const check = (output: string, given: PageOf) => {
    const type = output.replace(/Connection$/, '');
    if (type === output) return;
    for (const cursor of [given.after, given.before])
      if (cursor != null && !placeIn(cursor, orderOf(type, given.orderBy).name, key)) throw refusal('CURSOR_INVALID');
  };
  const walk = (type: unknown, nodes: GraphQLResolveInfo['fieldNodes']): void => {
    if (!isObjectType(type)) return;
    for (const below of collectSubfields(schema, fragments, variableValues, type, nodes).values()) {
      const field = type.getFields()[below[0]!.name.value];
      if (!field) continue;
      const named = getNamedType(field.type);
      const given = getArgumentValues(field, below[0]!, variableValues) as GraphQLFieldConfigArgumentMap & PageOf;
      check(named.name, given);
      walk(named, below);
    }
  };
  check(getNamedType(info.returnType).name, args);
  walk(getNamedType(info.returnType), info.fieldNodes);
}
