/*
 * Rows in the binary form of COPY: what PostgreSQL keeps, so that nothing has to be read out of texts again. A column is its length and its bytes,
 * -1 for nothing (PostgreSQL's manual, COPY, "Binary Format").
 */

const HEADER = Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const END = Buffer.from([0xff, 0xff]);
/** Bytes that are handed over at a time: PostgreSQL takes the first rows while the next are on their way, and each piece costs two calls into the system. */
const CHUNK = 1 << 20;
const ROOM = 1 << 16;
const TWO_TO_32 = 4_294_967_296;

/** 2000-01-01, from which PostgreSQL counts. */
const EPOCH = 946_684_800_000;
const TEXT_OID = 25;

/** Shorter values are copied here sooner than a call into native code takes. */
const SHORT = 48;

/** What goes to PostgreSQL for these rows, which may be written in several pieces. */
export function* copyOf(pieces: Iterable<Buffer>): Generator<Buffer> {
  yield HEADER;
  for (const piece of pieces)
    for (let from = 0; from < piece.length; from += CHUNK) yield piece.subarray(from, from + CHUNK);
  yield END;
}

/** Writes a bigint that a number holds exactly. */
export function writeBigint(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32);
  view.setInt32(at, high);
  view.setUint32(at + 4, value - high * TWO_TO_32);
}

/** The ms of an instant that was written at a place, from 1970 on. */
export const readInstant = (view: DataView, at: number): number =>
  (view.getInt32(at) * TWO_TO_32 + view.getUint32(at + 4)) / 1_000 + EPOCH;

/** A writer of rows, one behind the other. */
export class CopyRows {
  private buffer: Buffer<ArrayBuffer>;
  private view: DataView;
  private at = 0;
  private readonly uuids = new Map<string, Buffer>();

  /** `room`: bytes that will be needed, as far as one knows. */
  constructor(room = ROOM) {
    this.buffer = Buffer.allocUnsafeSlow(room);
    this.view = new DataView(this.buffer.buffer);
  }

  /** How many bytes were written. */
  get size(): number {
    return this.at;
  }

  /** All that was written; the only view of its memory. */
  get bytes(): Buffer<ArrayBuffer> {
    return this.buffer.subarray(0, this.at);
  }

  /** Begins a row of so many columns. */
  row(columns: number): this {
    this.room(2);
    this.view.setInt16(this.at, columns);
    this.at += 2;
    return this;
  }

  text(value: string | null): this {
    if (value === null) return this.nothing();
    // A UTF-16 unit is three bytes of UTF-8 at most.
    this.room(4 + value.length * 3);
    const length = this.isWrittenPlainly(value) ? value.length : this.buffer.write(value, this.at + 4, 'utf8');
    this.view.setInt32(this.at, length);
    this.at += 4 + length;
    return this;
  }

  /** A short text of ASCII alone is written here, others are not. */
  private isWrittenPlainly(value: string): boolean {
    if (value.length > SHORT) return false;
    const from = this.at + 4;
    for (let place = 0; place < value.length; place += 1) {
      const unit = value.charCodeAt(place);
      if (unit > 127) return false;
      this.buffer[from + place] = unit;
    }
    return true;
  }

  integer(value: number): this {
    this.length(4);
    this.view.setInt32(this.at, value);
    this.at += 4;
    return this;
  }

  /** A bigint that a number holds exactly. */
  bigint(value: number): this {
    this.length(8);
    writeBigint(this.view, this.at, value);
    this.at += 8;
    return this;
  }

  instant(millis: number | null): this {
    return millis === null ? this.nothing() : this.bigint((millis - EPOCH) * 1_000);
  }

  boolean(value: boolean | null): this {
    if (value === null) return this.nothing();
    this.length(1);
    this.buffer[this.at] = value ? 1 : 0;
    this.at += 1;
    return this;
  }

  /** Few of them come often. */
  uuid(value: string | null): this {
    if (value === null) return this.nothing();
    let bytes = this.uuids.get(value);
    if (!bytes) {
      bytes = Buffer.from(value.replaceAll('-', ''), 'hex');
      this.uuids.set(value, bytes);
    }
    return this.value(bytes);
  }

  value(bytes: Uint8Array): this {
    this.length(bytes.length);
    return this.raw(bytes);
  }

  /** What is written as it has to be: columns of another row, with their lengths. */
  raw(bytes: Uint8Array, from = 0, to = bytes.length): this {
    const size = to - from;
    this.room(size);
    if (size > SHORT) this.buffer.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.at);
    else for (let place = 0; place < size; place += 1) this.buffer[this.at + place] = bytes[from + place]!;
    this.at += size;
    return this;
  }

  texts(values: readonly string[]): this {
    const dimensions = values.length > 0 ? 1 : 0;
    const sizes = values.reduce((sum, value) => sum + 4 + Buffer.byteLength(value), 0);
    this.length(12 + dimensions * 8 + sizes);
    this.word(dimensions).word(0).word(TEXT_OID);
    if (dimensions > 0) this.word(values.length).word(1);
    for (const value of values) this.text(value);
    return this;
  }

  private word(value: number): this {
    this.view.setInt32(this.at, value);
    this.at += 4;
    return this;
  }

  private nothing(): this {
    this.room(4);
    return this.word(-1);
  }

  private length(bytes: number): void {
    this.room(4 + bytes);
    this.word(bytes);
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.at + bytes));
    this.buffer.copy(grown, 0, 0, this.at);
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }
}
