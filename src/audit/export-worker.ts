import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { type HashedLines, hashLines, type LineRange } from './hash-lines';
import { type Head, openHead } from './heads';
import { parseNoteKey } from './note-keys';
import { perfectRoot } from './tree';
import { subtreesBetween } from './nodes';
import { type Performer, serveTasks, type Work } from './worker-pool';

/** What the threads do that verify an export. */
export type ExportTask =
  | { readonly kind: 'lines'; readonly range: LineRange; readonly first: number; readonly cuts: readonly number[] }
  | { readonly kind: 'notes'; readonly notes: readonly string[] }
  | { readonly kind: 'digest'; readonly file: string };

export type ExportResult =
  | ({ readonly kind: 'lines'; readonly count: number; readonly subtrees: Buffer } & Omit<HashedLines, 'leaves'>)
  | { readonly kind: 'notes'; readonly heads: (Head | string)[] }
  | { readonly kind: 'digest'; readonly sha256: string; readonly bytes: number };

export interface ExportWorkData {
  /** Lines of the keys that sign. */
  readonly keys: readonly string[];
  readonly macKeys: readonly Uint8Array[];
}

function performer(data: ExportWorkData): Performer<ExportTask, ExportResult> {
  const keys = data.keys.map(parseNoteKey);
  return {
    perform: (task) => {
      switch (task.kind) {
        case 'lines':
          return linesOf(task, data.macKeys);
        case 'notes':
          return { kind: 'notes', heads: task.notes.map((note) => openHead(note, keys)) };
        case 'digest':
          return { kind: 'digest', ...digestOf(task.file) };
      }
    },
  };
}

/** The lines of a block, and the roots of the subtrees that they make between one cut and the next. */
function linesOf(task: Extract<ExportTask, { kind: 'lines' }>, macKeys: readonly Uint8Array[]): ExportResult {
  const { range, first } = task;
  const { leaves, ...more } = hashLines(range, macKeys);
  const count = leaves.length;
  const cuts = [...task.cuts.filter((cut) => cut < first + count), first + count];
  const subtrees = subtreesBetween(first, cuts).map(({ level, index }) => {
    const from = index * 2 ** level - first;
    return perfectRoot(leaves.slice(from, from + 2 ** level));
  });
  return { kind: 'lines', count, subtrees: Buffer.concat(subtrees), ...more };
}

/** Bytes that are read at a time. */
const CHUNK = 1_048_576;

function digestOf(file: string): { sha256: string; bytes: number } {
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  const handle = openSync(file, 'r');
  try {
    for (let bytes = 0; ;) {
      const read = readSync(handle, buffer, 0, CHUNK, null);
      if (read === 0) return { sha256: digest.digest('hex'), bytes };
      digest.update(buffer.subarray(0, read));
      bytes += read;
    }
  } finally {
    closeSync(handle);
  }
}

export const EXPORT_WORK: Work<ExportWorkData, ExportTask, ExportResult> = {
  file: path.join(__dirname, 'export-worker.js'),
  make: performer,
};

serveTasks(EXPORT_WORK);
