import { refuse } from '../platform/errors';
import { maskText } from '../platform/masks';
import type { FieldChange } from '../platform/operation';
import type { Judgement } from './call-line.rules';
import type { WrittenBatch } from './call-rows';
import type { UsageImport } from './usage-import.entity';

/** A line, and what it comes to by itself. */
export interface JudgedLine {
  number: number;
  text: string;
  judged: Judgement;
}

/** Some lines of a file, after those that were taken before. */
export interface FileBatch {
  /** Null begins an import. */
  importId: string | null;
  file: { name: string; digest: string; layout: string; bytesTotal: number };
  batch: WrittenBatch | null;
  /** How far it was read before these lines, and with them. */
  from: number;
  bytesDone: number;
  linesDone: number;
  /** Nothing comes after it. */
  last: boolean;
}

export interface Rejection {
  line: number;
  code: string;
  field: string | null;
  text: string;
}

export interface Counts {
  in: number;
  fresh: number;
  known: number;
  rejected: number;
}

export const NOTHING: Counts = { in: 0, fresh: 0, known: 0, rejected: 0 };

/** A file goes on where it was left; whoever finds that somebody else went on with it stops. */
export function assertGoesOn(row: UsageImport, { from }: FileBatch): void {
  if (row.state === 'DONE' || row.bytesDone !== String(from))
    refuse('USAGE_IMPORT_MOVED_ON', 'Somebody else has gone on with this import.', { state: row.state });
}

/** Characters of a line that are kept. */
const KEPT = 10_000;
// oxlint-disable-next-line no-control-regex -- PostgreSQL cannot keep them
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g;

/** A line as it may be kept: without what is sensitive in it, and what cannot be. */
export const keptLine = (text: string): string =>
  maskText(text.slice(0, KEPT).toWellFormed().replace(CONTROL, '\uFFFD'));

const count = (path: string, was: number, more: number): FieldChange => ({ path, before: was, after: was + more });

/** What a batch did to its import, in the words of the trail. */
export function importChanges(before: UsageImport | null, source: string, added: Counts, state: string): FieldChange[] {
  return [
    ...(before ? [] : [{ path: 'source', before: null, after: source }]),
    { path: 'state', before: before?.state ?? null, after: state },
    count('recordsIn', before?.recordsIn ?? 0, added.in),
    count('recordsNew', before?.recordsNew ?? 0, added.fresh),
    count('recordsKnown', before?.recordsKnown ?? 0, added.known),
    count('recordsRejected', before?.recordsRejected ?? 0, added.rejected),
  ];
}
