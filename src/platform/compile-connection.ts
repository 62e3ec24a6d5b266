import type { Compiler, ConnectionArguments, Selection } from './compile';
import { arrayText, joined, type JsonText, orNull, textOf } from './json-text';
import { cursorPads, pageSizes, type Position, readCursor } from './pagination';
import { column, type OrderKey, type Read } from './read';
import { known, lift, type Slot } from './slot';
import { and, join, name, raw, sql, type Sql } from './sql';

/** A page to compile: of which rows, in which order, and what is asked of it. */
export interface Page {
  read: Read;
  row: string;
  /** Scope, filter and relation: what is counted. */
  matching: Sql;
  args: ConnectionArguments;
  selection: Selection;
}

interface Order {
  /** Cursors name list and order, so that the place of one list is none in another whose order has the same name. */
  list: string;
  key: OrderKey;
  descending: boolean;
}

/** A page as JSON. */
export class ConnectionText {
  private readonly sizes: ReturnType<typeof pageSizes>;
  private readonly order: Order;
  private readonly after: Place;
  private readonly before: Place;
  /** The names of the fields that are asked of the connection. */
  private readonly asked: readonly string[];

  constructor(
    private readonly compiler: Compiler,
    private readonly page: Page,
  ) {
    const { args, read, selection } = page;
    const { cursorKey } = compiler.compiling;
    this.sizes = pageSizes({ first: known(args.first), last: known(args.last) });
    this.order = orderOf(read, known(args.orderBy));
    this.after = placeOf(args.after, this.order, cursorKey);
    this.before = placeOf(args.before, this.order, cursorKey);
    this.asked = [...compiler.fieldsOf(selection).values()].map((nodes) => nodes[0]!.name.value);
  }

  text(): JsonText {
    const lists = this.asked.filter((field) => field === 'nodes' || field === 'edges').length;
    const places = this.asked.includes('pageInfo');
    // Where no row is asked for, a cursor that is none is refused all the same.
    if (lists === 0 && !places) this.compiler.compiling.heed([this.after, this.before]);
    const simple = !this.sizes.backward && this.sizes.keepLast === null && lists <= 1 && !places;
    return simple ? this.streamed() : this.numbered();
  }

  /** Where its nodes or its edges are asked for, once and forwards: rows are joined as they are read. */
  private streamed(): JsonText {
    return this.compiler.build(this.page.selection, (field, below) => {
      if (field === 'totalCount') return this.total();
      const { compiled, joins, named } = this.gather(() => this.rowText(field, below));
      const rows = this.rows(this.sizes.fetch);
      const from = named ? sql`${this.all} ${this.row}` : rows;
      // They are sorted already, but joins may come in another order; where none does, this costs nothing.
      const shown = sql`select ${joined(sql`o.data`)} from (select ${compiled} as data from ${from}${joins} ${this.sorted()}) o`;
      return arrayText(
        named ? sql`(with ${this.all} as materialized (select * from ${rows}) ${shown})` : sql`(${shown})`,
      );
    });
  }

  /** The page's rows, by their name in the statement where a part of it reads them all. */
  private get all(): Sql {
    return name(`${this.page.row}_rows`);
  }

  private get row(): Sql {
    return name(this.page.row);
  }

  private gather<T>(compile: () => T) {
    return this.compiler.gather(this.compiler.once ? this.all : null, false, compile);
  }

  /** Else rows are numbered first, so that each part of the answer sees the same page, and whether there are more. */
  private numbered(): JsonText {
    const { row, selection } = this.page;
    const numbered = name(`${row}_page`);
    const limit = raw(String(this.sizes.fetch));
    const from = this.firstKept(numbered);
    const kept = sql`${numbered} where n <= ${limit}${from ? sql` and n > ${from}` : raw('')}`;
    const direction = this.sizes.backward ? 'desc' : 'asc';
    const columns: Sql[] = [];
    const { compiled, joins, named } = this.gather(() =>
      this.compiler.build(selection, (field, below) => {
        if (field === 'totalCount') return this.total();
        if (field === 'pageInfo') return this.pageInfo(below, numbered, kept);
        const text = name(`row_${columns.length}`);
        columns.push(sql`, ${this.rowText(field, below)} as ${text}`);
        return arrayText(sql`(select ${joined(text, raw(` order by n ${direction}`))} from ${kept})`);
      }),
    );
    const rows = this.rows(this.sizes.fetch + 1);
    return [
      sql`(with ${named ? sql`${this.all} as materialized (select * from ${rows}), ` : raw('')}${numbered} as materialized (
        select row_number() over (${this.sorted()}) as n, ${column(row, this.order.key.column)} as k,
          ${column(row, 'id')} as id${join(columns, '')}
        from ${named ? sql`${this.all} ${this.row}` : rows}${joins}
        ) select ${textOf(compiled)})`,
    ];
  }

  private pageInfo(asked: Selection, numbered: Sql, kept: Sql): JsonText {
    const { backward, fetch } = this.sizes;
    const more: JsonText = [sql`(select (count(*) > ${raw(String(fetch))})::text from ${numbered})`];
    const from = this.firstKept(numbered);
    const end = (descending: boolean): JsonText => [
      orNull(sql`(select ${textOf(this.cursor('p', 'k'))}
        from (select * from ${kept} order by n ${raw(descending === backward ? 'asc' : 'desc')} limit 1) p)`),
    ];
    return this.compiler.build(asked, (part) => {
      if (part === 'startCursor') return end(false);
      if (part === 'endCursor') return end(true);
      if (backward) return part === 'hasNextPage' ? [String(this.before !== null)] : more;
      if (part === 'hasNextPage') return more;
      return from && this.after === null ? [sql`(${from} > 0)::text`] : [String(this.after !== null)];
    });
  }

  /** With `first` and `last`: how many of the first are not among the last; null when all are kept. */
  private firstKept(numbered: Sql): Sql | null {
    const { keepLast, fetch } = this.sizes;
    return keepLast === null
      ? null
      : sql`least((select count(*) from ${numbered}), ${raw(String(fetch))}) - ${raw(String(keepLast))}`;
  }

  private total(): JsonText {
    const { read, row, matching } = this.page;
    return [sql`(select count(*)::text from ${name(read.table)} ${name(row)} where ${matching})`];
  }

  /** So many of the rows that match, from the place of the cursors on. */
  private rows(limit: number): Sql {
    const { read, row, matching } = this.page;
    const { descending } = this.order;
    const beyond = [
      ...this.keyset(this.after, descending ? '<' : '>'),
      ...this.keyset(this.before, descending ? '>' : '<'),
    ];
    return sql`(select * from ${name(read.table)} ${name(row)} where ${and([matching, ...beyond])}
      ${this.sorted()} limit ${raw(String(limit))}) ${name(row)}`;
  }

  private sorted(): Sql {
    const { row } = this.page;
    const direction = raw(this.order.descending !== this.sizes.backward ? 'desc' : 'asc');
    return sql`order by ${column(row, this.order.key.column)} ${direction}, ${column(row, 'id')} ${direction}`;
  }

  private keyset(place: Place, beyond: '<' | '>'): Sql[] {
    if (place === null) return [];
    const { row } = this.page;
    const { key } = this.order;
    const [value, id] = [lift(place, (at) => at.key), lift(place, (at) => at.id)];
    return [
      sql`(${column(row, key.column)}, ${column(row, 'id')}) ${raw(beyond)} (${value}::${raw(key.type)}, ${id}::uuid)`,
    ];
  }

  /** What `nodes` or `edges` shows of one row. */
  private rowText(field: string, asked: Selection): Sql {
    const { compiler } = this;
    const { read, row } = this.page;
    const node = (of: Selection) => compiler.object(read.fields, row, of);
    return compiler.fetched(this.sizes.fetch + 1, () =>
      compiler.whole(
        field === 'nodes'
          ? node(asked)
          : compiler.build(asked, (part, below) => (part === 'cursor' ? this.cursor(row) : node(below))),
      ),
    );
  }

  /** The place of a row as its cursor, signed in the statement. */
  private cursor(row: string, keyColumn = this.order.key.column): JsonText {
    const [inner, outer] = cursorPads(this.compiler.compiling.cursorKey);
    const value = column(row, keyColumn);
    // A bigint would lose digits as a JSON number.
    const key = this.order.key.type === 'bigint' ? sql`${value}::text` : value;
    return [
      '"',
      sql`cursor_of(json_build_array(${this.order.list}::text, ${key}, ${column(row, 'id')})::text, ${inner}::bytea, ${outer}::bytea)`,
      '"',
    ];
  }
}

type Place = Position | Slot<Position> | null;

/** The place that a cursor names. Refuses with CURSOR_INVALID; a slot does when it is filled. */
const placeOf = (cursor: unknown, { list }: Order, secret: Buffer): Place =>
  cursor === null || cursor === undefined ? null : lift(cursor as string, (given) => readCursor(given, list, secret));

/** The order that was asked for, from the declaration's fixed table; never text of the client's. */
function orderOf(read: Read, asked: string | null | undefined): Order {
  const order = asked ?? read.defaultOrder;
  const key = read.orders[order.replace(/_(ASC|DESC)$/, '')];
  if (!key) throw new Error(`${read.type} cannot be ordered by ${order}.`);
  return { list: `${read.type}.${order}`, key, descending: order.endsWith('_DESC') };
}
