import type { DatabaseResult, DatabaseTask, DatabaseWorkData, RowRange } from './database-worker';
import type { Findings } from './findings';
import type { Progress } from './progress';
import type { ComparedRows, RowLedger } from './row-ledger';
import type { Query } from './stored-nodes';
import type { WorkerPool } from './worker-pool';

export type DatabasePool = WorkerPool<DatabaseWorkData, DatabaseTask, DatabaseResult>;

/** Rows that a thread is given at a time. */
const ROWS = 2_000;

/** The id of each so many-th row. */
const BOUNDS = `SELECT id::text AS id FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM audit.business_row WHERE type = $1) AS each
  WHERE number % ${ROWS} = 0 ORDER BY id`;

const FIRST = `SELECT (convert_from(c.bytes, 'UTF8')::jsonb ->> 'form')::int AS form FROM audit.leaf l
  JOIN audit.event e ON e.id = l.event_id JOIN audit.content c ON c.event_id = e.id AND c.written_at = e.written_at WHERE l.place = 0`;

/** The first form of events that tells of every row that was saved. */
const TELLS_ROWS = 2;

/** Holds every row of the business against the last event that tells of it. What events tell is in the ledger already. */
export async function compareRows(
  pool: DatabasePool,
  query: Query,
  ledger: RowLedger,
  { types, keptSince, progress }: { types: readonly string[]; keptSince: Date; progress: Progress },
  findings: Findings,
): Promise<ComparedRows> {
  const ranges: RowRange[] = [];
  for (const type of types) ranges.push(...(await rangesOf(query, type)));
  progress.begin('Comparing rows', ranges.length * ROWS);
  for await (const result of pool.inOrder(ranges)) {
    ledger.add(result.entries);
    progress.add(ROWS);
  }
  progress.end();
  return ledger.compare({ types, toldSince: await toldSince(query, keptSince) }, findings);
}

async function rangesOf(query: Query, type: string): Promise<RowRange[]> {
  const bounds = (await query<{ id: string }>(BOUNDS, [type])).map(({ id }) => id);
  return [null, ...bounds].map((after, at) => ({ type, after, upTo: bounds[at] ?? null }));
}

/** From when on every row has an event: always, unless the first events say nothing any more, or are older than the telling. */
async function toldSince(query: Query, keptSince: Date): Promise<Date> {
  const [leaf] = await query('SELECT FROM audit.leaf WHERE place = 0', []);
  if (!leaf) return new Date(0);
  const [first] = await query<{ form: number }>(FIRST, []);
  if (!first) return keptSince;
  return first.form >= TELLS_ROWS ? new Date(0) : new Date(8.64e15);
}
