import { createHmac } from 'node:crypto';
import type { TestApp } from '../support/app';

/** A row as the owner of the database sees it: columns by their names, bigint and numeric as exact text. */
export type Row = Record<string, any>;

/** An instant to the microsecond, and the text that PostgreSQL writes of it into JSON. */
export class Instant {
  constructor(
    readonly us: bigint,
    readonly json: string,
  ) {}

  /** RFC 3339 in UTC; what is beyond milliseconds is cut off. */
  get iso(): string {
    return new Date(Number(this.us / 1000n)).toISOString();
  }

  /** From the text that PostgreSQL writes into JSON: its fraction has no trailing zeros. */
  static parse(json: string): Instant {
    const [, until, fraction = '', zone] = /^(.{19})(?:\.(\d+))?(.+)$/.exec(json)!;
    return new Instant(BigInt(Date.parse(`${until}${zone}`)) * 1000n + BigInt(fraction.padEnd(6, '0')), json);
  }
}

export const TABLES = [
  'account',
  'lob',
  'agent',
  'assignment',
  'legal_entity',
  'document_number',
  'tax_rule',
  'invoice_tax',
  'invoice_objection',
  'credit_note',
  'credit_note_line',
  'credit_note_tax',
  'agreement',
  'agreement_version',
  'agreement_rate',
  'invoice',
  'invoice_line',
  'dispute',
  'dispute_item',
  'complaint',
  'complaint_rule',
  'change_request',
  'decision',
  'delegation',
  'approval_limit',
  'reveal_allowance',
  'exchange_rate',
  'finding',
  'change_request_revision',
  'approval_policy',
  'app_user',
  'role_grant',
  'session',
  'api_key',
  'usage_import',
  'usage_rejection',
  'usage_source',
  'call_record',
  'usage_quantity',
  'usage_cut',
  'billing_run',
  'billing_run_account',
  'duty_exception',
  'access_review',
  'access_review_item',
  'webhook',
  'webhook_delivery',
  'audit.event',
  'audit.checkpoint',
] as const;
export type Table = (typeof TABLES)[number];
export type Tables = Record<Table, Row[]>;

const COLUMNS = `SELECT column_name AS name, data_type AS type FROM information_schema.columns
  WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position`;

/** What has no id of its own, and what it is told apart by. */
const UNNAMED: Partial<Record<Table, string>> = { usage_source: 'number', usage_cut: 'line_id, place' };

const known = new Map<Table, { name: string; type: string }[]>();

/** The rows of a table by id, in the order of their ids. */
export async function rowsOf(t: TestApp, table: Table, where = 'true', values: unknown[] = []): Promise<Row[]> {
  const [schema, name] = table.includes('.') ? table.split('.') : ['public', table];
  const columns = known.get(table) ?? (await t.sql<{ name: string; type: string }>(COLUMNS, [schema, name]));
  known.set(table, columns);
  const instants = columns.filter(({ type }) => type === 'timestamp with time zone').map((each) => each.name);
  const selected = columns.map((each) => {
    if (instants.includes(each.name)) return `to_json("${each.name}") AS "${each.name}"`;
    return each.type === 'date' ? `"${each.name}"::text AS "${each.name}"` : `"${each.name}"`;
  });
  if (table === 'audit.event')
    selected.push('content', '(SELECT l.place FROM audit.leaf l WHERE l.event_id = event.id) AS sequence');
  const from = table === 'audit.event' ? 'audit.told AS event' : table;
  const rows = await t.sql<Row>(
    `SELECT ${selected.join(', ')} FROM ${from} WHERE ${where} ORDER BY ${UNNAMED[table] ?? 'id'}`,
    values,
  );
  for (const row of rows)
    for (const instant of instants) if (row[instant] !== null) row[instant] = Instant.parse(row[instant] as string);
  return rows;
}

export async function loadTables(t: TestApp): Promise<Tables> {
  const loaded: [Table, Row[]][] = [];
  for (const table of TABLES) loaded.push([table, await rowsOf(t, table)]);
  return Object.fromEntries(loaded) as Tables;
}

/** What an order sorts by. Text is compared byte by byte, as the collation C does. */
export type Key = string | bigint;
export const keyOf = (value: unknown, exact: boolean): Key =>
  value instanceof Instant ? value.us : exact ? BigInt(value as string) : String(value);

export const compareKeys = (one: Key, other: Key): number => {
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(String(other)));
  const difference = one - BigInt(other);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

const signature = (payload: string, key: Buffer) =>
  createHmac('sha256', key).update(payload).digest('hex').slice(0, 32);

/** The cursor of a row: [order, key, id] as json_build_array writes it, in hex, and the first half of its HMAC. */
export function cursorOf(order: string, value: unknown, id: string, key: Buffer): string {
  const shown = value instanceof Instant ? value.json : String(value);
  const payload = Buffer.from(`[${JSON.stringify(order)}, ${JSON.stringify(shown)}, ${JSON.stringify(id)}]`);
  const hex = payload.toString('hex');
  return `${hex}.${signature(hex, key)}`;
}

/** The place that a cursor names, or null when it is none of ours or none of this order. */
export function placeIn(cursor: string, order: string, key: Buffer): { value: string; id: string } | null {
  const [hex = '', signed, ...more] = cursor.split('.');
  if (more.length > 0 || signed !== signature(hex, key)) return null;
  const [of, value, id] = JSON.parse(Buffer.from(hex, 'hex').toString()) as [string, string, string];
  return of === order ? { value, id } : null;
}
