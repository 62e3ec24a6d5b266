/*
 * Rows in the binary form of COPY: what PostgreSQL keeps, so that nothing has to be read out of texts again. A column is its length and its bytes,
 * -1 for nothing (PostgreSQL's manual, COPY, "Binary Format").
 */

const HEADER = Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const END = Buffer.from([0xff, 0xff]);
const CHUNK = 1 << 17;
const TWO_TO_32 = 4_294_967_296;

/** 2000-01-01, from which PostgreSQL counts. */
const EPOCH = 946_684_800_000;
const TEXT_OID = 25;

/** A writer of rows; `take` gives what was written, and the writer is done. */
export class CopyRows {
  private readonly full: Buffer[] = [HEADER];
  private chunk = Buffer.allocUnsafe(CHUNK);
  private at = 0;
  private readonly uuids = new Map<string, Buffer>();

  /** Begins a row of so many columns. */
  row(columns: number): this {
    this.room(2);
    this.at = this.chunk.writeInt16BE(columns, this.at);
    return this;
  }

  text(value: string | null): this {
    if (value === null) return this.nothing();
    // A UTF-16 unit is three bytes of UTF-8 at most.
    this.room(4 + value.length * 3);
    const length = this.chunk.write(value, this.at + 4, 'utf8');
    this.chunk.writeInt32BE(length, this.at);
    this.at += 4 + length;
    return this;
  }

  integer(value: number): this {
    this.length(4);
    this.at = this.chunk.writeInt32BE(value, this.at);
    return this;
  }

  /** A bigint that a number holds exactly. */
  bigint(value: number): this {
    this.length(8);
    this.chunk.writeInt32BE(Math.floor(value / TWO_TO_32), this.at);
    this.at = this.chunk.writeUInt32BE(value - Math.floor(value / TWO_TO_32) * TWO_TO_32, this.at + 4);
    return this;
  }

  instant(millis: number | null): this {
    return millis === null ? this.nothing() : this.bigint((millis - EPOCH) * 1_000);
  }

  boolean(value: boolean | null): this {
    if (value === null) return this.nothing();
    this.length(1);
    this.at = this.chunk.writeUInt8(value ? 1 : 0, this.at);
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
    return this.bytes(bytes);
  }

  bytes(value: Buffer): this {
    this.length(value.length);
    this.at += value.copy(this.chunk, this.at);
    return this;
  }

  texts(values: readonly string[]): this {
    const sizes = values.map((value) => Buffer.byteLength(value));
    const dimensions = values.length > 0 ? 1 : 0;
    this.length(12 + dimensions * 8 + sizes.reduce((sum, size) => sum + 4 + size, 0));
    for (const number of [dimensions, 0, TEXT_OID, ...(dimensions ? [values.length, 1] : [])])
      this.at = this.chunk.writeInt32BE(number, this.at);
    for (const value of values) this.text(value);
    return this;
  }

  take(): Buffer[] {
    return [...this.full, this.chunk.subarray(0, this.at), END];
  }

  private nothing(): this {
    this.room(4);
    this.at = this.chunk.writeInt32BE(-1, this.at);
    return this;
  }

  private length(bytes: number): void {
    this.room(4 + bytes);
    this.at = this.chunk.writeInt32BE(bytes, this.at);
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.chunk.length) return;
    this.full.push(this.chunk.subarray(0, this.at));
    this.chunk = Buffer.allocUnsafe(Math.max(CHUNK, bytes));
    this.at = 0;
  }
}
