import { hash } from 'node:crypto';
import { CopyRows, readInstant, writeBigint } from '../platform/copy-rows';
import { type Call, isCall } from './call-line.rules';
import type { JudgedLine, Rejection } from './usage-import.rules';

/*
 * Calls as the rows that they become, in the order in which they were said. Bytes and numbers alone, so that a thread can hand over thousands of calls
 * at the cost of one: what has to be known of a row later is found at its place.
 */

export const KEY = 'call_key (started_at, id, source_number, source_id)';
export const RECORD = `call_record (sequence, id, account_id, source_number, import_id, source_id, started_at, answered_at, ended_at, wait_seconds,
  talk_seconds, lob_id, service, agent_code, outcome, resolved, kind, corrects, agent_id, flags)`;

/** Where in a record something begins, and ends: behind the count of its columns, each with four bytes of length. */
const SEQUENCE = 2 + 4;
const ID = 2 + 12 + 4;
const NUMBER = 2 + 12 + 20 + 20;
const SOURCE_ID = NUMBER + 8 + 20;

/** What rows say besides their calls. The number is the source's. */
export interface Into {
  readonly accountId: string;
  readonly importId: string;
  readonly number: number;
}

/** Rows, and where each of them ends. */
interface Rows {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
}

export interface CallRows {
  readonly count: number;
  readonly records: Rows;
  /** Keys of them by source id, so that those stand together that go to the same place of the index; and whose each is. */
  readonly keys: Rows & { readonly calls: Uint32Array<ArrayBuffer> };
  /** Where in each record ends what the source says of the call. */
  readonly saidEnds: Uint32Array<ArrayBuffer>;
  /** Of calls that are said again: which said it first. -1 for these themselves. */
  readonly firsts: Int32Array<ArrayBuffer>;
  /** Numbers and texts of their lines. */
  readonly lines: Uint32Array<ArrayBuffer>;
  readonly texts: string;
  readonly textEnds: Uint32Array<ArrayBuffer>;
  /** Those that correct another, and its source id. */
  readonly corrections: readonly { readonly call: number; readonly corrects: string }[];
}

/** Lines as they are kept. */
export interface WrittenBatch {
  /** How many lines there were. */
  readonly lines: number;
  readonly calls: CallRows;
  readonly rejections: Rejection[];
}

/** Bytes of a record that are provided for; it has more where texts are long. */
const RECORD_ROOM = 352;

/** Writes lines, of which there are no more than `most`. */
export function writeBatch(lines: Iterable<JudgedLine>, most: number, into: Into): WrittenBatch {
  const rejections: Rejection[] = [];
  const records = new CopyRows(most * RECORD_ROOM);
  const head = headOf(into);
  const numbers = () => new Uint32Array(most);
  const [ends, saidEnds, textEnds, lineNumbers] = [numbers(), numbers(), numbers(), numbers()];
  const firsts = new Int32Array(most);
  const seen = new Map<string, number>();
  const corrections: { call: number; corrects: string }[] = [];
  const texts: string[] = [];
  let [count, textEnd] = [0, 0];
  for (const { number: line, text, judged: call } of lines) {
    if (!isCall(call)) {
      rejections.push({ line, code: call.code, field: call.field, text });
      continue;
    }
    const first = seen.get(call.sourceId);
    if (first === undefined) seen.set(call.sourceId, count);
    firsts[count] = first ?? -1;
    writeCallId(head, into.number, call.sourceId);
    records.raw(head);
    writeSaid(records, call);
    saidEnds[count] = records.size;
    records.uuid(call.agentId).texts(call.flags);
    ends[count] = records.size;
    if (call.corrects !== null) corrections.push({ call: count, corrects: call.corrects });
    lineNumbers[count] = line;
    texts.push(text);
    textEnd += text.length;
    textEnds[count] = textEnd;
    count += 1;
  }
  const written = { bytes: records.bytes, ends };
  const calls = {
    count,
    records: written,
    keys: keysFor(written, count),
    saidEnds,
    firsts,
    lines: lineNumbers,
    texts: texts.join(''),
    textEnds,
    corrections,
  };
  return { lines: most, calls, rejections };
}

/** What records of a source begin with: their sequence and their id are written over it. */
const headOf = ({ accountId, importId, number }: Into): Buffer =>
  new CopyRows().row(20).bigint(0).value(new Uint8Array(16)).uuid(accountId).integer(number).uuid(importId).bytes;

/** The keys of records: columns of theirs, in another order. */
function keysFor({ bytes, ends }: Rows, count: number): CallRows['keys'] {
  const records = bufferOf(bytes);
  const lengths = viewOf(records);
  const begin = (call: number) => endBefore(ends, call);
  const sourceId = (call: number) => begin(call) + SOURCE_ID;
  const calls = bySourceId(records, (call) => sourceId(call) + 4, count);
  const sourceIdEnd = (call: number) => sourceId(call) + 4 + lengths.getInt32(sourceId(call));
  const keys = new CopyRows(bytes.length / 3);
  const keyEnds = new Uint32Array(count);
  for (let place = 0; place < count; place += 1) {
    const call = calls[place]!;
    const said = sourceIdEnd(call);
    keys.row(4).raw(records, said, said + 12); // when it began
    keys.raw(records, begin(call) + ID - 4, begin(call) + ID + 16);
    keys.raw(records, begin(call) + NUMBER, begin(call) + NUMBER + 8);
    keys.raw(records, sourceId(call), said);
    keyEnds[place] = keys.size;
  }
  return { bytes: keys.bytes, ends: keyEnds, calls };
}

/** More than a batch has. */
const PLACES = 2 ** 21;

/**
 * Places of calls in the order of what the four bytes say that stand behind whatever all of their source ids begin with. Near enough: it spares an
 * index from being looked through from its root for each key, and needs no comparison of texts.
 */
function bySourceId(bytes: Buffer, begin: (call: number) => number, count: number): Uint32Array<ArrayBuffer> {
  let shared = count === 0 ? 0 : bytes.readInt32BE(begin(0) - 4);
  for (let call = 1; call < count; call += 1)
    for (let at = 0; at < shared; at += 1) if (bytes[begin(call) + at] !== bytes[begin(0) + at]) shared = at;
  const order = new Float64Array(count);
  for (let call = 0; call < count; call += 1) order[call] = bytes.readUInt32BE(begin(call) + shared) * PLACES + call;
  return Uint32Array.from(order.toSorted(), (value) => value % PLACES);
}

/** What can be handed to another thread as it is. */
export const memoryOf = ({ calls }: WrittenBatch): ArrayBuffer[] =>
  [calls.keys, calls.records].map(({ bytes }) => bytes.buffer);

/** What a source says of a call: two that have the same id there say the same if these bytes are. Who an agent is may become known in between. */
function writeSaid(rows: CopyRows, call: Call): void {
  rows
    .text(call.sourceId)
    .instant(call.startedAt)
    .instant(call.answeredAt)
    .instant(call.endedAt)
    .integer(call.waitSeconds)
    .integer(call.talkSeconds)
    .uuid(call.lobId)
    .text(call.service)
    .text(call.agentCode)
    .text(call.outcome)
    .boolean(call.resolved)
    .text(call.kind)
    .text(call.corrects);
}

export function saidBy(call: Call): Buffer {
  const rows = new CopyRows(RECORD_ROOM);
  writeSaid(rows, call);
  return rows.bytes;
}

/**
 * A record's id comes of its source and source id (RFC 9562, version 8): the primary key of a month would refuse a second one of them that starts at
 * the same instant, even of somebody who went round the key table.
 */
function writeCallId(head: Buffer, number: number, sourceId: string): void {
  // As a text of bytes: memory that Node makes for a digest costs more than the digest does.
  const digest = hash('sha256', `${number}\n${sourceId}`, 'binary');
  for (let place = 0; place < 16; place += 1) head[ID + place] = digest.charCodeAt(place);
  head[ID + 6] = (head[ID + 6]! & 0x0f) | 0x80;
  head[ID + 8] = (head[ID + 8]! & 0x3f) | 0x80;
}

/** Calls of a batch, by their places in it. */
export class WrittenCalls {
  private readonly keys: Buffer;
  private readonly records: Buffer;
  private readonly view: DataView;

  constructor(private readonly rows: CallRows) {
    this.keys = bufferOf(rows.keys.bytes);
    this.records = bufferOf(rows.records.bytes);
    this.view = viewOf(this.records);
  }

  get all(): number[] {
    return Array.from({ length: this.rows.count }, (_x, call) => call);
  }

  /** The one that said the same id first, or itself. */
  firstOf(call: number): number {
    const first = this.rows.firsts[call]!;
    return first < 0 ? call : first;
  }

  startedAt(call: number): number {
    return readInstant(this.view, this.sourceIdEnd(call) + 4);
  }

  sourceId(call: number): string {
    return this.records.toString('utf8', this.begin(call) + SOURCE_ID + 4, this.sourceIdEnd(call));
  }

  private sourceIdEnd(call: number): number {
    const at = this.begin(call) + SOURCE_ID;
    return at + 4 + this.view.getInt32(at);
  }

  said(call: number): Buffer {
    return this.records.subarray(this.begin(call) + SOURCE_ID, this.rows.saidEnds[call]);
  }

  /** Source ids that some of them correct. */
  corrects(of: readonly number[]): string[] {
    if (this.rows.corrections.length === 0) return [];
    const wanted = new Set(of);
    return this.rows.corrections.flatMap(({ call, corrects }) => (wanted.has(call) ? corrects : []));
  }

  line(call: number): { line: number; text: string } {
    const { lines, texts, textEnds } = this.rows;
    return { line: lines[call]!, text: texts.slice(endBefore(textEnds, call), textEnds[call]) };
  }

  /** Numbers them in their order, the first with `first`. */
  numberFrom(first: number, calls: readonly number[]): void {
    calls.forEach((call, place) => writeBigint(this.view, this.begin(call) + SEQUENCE, first + place));
  }

  recordsOf(calls: readonly number[]): Buffer[] {
    return pieces(this.records, this.rows.records.ends, calls);
  }

  keysOf(calls: readonly number[]): Buffer[] {
    const { ends, calls: keyed } = this.rows.keys;
    if (calls.length === keyed.length) return [this.keys];
    const wanted = new Set(calls);
    return pieces(
      this.keys,
      ends,
      Array.from(keyed.keys()).filter((place) => wanted.has(keyed[place]!)),
    );
  }

  private begin(call: number): number {
    return endBefore(this.rows.records.ends, call);
  }
}

/** Rows at some places, of which neighbours are one piece. */
function pieces(bytes: Buffer, ends: Uint32Array, places: readonly number[]): Buffer[] {
  const found: Buffer[] = [];
  let begin = 0;
  for (let next = 1; next <= places.length; next += 1) {
    if (places[next] === places[next - 1]! + 1) continue;
    found.push(bytes.subarray(endBefore(ends, places[begin]!), ends[places[next - 1]!]));
    begin = next;
  }
  return found;
}

const endBefore = (ends: Uint32Array, place: number): number => (place === 0 ? 0 : ends[place - 1]!);

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> =>
  Buffer.from(buffer, byteOffset, byteLength);

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength);
