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

export interface Place {
  bytes: number;
  lines: number;
}

export const isWrong = (said: Said | Wrong): said is Wrong => 'code' in said;

const wrong = (code: string): Wrong => ({ code, field: null });

/**
 * A file's lines in batches, from a place on that an earlier run came to. Memory does not grow with the file. A line that nobody can read is one of
 * the batch, and stops no other. Refuses with USAGE_FILE_EMPTY and USAGE_COLUMN_MISSING.
 */
export async function* batchesOf(path: string, layout: Layout, from: Place, size: number): AsyncGenerator<FileBatch> {
  let read: ((line: readonly string[]) => Said) | null = null;
  let header: string[] = [];
  let pending: Line[] = [];
  let [bytesDone, linesDone] = [from.bytes, from.lines];
  const csv = layout.format === 'csv';
  if (!csv) {
    header = columnsNamed(layout);
    read = readerOf(layout, header);
  }
  const batch = (): FileBatch => {
    const lines = csv ? csvLines(pending, layout, read!) : pending.map((line) => jsonLine(line, header, read!));
    pending = [];
    return { lines, bytesDone, linesDone };
  };
  for await (const line of linesIn(
    createReadStream(path, { highWaterMark: 1 << 18 }),
    layout.encoding,
    csv ? layout.delimiter : null,
  )) {
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

/** All at once, and one by one only where a line among them cannot be read. */
function csvLines(lines: readonly Line[], { delimiter }: Layout, read: (row: readonly string[]) => Said): FileLine[] {
  const options = { ...OPTIONS, delimiter };
  const readable = lines.filter(({ fault }) => fault === null);
  const rows = rowsOf(readable.map(({ text }) => text).join('\n'), options);
  const all = rows?.length === readable.length ? rows : null;
  let next = 0;
  return lines.map(({ number, text, fault }) => {
    if (fault !== null) return { number, text, said: wrong(fault) };
    const place = next++;
    const row = all ? all[place] : onlyRow(rowsOf(text, options));
    return { number, text, said: row ? read(row) : wrong('LINE_UNREADABLE') };
  });
}

function rowsOf(text: string, options: { delimiter: string }): string[][] | null {
  try {
    return parse(text, options);
  } catch {
    return null;
  }
}

const onlyRow = (rows: string[][] | null): string[] | null => (rows?.length === 1 ? rows[0]! : null);

function jsonLine(
  { number, text, fault }: Line,
  header: readonly string[],
  read: (row: readonly string[]) => Said,
): FileLine {
  if (fault !== null) return { number, text, said: wrong(fault) };
  try {
    const row = columnsOf(JSON.parse(text), header);
    return { number, text, said: row ? read(row) : wrong('LINE_UNREADABLE') };
  } catch {
    return { number, text, said: wrong('LINE_UNREADABLE') };
  }
}
