import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { Wrong } from './call-times.rules';
import type { Said } from './call-line.rules';
import { columnsNamed, columnsOf, type Layout, readerOf } from './layout.rules';
import { type Line, linesIn } from './lines';

/** A line of the file that should make a record: what it says, or why nobody can tell. */
export interface FileLine {
  number: number;
  text: string;
  said: Said | Wrong;
}

/** So many lines, and how far the file is read with them. */
export interface FileBatch {
  lines: FileLine[];
  bytesDone: number;
  linesDone: number;
}

type Reader = (row: readonly string[]) => Said;

export interface Place {
  bytes: number;
  lines: number;
}

/** Bytes that are read at a time. */
const PIECE = 1 << 16;

export const isWrong = (said: Said | Wrong): said is Wrong => 'code' in said;

const wrong = (code: string): Wrong => ({ code, field: null });

/**
 * A file's lines in batches, from a place on that an earlier run came to. Memory does not grow with the file. A line that nobody can read is one of
 * the batch, and stops no other. Refuses with USAGE_FILE_EMPTY and USAGE_COLUMN_MISSING.
 */
export async function* batchesOf(path: string, layout: Layout, from: Place, size: number): AsyncGenerator<FileBatch> {
  let read: Reader | null = null;
  let header: string[] = [];
  let pending: Line[] = [];
  let [bytesDone, linesDone] = [from.bytes, from.lines];
  const csv = layout.format === 'csv';
  if (!csv) {
    header = columnsNamed(layout);
    read = readerOf(layout, header);
  }
  const batch = (): FileBatch => {
    const lines = csv
      ? pending.map((line) => csvLine(line, layout.delimiter, read!))
      : pending.map((line) => jsonLine(line, header, read!));
    pending = [];
    return { lines, bytesDone, linesDone };
  };
  const file = createReadStream(path, { highWaterMark: PIECE });
  for await (const lines of linesIn(file, layout.encoding, csv ? layout.delimiter : null))
    for (const line of lines) {
      if (read === null) {
        header = headerIn(line, layout);
        read = readerOf(layout, header);
      } else if (line.end > from.bytes && line.text.trim() !== '') pending.push(line);
      if (line.end > from.bytes) [bytesDone, linesDone] = [line.end, line.lastNumber];
      if (pending.length >= size) yield batch();
    }
  if (read === null) readerOf(layout, []);
  yield batch();
}

/** Quotes that stand where none should are part of the text, and rows may be longer or shorter than the header. */
const OPTIONS = { relax_quotes: true, relax_column_count: true } as const;

const headerIn = ({ text }: Line, { delimiter }: Layout): string[] =>
  (parse(text, { ...OPTIONS, delimiter })[0] ?? []).map((column) => column.trim());

/** A line without a quote says its columns by itself, which is a third of the time that an import takes. */
function csvLine({ number, text, fault }: Line, delimiter: string, read: Reader): FileLine {
  if (fault !== null) return { number, text, said: wrong(fault) };
  const row = text.includes('"') ? onlyRow(rowsOf(text, { ...OPTIONS, delimiter })) : text.split(delimiter);
  return { number, text, said: row ? read(row) : wrong('LINE_UNREADABLE') };
}

function rowsOf(text: string, options: { delimiter: string }): string[][] | null {
  try {
    return parse(text, options);
  } catch {
    return null;
  }
}

const onlyRow = (rows: string[][] | null): string[] | null => (rows?.length === 1 ? rows[0]! : null);

function jsonLine({ number, text, fault }: Line, header: readonly string[], read: Reader): FileLine {
  if (fault !== null) return { number, text, said: wrong(fault) };
  try {
    const row = columnsOf(JSON.parse(text), header);
    return { number, text, said: row ? read(row) : wrong('LINE_UNREADABLE') };
  } catch {
    return { number, text, said: wrong('LINE_UNREADABLE') };
  }
}
