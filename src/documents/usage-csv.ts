import { stringify } from 'csv-stringify/sync';

/** A call as it stands in the CSV: nothing of it tells which agent took it. */
export interface UsageRow {
  id: string;
  source: string;
  sourceId: string;
  kind: string;
  corrects: string | null;
  lob: string;
  service: string | null;
  startedAt: Date;
  answeredAt: Date | null;
  endedAt: Date;
  waitSeconds: number;
  talkSeconds: number;
  outcome: string;
  resolved: boolean | null;
}

const COLUMNS = [
  ...([
    'id',
    'source',
    'sourceId',
    'kind',
    'corrects',
    'lob',
    'service',
    'startedAt',
    'answeredAt',
    'endedAt',
  ] as const),
  ...(['waitSeconds', 'talkSeconds', 'outcome', 'resolved'] as const),
] satisfies (keyof UsageRow)[];

/** Rows that are written together. */
const TOGETHER = 500;

/** RFC 4180. Texts that a spreadsheet would take for a formula stand behind an apostrophe. */
const FORM = { record_delimiter: '\r\n', escape_formulas: true } as const;

/**
 * Calls as CSV, in UTF-8 with a header, instants in ISO 8601 and UTC: piece by piece, so that memory does not grow with the calls. They must come by
 * start and id, so that the same calls are the same bytes; throws where they do not.
 */
export async function* usageCsv(rows: AsyncIterable<UsageRow>): AsyncGenerator<Buffer> {
  yield Buffer.from(stringify([[...COLUMNS]], FORM));
  let batch: unknown[][] = [];
  let before: UsageRow | null = null;
  for await (const row of rows) {
    if (before && !precedes(before, row)) throw new Error('Calls came in another order than by start and id.');
    before = row;
    batch.push(COLUMNS.map((column) => shown(row[column])));
    if (batch.length < TOGETHER) continue;
    yield Buffer.from(stringify(batch, FORM));
    batch = [];
  }
  if (batch.length > 0) yield Buffer.from(stringify(batch, FORM));
}

const precedes = (one: UsageRow, other: UsageRow): boolean => {
  const between = one.startedAt.getTime() - other.startedAt.getTime();
  return between < 0 || (between === 0 && one.id < other.id);
};

function shown(value: UsageRow[keyof UsageRow]): string | number {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value.toWellFormed() : value;
}
