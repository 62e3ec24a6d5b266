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

/** Where in a row something begins: behind the count of its columns, each with four bytes of length. */
const STARTED_AT_OF_KEY = 2 + 4;
const SOURCE_ID_OF_KEY = 2 + 12 + 20 + 8 + 4;
const SEQUENCE_OF_RECORD = 2 + 4;
const SAID_OF_RECORD = 2 + 12 + 20 + 20 + 8 + 20;

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
  readonly keys: Rows;
  readonly records: Rows;
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

/** Bytes of a row that are provided for; it has more where texts are long. */
const KEY_ROOM = 96;
const RECORD_ROOM = 352;

/** Writes lines, of which there are no more than `most`. */
export function writeBatch(lines: Iterable<JudgedLine>, most: number, into: Into): WrittenBatch {
  const rejections: Rejection[] = [];
  const [keys, records] = [new CopyRows(most * KEY_ROOM), new CopyRows(most * RECORD_ROOM)];
  const numbers = () => new Uint32Array(most);
  const [keyEnds, recordEnds, saidEnds, textEnds, lineNumbers] = [
    numbers(),
    numbers(),
    numbers(),
    numbers(),
    numbers(),
  ];
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
    const id = callId(into.number, call.sourceId);
    keys.row(4).instant(call.startedAt).value(id).integer(into.number).text(call.sourceId);
    keyEnds[count] = keys.size;
    records.row(20).bigint(0).value(id).uuid(into.accountId).integer(into.number).uuid(into.importId);
    writeSaid(records, call);
    saidEnds[count] = records.size;
    records.uuid(call.agentId).texts(call.flags);
    recordEnds[count] = records.size;
    if (call.corrects !== null) corrections.push({ call: count, corrects: call.corrects });
    lineNumbers[count] = line;
    texts.push(text);
    textEnd += text.length;
    textEnds[count] = textEnd;
    count += 1;
  }
  const calls = {
    count,
    keys: { bytes: keys.bytes, ends: keyEnds },
    records: { bytes: records.bytes, ends: recordEnds },
    saidEnds,
    firsts,
    lines: lineNumbers,
    texts: texts.join(''),
    textEnds,
    corrections,
  };
  return { lines: most, calls, rejections };
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

const ID = new Uint8Array(16);

/**
 * A record's id comes of its source and source id (RFC 9562, version 8): the primary key of a month would refuse a second one of them that starts at
 * the same instant, even of somebody who went round the key table. It is good until the next is asked for.
 */
function callId(number: number, sourceId: string): Uint8Array {
  // As a text of bytes: memory that Node makes for a digest costs more than the digest does.
  const digest = hash('sha256', `${number}\n${sourceId}`, 'binary');
  for (let place = 0; place < ID.length; place += 1) ID[place] = digest.charCodeAt(place);
  ID[6] = (ID[6]! & 0x0f) | 0x80;
  ID[8] = (ID[8]! & 0x3f) | 0x80;
  return ID;
}

/** Calls of a batch, by their places in it. */
export class WrittenCalls {
  private readonly keys: Buffer;
  private readonly records: Buffer;
  private readonly keyView: DataView;

  constructor(private readonly rows: CallRows) {
    this.keys = bufferOf(rows.keys.bytes);
    this.records = bufferOf(rows.records.bytes);
    this.keyView = viewOf(this.keys);
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
    return readInstant(this.keyView, this.from(this.rows.keys.ends, call) + STARTED_AT_OF_KEY);
  }

  sourceId(call: number): string {
    const { ends } = this.rows.keys;
    return this.keys.toString('utf8', this.from(ends, call) + SOURCE_ID_OF_KEY, ends[call]);
  }

  said(call: number): Buffer {
    const from = this.from(this.rows.records.ends, call) + SAID_OF_RECORD;
    return this.records.subarray(from, this.rows.saidEnds[call]);
  }

  /** Source ids that some of them correct. */
  corrects(of: readonly number[]): string[] {
    if (this.rows.corrections.length === 0) return [];
    const wanted = new Set(of);
    return this.rows.corrections.flatMap(({ call, corrects }) => (wanted.has(call) ? corrects : []));
  }

  line(call: number): { line: number; text: string } {
    const { lines, texts, textEnds } = this.rows;
    return { line: lines[call]!, text: texts.slice(this.from(textEnds, call), textEnds[call]) };
  }

  /** Numbers them in their order, the first with `first`. */
  numberFrom(first: number, calls: readonly number[]): void {
    const view = viewOf(this.records);
    const { ends } = this.rows.records;
    calls.forEach((call, place) => writeBigint(view, this.from(ends, call) + SEQUENCE_OF_RECORD, first + place));
  }

  keysOf(calls: readonly number[]): Buffer[] {
    return this.pieces(this.keys, this.rows.keys.ends, calls);
  }

  recordsOf(calls: readonly number[]): Buffer[] {
    return this.pieces(this.records, this.rows.records.ends, calls);
  }

  /** Neighbours are one piece. */
  private pieces(bytes: Buffer, ends: Uint32Array, calls: readonly number[]): Buffer[] {
    const pieces: Buffer[] = [];
    let begin = 0;
    for (let place = 0; place < calls.length; place += 1) {
      if (calls[place + 1] === calls[place]! + 1) continue;
      pieces.push(bytes.subarray(this.from(ends, calls[begin]!), ends[calls[place]!]));
      begin = place + 1;
    }
    return pieces;
  }

  private from(ends: Uint32Array, call: number): number {
    return call === 0 ? 0 : ends[call - 1]!;
  }
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> =>
  Buffer.from(buffer, byteOffset, byteLength);

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength);
