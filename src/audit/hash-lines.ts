import { createHmac, hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

/** Lines that begin at a byte of a file from `from` on and before `to`. */
export interface LineRange {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

export interface HashedLines {
  /** For each line in turn the hash of its leaf, as a string of one character a byte: see tree.ts. */
  readonly leaves: string[];
  /** For each key that was given: the MAC with it of each line in turn, 32 bytes; zeros for a line without content. */
  readonly macs: Buffer[];
  /** How many lines have no content any more. */
  readonly dropped: number;
  /** The last line has no end: the file was cut off. */
  readonly cutOff: boolean;
  /** Which of them (from 0) are neither content nor the hash of one. */
  readonly malformed: number[];
}

const NEWLINE = 0x0a;
/** In front of the hash of a leaf whose content was dropped, in hex. */
export const DROPPED = '#';
const DROPPED_BYTE = 0x23;
const DROPPED_LINE = /^#[0-9a-f]{64}$/;
const BYTES = 32;
const NO_HASH = '00'.repeat(BYTES);
/** Bytes that are read more at a time, while a line does not end. */
const MORE = 65_536;

/**
 * Hashes the leaves of an export's events. The end of the line before each, which stands where the byte 0 of RFC 9162 has to, is
 * overwritten with it: so nothing is copied. Throws what reading fails with.
 */
export function hashLines({ file, from, to }: LineRange, macKeys: readonly Uint8Array[]): HashedLines {
  const bytes = readLines(file, from, to);
  const leaves: string[] = [];
  const macs = macKeys.map((): Buffer[] => []);
  const malformed: number[] = [];
  let dropped = 0;
  let start = bytes.indexOf(NEWLINE);
  while (start >= 0 && from + start < to && start + 1 < bytes.length) {
    const end = bytes.indexOf(NEWLINE, start + 1);
    if (end < 0) break;
    if (bytes[start + 1] === DROPPED_BYTE) {
      const line = bytes.toString('latin1', start + 1, end);
      const isDropped = DROPPED_LINE.test(line);
      if (!isDropped) malformed.push(leaves.length);
      leaves.push(Buffer.from(isDropped ? line.slice(1) : NO_HASH, 'hex').toString('latin1'));
      dropped += 1;
      for (const each of macs) each.push(Buffer.alloc(BYTES));
    } else {
      bytes[start] = 0;
      leaves.push(hash('sha256', bytes.subarray(start, end), 'binary'));
      macKeys.forEach((key, at) =>
        macs[at]!.push(
          createHmac('sha256', key)
            .update(bytes.subarray(start + 1, end))
            .digest(),
        ),
      );
    }
    start = end;
  }
  const cutOff = start >= 0 && from + start < to && start + 1 < bytes.length;
  return { leaves, macs: macs.map((each) => Buffer.concat(each)), dropped, cutOff, malformed };
}

/** What lines are read into, since memory that is fresh each time costs as much as half of the hashing. */
let scratch = Buffer.alloc(0);

/** At least so many bytes. */
function scratchOf(length: number): Buffer {
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length);
  return scratch;
}

/** From the byte before the range, or an end of line where there is none, to the end of its last line. */
function readLines(file: string, from: number, to: number): Buffer {
  const handle = openSync(file, 'r');
  try {
    let bytes = scratchOf(1 + to - from + MORE);
    bytes[0] = NEWLINE;
    let length = from === 0 ? 1 : 0;
    for (;;) {
      const read = readSync(handle, bytes, length, bytes.length - length, from - 1 + length);
      length += read;
      if (read === 0 || bytes.subarray(Math.max(0, to - from), length).includes(NEWLINE))
        return bytes.subarray(0, length);
      if (length < bytes.length) continue;
      const filled = bytes;
      bytes = scratchOf(2 * length);
      bytes.set(filled);
    }
  } finally {
    closeSync(handle);
  }
}
