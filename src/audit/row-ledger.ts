import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Findings } from './findings';
import type { MacKey } from './mac-keys';
import type { PlacedEvent, Told } from './placed-event';

/*
 * What events tell of the rows of the business, held against the rows that there are. Both come as entries of one size, in whatever order;
 * what is of one row falls into one of many buckets, and each bucket is compared by itself: so memory does not grow with the trail.
 */

/** A row as it is. */
export interface FoundRow {
  readonly type: string;
  readonly id: string;
  /** Null: the database itself moves it. */
  readonly version: number | null;
  readonly createdAt: Date;
  /** With each key that is at hand the digest of what it says. */
  readonly digests: readonly string[];
}

/** id 16, type 1, what it is 1, key 1, unused 1, version 4, place or instant 8, digest 16. */
const SIZE = 48;
const [TYPE, WHAT, KEY, VERSION, WHEN, DIGEST] = [16, 17, 18, 20, 24, 32] as const;
/** Of a row the first entry, and those with further keys. */
const [TOLD, ROW, ROW_AGAIN] = [0, 1, 2] as const;
/** In place of a key: nothing can be compared. */
const NO_KEY = 255;
/** In place of a version: the database moves it. */
const MOVED = 0;
const UNPLACED = -1;

const idBytes = (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex');

function entry(
  type: number,
  what: number,
  id: string,
  key: number,
  version: number,
  when: number,
  digest: string | null,
): Buffer {
  const bytes = Buffer.alloc(SIZE);
  bytes.set(idBytes(id).subarray(0, TYPE));
  bytes[TYPE] = type;
  bytes[WHAT] = what;
  bytes[KEY] = digest === null ? NO_KEY : key;
  bytes.writeUInt32LE(version, VERSION);
  bytes.writeDoubleLE(when, WHEN);
  if (digest !== null) bytes.set(Buffer.from(digest, 'base64url').subarray(0, SIZE - DIGEST), DIGEST);
  return bytes;
}

/** What is at hand to compare with. */
export interface LedgerKeys {
  readonly macKeys: readonly MacKey[];
  readonly types: readonly string[];
}

/** The entries of what an event tells. Of types that are no more, none. */
export function toldEntries(
  { rows = [] }: Told,
  { place, keyId }: Pick<PlacedEvent, 'place' | 'keyId'>,
  { macKeys, types }: LedgerKeys,
): Buffer[] {
  const key = macKeys.findIndex(({ id }) => id === null || id === keyId);
  return rows.flatMap(({ type, id, version, digest }) => {
    const at = types.indexOf(type);
    return at < 0 ? [] : [entry(at, TOLD, id, key, version, place ?? UNPLACED, key < 0 ? null : digest)];
  });
}

/** The entries of a row: one for each key, and one where there is none. */
export function rowEntries({ type, id, version, createdAt, digests }: FoundRow, types: readonly string[]): Buffer[] {
  const at = types.indexOf(type);
  const of = (what: number, key: number, digest: string | null) =>
    entry(at, what, id, key, version ?? MOVED, createdAt.getTime(), digest);
  if (digests.length === 0) return [of(ROW, NO_KEY, null)];
  return digests.map((digest, key) => of(key === 0 ? ROW : ROW_AGAIN, key, digest));
}

/** What is kept of a row while its bucket is compared. */
interface Known {
  version: number;
  key: number;
  digest: string;
  place: number;
  seen: boolean;
}

export interface LedgerRules {
  readonly types: readonly string[];
  /** Of rows that were made before this instant no event needs to tell. */
  readonly toldSince: Date;
}

/** What the comparison came to. */
export interface ComparedRows {
  /** Rows that an event tells of. */
  readonly rows: number;
  /** Of these, rows of which only the version could be compared. */
  readonly byVersion: number;
  /** Rows that no event tells of, and none needs to. */
  readonly untold: number;
}

const BUCKETS = 64;
/** Bytes of a bucket that are kept in memory. */
const PART = 1_365 * SIZE;

interface Bucket {
  readonly part: Buffer;
  used: number;
  file: number | null;
}

/** Entries by row. Those of a large trail lie in files of a folder of its own, which is gone once it is closed. */
export class RowLedger {
  private readonly buckets: Bucket[] = [];
  private folder: string | null = null;

  add(entries: Uint8Array): void {
    for (let at = 0; at < entries.length; at += SIZE) {
      const number = entries[at + TYPE - 1]! % BUCKETS;
      const bucket = (this.buckets[number] ??= { part: Buffer.alloc(PART), used: 0, file: null });
      if (bucket.used === PART) this.spill(bucket, number);
      bucket.part.set(entries.subarray(at, at + SIZE), bucket.used);
      bucket.used += SIZE;
    }
  }

  private spill(bucket: Bucket, number: number): void {
    this.folder ??= mkdtempSync(path.join(os.tmpdir(), 'countersign-rows-'));
    bucket.file ??= openSync(path.join(this.folder, String(number)), 'a');
    writeSync(bucket.file, bucket.part.subarray(0, bucket.used));
    bucket.used = 0;
  }

  /** Once everything was added. */
  compare(rules: LedgerRules, findings: Findings): ComparedRows {
    const sum = { rows: 0, byVersion: 0, untold: 0 };
    this.buckets.forEach((bucket, number) => {
      const { file, part, used } = bucket;
      const spilt = file === null ? [] : [readFileSync(path.join(this.folder!, String(number)))];
      compareBucket(Buffer.concat([...spilt, part.subarray(0, used)]), rules, findings, sum);
    });
    return sum;
  }

  close(): void {
    for (const { file } of this.buckets.filter(Boolean)) if (file !== null) closeSync(file);
    if (this.folder !== null) rmSync(this.folder, { recursive: true });
  }
}

/** Rows are added after all that events tell. */
function compareBucket(
  entries: Buffer,
  { types, toldSince }: LedgerRules,
  findings: Findings,
  sum: { -readonly [K in keyof ComparedRows]: number },
): void {
  const known = new Map<string, Known>();
  for (let at = 0; at < entries.length; at += SIZE) {
    const bytes = entries.subarray(at, at + SIZE);
    const row = bytes.toString('latin1', 0, WHAT);
    const told = known.get(row);
    if (bytes[WHAT] === TOLD) {
      const next = knownOf(bytes);
      if (told && differ(told, next))
        note(findings, row, types, told, 'two events tell differently of it at one version');
      if (!told || next.version >= told.version) known.set(row, next);
    } else if (told) {
      if (bytes[WHAT] === ROW) sum.rows += 1;
      if (bytes[WHAT] === ROW && told.key === NO_KEY) sum.byVersion += 1;
      compareRow(bytes, told, (what) => note(findings, row, types, told, what));
    } else if (bytes[WHAT] === ROW) {
      if (bytes.readDoubleLE(WHEN) < toldSince.getTime()) sum.untold += 1;
      else findings.add('ROW_UNTOLD', null, `${nameOf(row, types)}: it is there, and no event tells of it.`);
    }
  }
  for (const [row, told] of known)
    if (!told.seen)
      findings.add('ROW_MISSING', placesOf(told), `${nameOf(row, types)}: an event tells of it, and it is not there.`);
}

const knownOf = (bytes: Buffer): Known => ({
  version: bytes.readUInt32LE(VERSION),
  key: bytes[KEY]!,
  digest: bytes.toString('latin1', DIGEST),
  place: bytes.readDoubleLE(WHEN),
  seen: false,
});

/** Of one version, as far as it can be told. */
const differ = (one: Known, other: Known): boolean =>
  one.version === other.version && one.key === other.key && one.key !== NO_KEY && one.digest !== other.digest;

function compareRow(bytes: Buffer, told: Known, altered: (what: string) => void): void {
  told.seen = true;
  const version = bytes.readUInt32LE(VERSION);
  if (version !== MOVED && version !== told.version) {
    if (bytes[WHAT] === ROW)
      altered(`it is at version ${version}, and the last event that tells of it left it at ${told.version}`);
  } else if (bytes[KEY] === told.key && told.key !== NO_KEY && bytes.toString('latin1', DIGEST) !== told.digest)
    altered(`it does not say what it said when the last event told of it, at version ${told.version}`);
}

function note(findings: Findings, row: string, types: readonly string[], told: Known, what: string): void {
  findings.add('ROW_ALTERED', placesOf(told), `${nameOf(row, types)}: ${what}.`);
}

const placesOf = ({ place }: Known): [number, number] | null => (place === UNPLACED ? null : [place, place]);

function nameOf(row: string, types: readonly string[]): string {
  const hex = Buffer.from(row, 'latin1').toString('hex', 0, TYPE);
  return `${types[row.charCodeAt(TYPE)]} ${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`;
}
