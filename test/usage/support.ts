import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NO_PROGRESS, type Progress } from '../../src/audit/progress';
import { actorById } from '../../src/access/identify';
import { ownContext } from '../../src/platform/context';
import { newId } from '../../src/platform/ids';
import { pooled } from '../../src/platform/pooled';
import { type FileToImport, importFile, type Imported } from '../../src/usage/import-file';
import { readLayout } from '../../src/usage/layout.rules';
import type { TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { freshCode, givenAccount, givenLob } from '../support/scene';

const SHARED = path.resolve(__dirname, '../../../shared/data/dev');

/** One of the files beside the project, unpacked; null where that is not there. */
export function sharedFile(name: string): string | null {
  const packed = path.join(SHARED, `${name}.csv.xz`);
  if (!existsSync(packed)) return null;
  try {
    return execFileSync('xz', ['-dc', packed], { maxBuffer: 1 << 28 }).toString('utf8');
  } catch {
    return null;
  }
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-usage-'));
export const forgetFiles = () => rmSync(folder, { recursive: true, force: true });

export function fileOf(content: string | Buffer, name = `${newId()}.csv`): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

export interface Client {
  id: string;
  code: string;
  lobs: Record<string, string>;
}

/** An account with these lines of business. */
export async function givenClient(t: TestApp, lobs: readonly string[], timeZone = 'UTC'): Promise<Client> {
  const code = freshCode('USE');
  const id = await givenAccount(t, { code, timeZone });
  const made: Record<string, string> = {};
  for (const lob of lobs) made[lob] = await givenLob(t, id, { code: lob });
  return { id, code, lobs: made };
}

export interface Run {
  as?: CastName;
  layout?: object;
  source?: string;
  size?: number;
  progress?: Progress;
}

export async function imported(t: TestApp, client: Client, file: string, run: Run = {}): Promise<Imported> {
  const { app } = t.served;
  const actor = await actorById(pooled(app), t.as(run.as ?? 'operations').userId, app.clock());
  const what: FileToImport = {
    file,
    account: client.code,
    source: run.source ?? 'acd',
    layout: readLayout(run.layout ?? {}),
  };
  const context = { ...ownContext(app, `test-${newId()}`), actor };
  return importFile(context, what, run.progress ?? NO_PROGRESS, { threads: 0, ...(run.size && { size: run.size }) });
}

/** What of a run can be compared. */
export const countsOf = ({ state, recordsIn, recordsNew, recordsKnown, recordsRejected }: Imported) => ({
  state,
  in: recordsIn,
  new: recordsNew,
  known: recordsKnown,
  rejected: recordsRejected,
});

/** The records of an account, or of one of its sources, without what tells when and how they came. */
export const recordsOf = (t: TestApp, { id }: Pick<Client, 'id'>, source: string | null = null) =>
  t.sql(
    `SELECT source_id, lob_id, service, agent_code, kind, corrects, started_at, answered_at, ended_at, wait_seconds, talk_seconds, outcome, resolved,
       flags FROM call_record r JOIN usage_source s ON s.number = r.source_number WHERE r.account_id = $1 AND s.code = coalesce($2, s.code)
     ORDER BY source_id`,
    [id, source],
  );

/** The rejected lines of an import, in the order of the file. */
export const rejectionsOf = (t: TestApp, importId: string) =>
  t.sql<{ line: number; code: string; field: string | null; text: string }>(
    'SELECT line_number AS line, code, field, line AS text FROM usage_rejection WHERE import_id = $1 ORDER BY line_number',
    [importId],
  );

/** Fails while a file is imported, as if the process died, once so many of its batches were begun. */
export function dyingAfter(batches: number): Progress {
  // The file is read once for its digest, and where it begins is told.
  let left = batches + 2;
  return {
    begin: () => undefined,
    end: () => undefined,
    add: () => {
      left -= 1;
      if (left < 0) throw new Error('the process dies here');
    },
  };
}

/** What the columns of the bank's calls mean. */
export const BANK_LAYOUT = {
  columns: {
    sourceId: ['vru+line', 'call_id'],
    lob: 'type',
    service: 'priority',
    date: 'date',
    startedAt: 'vru_entry',
    answeredAt: 'ser_start',
    endedAt: 'ser_exit',
    waitSeconds: 'q_time',
    talkSeconds: 'ser_time',
    agent: 'server',
  },
  values: { outcome: { AGENT: 'HANDLED', HANG: 'ABANDONED', PHANTOM: 'FAILED' } },
  empty: { answeredAt: ['0:00:00'], endedAt: ['0:00:00'], agent: ['NO_SERVER'] },
};
