import { buildSchema, execute, type GraphQLFieldResolver, parse, printSchema } from 'graphql';
import { bareSchema } from '../../src/schema';
import type { TestApp } from '../support/app';
import { formatMinor } from '../../src/platform/money';
import { idInCursor } from './scene';

type Row = Record<string, any>;

/** Plain rows, as an owner of the database sees them. Keys of orders come as text or bigint, exact. */
interface Tables {
  account: Row[];
  lob: Row[];
  invoice: Row[];
  line: Row[];
}

const US = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::bigint::text`;
const ISO = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

async function load(t: TestApp): Promise<Tables> {
  const of = (table: string) =>
    t.sql(
      `SELECT r.*, ${US('created_at')} AS created_us, ${ISO('created_at')} AS created_iso FROM ${table} r ORDER BY id`,
    );
  const [account, lob, invoice] = [await of('account'), await of('lob'), await of('invoice')];
  const line = await t.sql(
    'SELECT l.*, trim_scale(quantity)::text AS q, trim_scale(unit_price)::text AS p FROM invoice_line l ORDER BY invoice_id, line_number',
  );
  return { account, lob, invoice, line };
}

const money = (minor: string, currency: string) => ({ amount: formatMinor(BigInt(minor), currency), currency });

const KEYS: Record<string, Record<string, (row: Row) => string | bigint>> = {
  account: { CODE: (r) => r.code, LEGAL_NAME: (r) => r.legal_name, CREATED_AT: (r) => BigInt(r.created_us) },
  lob: { CODE: (r) => r.code, CREATED_AT: (r) => BigInt(r.created_us) },
  invoice: { CREATED_AT: (r) => BigInt(r.created_us), TOTAL: (r) => BigInt(r.total_minor) },
};
const DEFAULT_ORDER: Record<string, string> = { account: 'CODE_ASC', lob: 'CODE_ASC', invoice: 'CREATED_AT_DESC' };

const compare = <T extends string | bigint>(one: T, other: T) => (one < other ? -1 : one > other ? 1 : 0);

const FILTERS: Record<string, (row: Row, value: any) => boolean> = {
  code: (row, value) => row.code === value,
  status: (row, value) => row.status === value,
  currency: (row, value) => row.currency === value,
  accountId: (row, value) => row.account_id === value,
  search: (row, value) => `${row.code} ${row.legal_name}`.toLowerCase().includes(value.toLowerCase()),
  disputed: (row, value) => row.disputed_minor > 0 === value,
};

/** The algorithm of the Relay specification, over a plain array. */
function connection(table: string, rows: Row[], args: Record<string, any>) {
  const order = (args.orderBy as string | null | undefined) ?? DEFAULT_ORDER[table]!;
  const key = KEYS[table]![order.replace(/_(ASC|DESC)$/, '')]!;
  const sign = order.endsWith('_DESC') ? -1 : 1;
  const matching = rows
    .filter((row) =>
      Object.entries(args.filter ?? {}).every(([name, value]) => value == null || FILTERS[name]!(row, value)),
    )
    .toSorted((one, other) => sign * (compare(key(one), key(other)) || compare(one.id as string, other.id as string)));
  const place = (cursor: string) => matching.findIndex(({ id }) => id === idInCursor(cursor));
  const from = args.after == null ? 0 : place(args.after) + 1;
  const to = args.before == null ? matching.length : place(args.before);
  const between = matching.slice(from, Math.max(from, to));
  const first: number | null = args.first ?? (args.last == null ? 20 : null);
  const firsts = first === null ? between : between.slice(0, first);
  const page = args.last == null ? firsts : firsts.slice(Math.max(0, firsts.length - args.last));
  const cursor = (row: Row | undefined) => (row ? `cursor ${row.id}` : null);
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

/** Who looks: everything, or one account and what belongs to it. */
export type Sees = 'everything' | { accountId: string };

/**
 * Reads the same documents in the plainest way there is: graphql-js walks them over rows in memory. It shares no code
 * with the compiler of reads; what both answer must be the same.
 */
export async function naiveReader(t: TestApp, sees: Sees) {
  const all = await load(t);
  const own = (row: Row) => sees === 'everything' || row.account_id === sees.accountId;
  const tables: Tables = {
    account: all.account.filter(({ id }) => sees === 'everything' || id === sees.accountId),
    lob: all.lob.filter(own),
    // A client sees no drafts.
    invoice: all.invoice.filter((row) => own(row) && (sees === 'everything' || row.status !== 'DRAFT')),
    line: all.line,
  };
  const byId = (rows: Row[], id: string | null) => rows.find((row) => row.id === id) ?? null;
  const resolvers: Record<string, Record<string, (row: Row, args: Row) => unknown>> = {
    Query: {
      account: (_root, { id }) => byId(tables.account, id),
      lob: (_root, { id }) => byId(tables.lob, id),
      invoice: (_root, { id }) => byId(tables.invoice, id),
      accounts: (_root, args) => connection('account', [...tables.account], args),
      lobs: (_root, args) => connection('lob', [...tables.lob], args),
      invoices: (_root, args) => connection('invoice', [...tables.invoice], args),
    },
    Account: {
      legalName: (row) => row.legal_name,
      timeZone: (row) => row.time_zone,
      taxId: (row) => row.tax_id_masked,
      bankAccountNumber: (row) => row.bank_account_number_masked,
      createdAt: (row) => row.created_iso,
      closedAt: () => null,
      pendingChanges: () => [],
      lobs: (row, args) =>
        connection(
          'lob',
          tables.lob.filter(({ account_id }) => account_id === row.id),
          args,
        ),
      invoices: (row, args) =>
        connection(
          'invoice',
          tables.invoice.filter(({ account_id }) => account_id === row.id),
          args,
        ),
    },
    Lob: { account: (row) => byId(tables.account, row.account_id), createdAt: (row) => row.created_iso },
    Invoice: {
      account: (row) => byId(tables.account, row.account_id),
      paymentStatus: (row) => row.payment_status,
      subtotal: (row) => money(row.subtotal_minor, row.currency),
      tax: (row) => money(row.tax_minor, row.currency),
      total: (row) => money(row.total_minor, row.currency),
      openAmount: (row) => money(row.status === 'VOIDED' ? '0' : row.total_minor, row.currency),
      lines: (row) => tables.line.filter(({ invoice_id }) => invoice_id === row.id),
      createdAt: (row) => row.created_iso,
    },
    InvoiceLine: {
      lineNumber: (row) => row.line_number,
      quantity: (row) => row.q,
      unitPrice: (row) => row.p,
      amount: (row) => money(row.amount_minor, row.currency),
      lob: (row) => byId(tables.lob, row.lob_id),
    },
  };
  const schema = buildSchema(printSchema(bareSchema()));
  const fieldResolver: GraphQLFieldResolver<Row, unknown> = (source, args, _context, { parentType, fieldName }) => {
    const resolver = resolvers[parentType.name]?.[fieldName];
    return resolver ? resolver(source, args) : source[fieldName];
  };
  return (document: string, variableValues: Record<string, unknown>) => {
    const result = execute({ schema, document: parse(document), rootValue: {}, variableValues, fieldResolver });
    return JSON.parse(JSON.stringify(result)) as { data: unknown; errors?: unknown };
  };
}
