import { isAscii } from 'node:buffer';
import { isText } from '../platform/text';

/** A record's text: a line, or several where quotes span them. */
export interface Line {
  /** Of its first line and its last, from 1. */
  number: number;
  lastNumber: number;
  text: string;
  /** Bytes of the file's text in UTF-8 up to its end. */
  end: number;
  /** Why it can be no record, whatever it says. */
  fault: 'LINE_TOO_LONG' | 'ENCODING_INVALID' | 'QUOTE_UNCLOSED' | 'LINE_UNREADABLE' | null;
}

/** Characters of a record, and lines that its quotes may span: beyond that a quote was never closed, and it takes no other line with it. */
const LONGEST = 65_536;
const MOST_LINES = 50;

const NEWLINE = 10;

/**
 * Cuts a file into records at its newlines, of which those within quotes are none: as many at a time as a piece of the file has. A quote that is never
 * closed spoils the line that it begins on, and the lines behind that are read as if it were not there. Without a delimiter nothing is quoted.
 */
export async function* linesIn(
  file: AsyncIterable<Buffer>,
  encoding: string,
  delimiter: string | null,
): AsyncGenerator<Line[]> {
  const open: Line[] = [];
  for await (const lines of physicalLines(utf8(file, encoding)))
    if (delimiter === null) yield lines;
    else yield recordsIn(open, lines, delimiter);
  const left: Line[] = [];
  while (open.length > 0) left.push(...givenUp(open, delimiter!));
  yield left;
}

function recordsIn(open: Line[], lines: readonly Line[], delimiter: string): Line[] {
  const found: Line[] = [];
  for (const line of lines)
    if (open.length === 0 && !line.text.includes('"')) found.push(line);
    else found.push(...records(open, line, delimiter));
  return found;
}

/** The records that are complete with one line more; `open` are the lines of one that is not. */
function* records(open: Line[], line: Line, delimiter: string): Generator<Line> {
  const within = open.length > 0;
  const still = endsWithin(line.text, delimiter, within);
  if (!within && !still) {
    yield line;
    return;
  }
  open.push(line);
  if (!still) yield joined(open.splice(0));
  else if (open.length > MOST_LINES || open.reduce((sum, { text }) => sum + text.length, 0) > LONGEST)
    yield* givenUp(open, delimiter);
}

/** Whether a line ends within quotes. They begin where a field does, and end before the next; any other is a part of the text. */
function endsWithin(text: string, delimiter: string, began: boolean): boolean {
  if (!text.includes('"')) return began;
  let within = began;
  let fieldBegins = !began;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]!;
    if (!within) {
      within = fieldBegins && sign === '"';
      fieldBegins = sign === delimiter;
    } else if (sign === '"') {
      if (text[at + 1] === '"') at += 1;
      else if (at + 1 === text.length || text[at + 1] === delimiter) within = false;
    }
  }
  return within;
}

function joined(lines: readonly Line[]): Line {
  const [first, last] = [lines[0]!, lines.at(-1)!];
  const fault = lines.find((each) => each.fault !== null)?.fault ?? null;
  return {
    ...first,
    lastNumber: last.lastNumber,
    end: last.end,
    text: lines.map(({ text }) => text).join('\n'),
    fault,
  };
}

/** The first of them alone is wrong; the others are looked at anew. */
function* givenUp(open: Line[], delimiter: string): Generator<Line> {
  const [first, ...others] = open.splice(0);
  yield { ...first!, fault: 'QUOTE_UNCLOSED' };
  for (const line of others) yield* records(open, line, delimiter);
}

async function* physicalLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let carry: Buffer = Buffer.alloc(0);
  let [number, end] = [0, 0];
  /** Of a line that is too long its beginning is kept, and the rest of it counted. */
  let dropped = 0;
  const line = (text: string, length: number, fault: Line['fault']): Line => {
    number += 1;
    end += length;
    return { number, lastNumber: number, text: text.endsWith('\r') ? text.slice(0, -1) : text, end, fault };
  };
  const lineOf = (bytes: Buffer, newline: number): Line => {
    const tooLong = dropped > 0 || bytes.length > LONGEST;
    const text = (tooLong ? bytes.subarray(0, LONGEST) : bytes).toString('utf8');
    const length = bytes.length + dropped + newline;
    dropped = 0;
    return line(text, length, tooLong ? 'LINE_TOO_LONG' : faultOf(text));
  };
  const linesOf = (bytes: Buffer): Line[] => {
    const text = isAscii(bytes) ? bytes.toString('latin1') : '';
    // Mostly there is nothing else in a piece, and then each byte of it is a sign.
    if (text !== '' && isText(text)) {
      const texts = text.slice(0, -1).split('\n');
      if (texts.every((each) => each.length <= LONGEST)) return texts.map((each) => line(each, each.length + 1, null));
    }
    const found: Line[] = [];
    for (let from = 0; from < bytes.length;) {
      const at = bytes.indexOf(NEWLINE, from);
      found.push(lineOf(bytes.subarray(from, at), 1));
      from = at + 1;
    }
    return found;
  };
  for await (const chunk of chunks) {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= 0) {
      const first = carry.length > 0 ? chunk.indexOf(NEWLINE) + 1 : 0;
      const begun = first > 0 ? [lineOf(Buffer.concat([carry, chunk.subarray(0, first - 1)]), 1)] : [];
      yield [...begun, ...linesOf(chunk.subarray(first, last + 1))];
      carry = chunk.subarray(last + 1);
    } else carry = Buffer.concat([carry, chunk]);
    if (carry.length > LONGEST * 2) {
      dropped += carry.length - LONGEST - 1;
      carry = carry.subarray(0, LONGEST + 1);
    }
  }
  if (carry.length > 0) yield [lineOf(carry, 0)];
}

const faultOf = (text: string): Line['fault'] =>
  text.includes('\uFFFD') ? 'ENCODING_INVALID' : isText(text) ? null : 'LINE_UNREADABLE';

/** The file's bytes in UTF-8, without a byte order mark, whatever they are in: a mark says it better than whoever calls. */
async function* utf8(file: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  let begun = false;
  for await (const chunk of file) {
    let bytes = chunk;
    if (!begun) {
      begun = true;
      const marked = markOf(chunk);
      bytes = chunk.subarray(marked.length);
      const found = marked.encoding ?? encoding;
      decoder = found === 'utf-8' ? null : new TextDecoder(found);
    }
    yield decoder ? Buffer.from(decoder.decode(bytes, { stream: true })) : bytes;
  }
  if (decoder) yield Buffer.from(decoder.decode());
}

function markOf(bytes: Buffer): { length: number; encoding: string | null } {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { length: 3, encoding: 'utf-8' };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { length: 2, encoding: 'utf-16le' };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { length: 2, encoding: 'utf-16be' };
  return { length: 0, encoding: null };
}
