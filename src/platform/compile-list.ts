import type { Gathered } from './beside';
import type { Compiler, Selection } from './compile';
import { arrayText, joined, type JsonText, textOf } from './json-text';
import { ROWS_OF_A_LIST } from './limits';
import { column, LIST_LIMIT, type Read } from './read';
import { and, join, name, raw, sql, type Sql } from './sql';

/** Rows to list: which, and in which order. */
export interface Listed {
  read: Read;
  /** The row that they belong to, if to any. */
  parent: string | null;
  where: (row: string) => Sql;
  order: string;
}

/** A list as JSON: one for all rows beside which it is shown, where they are the rows of a page, else one for each. */
export function listText(compiler: Compiler, listed: Listed, selection: Selection): JsonText {
  const { read, where, order } = listed;
  const row = compiler.alias();
  const orderBy = join(
    order.split(',').map((key) => column(row, key.trim())),
    ', ',
  );
  const rows = {
    from: sql`${name(read.table)} ${name(row)}`,
    matching: and([where(row), compiler.scope(read, row)]),
    orderBy,
  };
  const object = () =>
    compiler.fetched(ROWS_OF_A_LIST, () => compiler.whole(compiler.object(read.fields, row, selection)));
  const all = ofAll(compiler, listed.parent, rows, object, name(`${row}_list`));
  return all ? arrayText(all) : [ofOne(rows, compiler.gather(null, false, object))];
}

interface Rows {
  from: Sql;
  matching: Sql;
  orderBy: Sql;
}

const LIMIT = raw(String(LIST_LIMIT));

function ofOne({ from, matching, orderBy }: Rows, { compiled, joins }: Gathered<Sql>): Sql {
  return sql`(select ${textOf(arrayText(joined(sql`o.data`)))} from (
    select ${compiled} as data from ${from}${joins} where ${matching} order by ${orderBy} limit ${LIMIT}) o)`;
}

/** What a join with all lists of the page, made at once, has for a row of the page. Null where there is no such page. */
function ofAll(compiler: Compiler, parent: string | null, rows: Rows, object: () => Sql, alias: Sql): Sql | null {
  const all = parent ? compiler.beside?.all() : null;
  if (!all || !parent) return null;
  const { compiled, joins } = compiler.gather(null, true, object);
  const each = column(parent, 'id');
  compiler.beside!.join(sql`left join (select o.parent, ${joined(sql`o.data`, raw(' order by o.nth'))} as data from (
    select ${each} as parent, ${compiled} as data, row_number() over (partition by ${each} order by ${rows.orderBy}) as nth
    from ${all} ${name(parent)} join ${rows.from} on ${rows.matching}${joins}) o
    where o.nth <= ${LIMIT} group by o.parent) ${alias} on ${alias}.parent = ${each}`);
  return sql`${alias}.data`;
}
