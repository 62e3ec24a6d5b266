import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import path from 'node:path';
import type { Progress } from '../audit/progress';
import type { Context } from '../platform/context';
import { DomainError, refuse } from '../platform/errors';
import { ask, pooled } from '../platform/pooled';
import { inTransaction, notFound } from '../platform/transaction';
import { batchesOf, type FileBatch as Read, isWrong, type Place } from './call-file';
import { judge } from './call-line.rules';
import { endUsageImport } from './end-usage-import';
import type { Layout } from './layout.rules';
import { termsOf } from './terms';
import type { FileBatch, JudgedLine } from './usage-import.rules';

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
 * takes one batch, the next is read. Rejects as `usage.import` does, and with USAGE_FILE_UNREADABLE and what the layout refuses; the import then says so.
 */
export async function importFile(
  context: Context,
  { file, account: code, source, layout }: FileToImport,
  progress: Progress,
  { size = BATCH, signal }: { size?: number; signal?: AbortSignal } = {},
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
  await takes.take([], from);
  progress.begin('importing', known.bytesTotal);
  progress.add(from.bytes);
  try {
    for await (const read of batchesOf(file, layout, from, size)) {
      if (signal?.aborted) refuse('USAGE_IMPORT_STOPPED', 'The import was stopped; the same command goes on with it.');
      const lines = await judged(context, account, read);
      await takes.settled();
      progress.add(read.bytesDone - takes.place.bytes);
      takes.begin(lines, { bytes: read.bytesDone, lines: read.linesDone });
    }
    await takes.settled();
    await takes.take([], takes.place, true);
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

  begin(lines: JudgedLine[], to: Place): void {
    this.running = this.take(lines, to);
    // It is waited for by whoever begins the next; until then it may fail unheard.
    this.running.catch(() => undefined);
  }

  async take(lines: JudgedLine[], { bytes: bytesDone, lines: linesDone }: Place, last = false): Promise<void> {
    const { id: importId, file, place } = this;
    const batch: FileBatch = { importId, file, lines, from: place.bytes, bytesDone, linesDone, last };
    this.place = { bytes: bytesDone, lines: linesDone };
    const { accountId, source } = this;
    const input = { accountId, source, records: [], batch: () => batch };
    const { outcome, result } = await this.context.app.submit(this.context, 'usage.import', input);
    if (outcome !== 'DONE')
      refuse('USAGE_IMPORT_NEEDS_APPROVAL', 'Imports wait for a second person here: send batches over GraphQL.');
    this.id = result.usageImport as string;
  }
}

async function judged({ app }: Context, account: Account, { lines }: Read): Promise<JudgedLine[]> {
  const agents = new Set(lines.flatMap(({ said }) => (isWrong(said) ? [] : (said.agent ?? []))));
  const terms = await termsOf(pooled(app), account, agents, app.clock());
  return lines.map(({ number, text, said }) => ({ number, text, judged: isWrong(said) ? said : judge(said, terms) }));
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
