import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import path from 'node:path';
import type { Progress } from '../audit/progress';
import type { Context } from '../platform/context';
import { DomainError, refuse } from '../platform/errors';
import { ask, pooled } from '../platform/pooled';
import { inTransaction, notFound } from '../platform/transaction';
import { WorkerPool } from '../audit/worker-pool';
import type { Place } from './call-file';
import { CALL_READER, type FileToRead, type ReaderResult, type ReaderTask } from './call-reader';
import type { WrittenBatch } from './call-rows';
import { endUsageImport } from './end-usage-import';
import type { Layout } from './layout.rules';
import { SOURCE } from './take-calls';
import { codesOf } from './terms';
import type { FileBatch } from './usage-import.rules';

export interface FileToImport {
  file: string;
  /** Code of the account. */
  account: string;
  source: string;
  layout: Layout;
}

export interface Imported {
  id: string;
  state: string;
  recordsIn: number;
  recordsNew: number;
  recordsKnown: number;
  recordsRejected: number;
  /** Bytes that an earlier run had done. */
  resumedAt: number;
}

/** Lines of a batch: one transaction, and one event. */
export const BATCH = 10_000;

interface Account {
  id: string;
  timeZone: string;
}

/**
 * Imports a file as whoever is signed in: from where an earlier run of the same file, source and layout came to, if that is not done. While the database
 * takes one batch, another thread reads the next; without `threads` this one does. Rejects as `usage.import` does, and with USAGE_FILE_UNREADABLE and what the layout refuses; the import then says so.
 */
export async function importFile(
  context: Context,
  { file, account: code, source, layout }: FileToImport,
  progress: Progress,
  { size = BATCH, threads = 1, signal }: { size?: number; threads?: 0 | 1; signal?: AbortSignal } = {},
): Promise<Imported> {
  const { app } = context;
  const text = 'SELECT id, time_zone AS "timeZone" FROM account WHERE code = $1';
  const [account] = await ask<Account>(app, { text, values: [code] });
  if (!account) return notFound('Account');
  const known = await describe(file, layout, progress);
  const earlier = await unfinished(context, account.id, source, known);
  const from: Place = { bytes: Number(earlier?.bytes_done ?? 0), lines: earlier?.lines_done ?? 0 };
  const takes = new Takes(context, account.id, source, known, from, earlier?.id ?? null);
  // It can be seen before its first lines are in, and whoever may not import learns so before the file is read.
  await takes.take(null, from);
  progress.begin('importing', known.bytesTotal);
  progress.add(from.bytes);
  try {
    const number = await sourceNumber(context, account.id, source);
    const into = { accountId: account.id, importId: takes.id!, number };
    const toRead = { file, layout, from, size, timeZone: account.timeZone, into };
    for await (const { batch, place } of ahead(readBatches(context, toRead, threads))) {
      if (signal?.aborted) refuse('USAGE_IMPORT_STOPPED', 'The import was stopped; the same command goes on with it.');
      await takes.settled();
      progress.add(place.bytes - takes.place.bytes);
      takes.begin(batch, place);
    }
    await takes.settled();
    await takes.take(null, takes.place, true);
    return { ...(await stateOf(context, takes.id!)), resumedAt: from.bytes };
  } catch (error) {
    await takes.settled().catch(() => undefined);
    await tell(context, takes.id, error);
    throw error;
  } finally {
    progress.end();
  }
}

/** Batches in the order of the file, one at a time. */
class Takes {
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: Context,
    private readonly accountId: string,
    private readonly source: string,
    private readonly file: FileBatch['file'],
    public place: Place,
    public id: string | null,
  ) {}

  settled(): Promise<void> {
    return this.running;
  }

  begin(written: WrittenBatch, to: Place): void {
    this.running = this.take(written, to);
    // It is waited for by whoever begins the next; until then it may fail unheard.
    this.running.catch(() => undefined);
  }

  async take(written: WrittenBatch | null, { bytes: bytesDone, lines: linesDone }: Place, last = false): Promise<void> {
    const { id: importId, file, place } = this;
    const batch: FileBatch = { importId, file, batch: written, from: place.bytes, bytesDone, linesDone, last };
    this.place = { bytes: bytesDone, lines: linesDone };
    const { accountId, source } = this;
    const input = { accountId, source, records: [], batch: () => batch };
    const { outcome, result } = await this.context.app.submit(this.context, 'usage.import', input);
    if (outcome !== 'DONE')
      refuse('USAGE_IMPORT_NEEDS_APPROVAL', 'Imports wait for a second person here: send batches over GraphQL.');
    this.id = result.usageImport as string;
  }
}

/** The batches of a file, judged, in its order. While one is judged and taken, the next is read. */
async function* readBatches(
  { app }: Context,
  toRead: FileToRead,
  threads: 0 | 1,
): AsyncGenerator<{ batch: WrittenBatch; place: Place }, void> {
  const pool = new WorkerPool<FileToRead, ReaderTask, ReaderResult>(CALL_READER, threads, toRead);
  const run = (task: ReaderTask): Promise<ReaderResult> => {
    const result = pool.run(task);
    result.catch(() => undefined); // looked at when its turn comes
    return result;
  };
  try {
    let next = run('read');
    for (;;) {
      const read = told(await next);
      if (read.kind !== 'read') return;
      const codes = codesOf(pooled(app), toRead.into.accountId, read.agents, app.clock());
      next = run('read');
      const judged = told(await run(await codes));
      if (judged.kind === 'judged') yield { batch: judged.batch, place: read.place };
    }
  } finally {
    await pool.close();
  }
}

/** Batches that are ready before the database asks for them: neither it nor the reader takes as long for one as for another. */
const READY = 2;

/** What is asked for before it is needed, in the same order. */
async function* ahead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  const under: Promise<IteratorResult<T, void>>[] = [];
  const begin = () => {
    const next = source.next();
    next.catch(() => undefined); // looked at when its turn comes
    under.push(next);
  };
  try {
    for (let n = 0; n < READY; n += 1) begin();
    for (;;) {
      const next = await under.shift()!;
      if (next.done) return;
      begin();
      yield next.value;
    }
  } finally {
    await source.return();
  }
}

/** What the reader found; rejects with what it refuses. */
const told = (result: ReaderResult): Exclude<ReaderResult, { kind: 'refused' }> =>
  result.kind === 'refused' ? refuse(result.code, result.message, { ...result.details }) : result;

async function sourceNumber({ app }: Context, accountId: string, source: string): Promise<number> {
  const [found] = await ask<{ number: number }>(app, { text: SOURCE, values: [accountId, source] });
  return found!.number;
}

async function describe(file: string, layout: Layout, progress: Progress): Promise<FileBatch['file']> {
  try {
    const bytesTotal = statSync(file).size;
    const hash = createHash('sha256');
    progress.begin('reading', bytesTotal);
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      progress.add((chunk as Buffer).length);
    }
    progress.end();
    return { name: path.basename(file), digest: hash.digest('hex'), layout: JSON.stringify(layout), bytesTotal };
  } catch {
    return refuse('USAGE_FILE_UNREADABLE', 'The file cannot be read.');
  }
}

const UNFINISHED = `SELECT id, bytes_done, lines_done FROM usage_import WHERE account_id = $1 AND source = $2 AND digest = $3 AND layout = $4
  AND state <> 'DONE' ORDER BY created_at DESC, id DESC LIMIT 1`;

async function unfinished({ app }: Context, accountId: string, source: string, file: FileBatch['file']) {
  const values = [accountId, source, file.digest, file.layout];
  const [found] = await ask<{ id: string; bytes_done: string; lines_done: number }>(app, { text: UNFINISHED, values });
  return found;
}

async function stateOf({ app }: Context, id: string): Promise<Omit<Imported, 'resumedAt'>> {
  const text = `SELECT id, state, records_in AS "recordsIn", records_new AS "recordsNew", records_known AS "recordsKnown",
    records_rejected AS "recordsRejected" FROM usage_import WHERE id = $1`;
  const [row] = await ask<Omit<Imported, 'resumedAt'>>(app, { text, values: [id] });
  return row!;
}

/** The import says why it does not go on, unless somebody else goes on with it. A database that is gone is not told; the job finds it. */
async function tell(context: Context, id: string | null, error: unknown): Promise<void> {
  const code = error instanceof DomainError ? error.code : 'INTERNAL';
  if (id === null || code === 'USAGE_IMPORT_MOVED_ON') return;
  const state = code === 'USAGE_IMPORT_STOPPED' ? 'ABANDONED' : 'FAILED';
  await inTransaction(context, (tx) => endUsageImport(tx, id, state, code)).catch((fault: unknown) =>
    context.app.log.error({ err: fault, usageImportId: id }, 'an import does not say that it failed'),
  );
}
