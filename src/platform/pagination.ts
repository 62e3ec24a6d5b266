import { ArgsType, type ClassType, Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { mac, sameDigest } from './canonical';
import { refuse } from './errors';

export const DEFAULT_PAGE = 20;
export const MAX_PAGE = 100;

@ObjectType({ description: 'Where a page lies within its list (Relay cursor connections).' })
export class PageInfo {
  @Field({ description: 'Whether there is more behind the last edge.' })
  hasNextPage!: boolean;

  @Field({ description: 'Whether there is more before the first edge.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null on an empty page.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge; null on an empty page.' })
  endCursor!: string | null;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: `How many edges from the start, 0 to ${MAX_PAGE}; ${DEFAULT_PAGE} unless told.`,
  })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'Only what comes after the edge with this cursor.' })
  after?: string | null;

  @Field(() => Int, { nullable: true, description: `How many edges from the end, 0 to ${MAX_PAGE}.` })
  last?: number | null;

  @Field(() => String, { nullable: true, description: 'Only what comes before the edge with this cursor.' })
  before?: string | null;
}

/** An order enum: each key up and down. */
export function orderEnum<K extends string>(
  type: string,
  keys: readonly K[],
): Record<`${K}_${'ASC' | 'DESC'}`, string> {
  const values = Object.fromEntries(keys.flatMap((key) => [`${key}_ASC`, `${key}_DESC`]).map((each) => [each, each]));
  registerEnumType(values, {
    name: type,
    description: 'In which order a list comes. Ties are broken by id, so that pages are stable.',
    valuesConfig: Object.fromEntries(
      keys.flatMap((key) => [
        [`${key}_ASC`, { description: `By ${words(key)}, smallest or earliest first.` }],
        [`${key}_DESC`, { description: `By ${words(key)}, largest or latest first.` }],
      ]),
    ),
  });
  return values as Record<`${K}_${'ASC' | 'DESC'}`, string>;
}

const words = (key: string) => key.toLowerCase().replaceAll('_', ' ');

/** The arguments of a connection with a filter and an order. */
export function connectionArgs(filter: ClassType | null, order: object | null): ClassType<PageArgs> {
  @ArgsType()
  class ConnectionArgs extends PageArgs {
    filter?: unknown;
    orderBy?: unknown;
  }
  if (filter)
    Field(() => filter, { nullable: true, description: 'Only what matches all of this.' })(
      ConnectionArgs.prototype,
      'filter',
    );
  if (order)
    Field(() => order, { nullable: true, description: 'In which order.' })(ConnectionArgs.prototype, 'orderBy');
  return ConnectionArgs;
}

/** The Connection and Edge types of a node type. */
export function connectionOf(node: () => ClassType, type: string): ClassType {
  @ObjectType(`${type}Edge`, { description: `One ${type} in a list, with its place.` })
  class Edge {
    @Field({ description: 'Its place in the list, for `after` and `before`. Opaque and signed.' })
    cursor!: string;

    @Field(node, { description: `The ${type}.` })
    node!: object;
  }

  @ObjectType(`${type}Connection`, { description: `A page of ${type}s.` })
  class Connection {
    @Field(() => [Edge], { description: 'The page, in order.' })
    edges!: Edge[];

    @Field(() => [node()], { description: 'The same without cursors.' })
    nodes!: object[];

    @Field(() => PageInfo, { description: 'Where the page lies in the list.' })
    pageInfo!: PageInfo;

    @Field(() => Int, { description: 'How many match in all, whatever the page. Counted only when asked for.' })
    totalCount!: number;
  }
  return Connection;
}

/**
 * The place of a row in an order: [order, key, id], signed so that nobody can make one up. PostgreSQL writes it (the
 * function `cursor_of` in the migrations), this reads it.
 */
export interface Position {
  key: string | number;
  id: string;
}

/** HMAC's two padded keys (RFC 2104), since plain PostgreSQL has SHA-256 but no HMAC. */
export function cursorPads(key: Buffer): [inner: Buffer, outer: Buffer] {
  const pad = (byte: number) => Buffer.from(Array.from({ length: 64 }, (_, index) => (key[index] ?? 0) ^ byte));
  return [pad(0x36), pad(0x5c)];
}

/** Refuses with CURSOR_INVALID what we did not write, or wrote for another order. */
export function readCursor(cursor: string, order: string, key: Buffer): Position {
  const [payload = '', signature = '', ...more] = cursor.split('.');
  if (more.length > 0) return invalidCursor();
  if (!sameDigest(mac(key, Buffer.from(payload)).toString('hex').slice(0, 32), signature)) return invalidCursor();
  const position = JSON.parse(Buffer.from(payload, 'hex').toString('utf8')) as [string, string | number, string];
  return position[0] === order ? { key: position[1], id: position[2] } : invalidCursor();
}

const invalidCursor = () => refuse('CURSOR_INVALID', 'This cursor is not one of this list in this order.');

/** How many edges to fetch and to keep, from the arguments of a page. Refuses with PAGE_SIZE_INVALID. */
export function pageSizes(args: PageArgs): { backward: boolean; fetch: number; keepLast: number | null } {
  for (const size of [args.first, args.last])
    if (size != null && (!Number.isInteger(size) || size < 0 || size > MAX_PAGE))
      refuse('PAGE_SIZE_INVALID', `A page has 0 to ${MAX_PAGE} edges.`);
  if (args.first != null && args.last != null) return { backward: false, fetch: args.first, keepLast: args.last };
  if (args.last != null) return { backward: true, fetch: args.last, keepLast: null };
  return { backward: false, fetch: args.first ?? DEFAULT_PAGE, keepLast: null };
}
