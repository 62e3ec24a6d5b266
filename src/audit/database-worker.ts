import path from 'node:path';
import { checkEvent, type EventRules } from './check-event';
import { type Finding, Findings } from './findings';
import { type Head, openHead } from './heads';
import { rowDigest } from '../platform/row-text';
import { namesOfKeys, type NoteKey, parseNoteKey } from './note-keys';
import { type PlacedEvent, readPlaced } from './placed-event';
import { type FoundRow, rowEntries, toldEntries } from './row-ledger';
import { LEVELS_APART } from './seal-batch';
import type { Query } from './stored-nodes';
import { openTrail, type TrailReader } from './trail-reader';
import type { TreeNode } from './tree';
import { type Performer, serveTasks, type Work } from './worker-pool';

/** Places from one on and before another. */
export interface PlaceRange {
  readonly from: number;
  readonly to: number;
}

/** What a part of the tree came to, and what the tree as a whole is to be compared with. */
export interface CheckedRange extends PlaceRange {
  /** 32 bytes for each place: the hashes of its leaves, zeros where one is missing. */
  readonly leaves: Buffer;
  /** Of the sizes from the place after the first on to the one after the last. */
  readonly heads: readonly Head[];
  /** Nodes that were kept of those whose last leaf is among these. */
  readonly nodes: readonly TreeNode[];
  readonly dropped: number;
  /** Of the rows that the events tell of. */
  readonly entries: Buffer;
  readonly findings: readonly Finding[];
  readonly total: number;
}

/** Rows of a type whose ids come after one, up to another. */
export interface RowRange {
  readonly type: string;
  /** Null: from the first on. */
  readonly after: string | null;
  /** Null: to the last. */
  readonly upTo: string | null;
}

/** Entries of the ledger: see row-ledger.ts. */
export interface CheckedRows {
  readonly entries: Buffer;
}

export type DatabaseTask = PlaceRange | RowRange;
export type DatabaseResult = CheckedRange | CheckedRows;

export interface DatabaseWorkData extends EventRules {
  readonly url: string;
  readonly snapshot: string;
  /** Lines of the keys that sign. */
  readonly keys: readonly string[];
  /** The types of the business; none: it is not looked at. */
  readonly types: readonly string[];
}

const BYTES = 32;

function performer(data: DatabaseWorkData): Performer<DatabaseTask, DatabaseResult> {
  const keys = data.keys.map(parseNoteKey);
  let trail: Promise<TrailReader> | null = null;
  return {
    perform: async (task) => {
      trail ??= openTrail(data.url, data.snapshot);
      const { query } = await trail;
      return 'type' in task ? readRows(query, task, data) : checkRange(query, task, data, keys);
    },
    close: async () => (await trail)?.close(),
  };
}

async function checkRange(
  query: Query,
  { from, to }: PlaceRange,
  rules: DatabaseWorkData,
  keys: readonly NoteKey[],
): Promise<CheckedRange> {
  const findings = new Findings();
  const events = await readPlaced(query, from, to);
  const leaves = Buffer.alloc((to - from) * BYTES);
  const entries: Buffer[] = [];
  for (const event of events) {
    leaves.set(event.leaf!, (event.place! - from) * BYTES);
    const { findings: found, told } = checkEvent(event, rules);
    findings.addAll(found, found.length);
    if (told) entries.push(...toldEntries(told, event, rules));
  }
  for (const place of missingPlaces(events, from, to)) findings.add('PLACE_MISSING', place, 'No leaf has this place.');
  const heads = await readHeads(query, from, to, keys, findings);
  const nodes = await readNodes(query, from, to);
  const dropped = events.filter(({ known, bytes }) => known && !bytes).length;
  return {
    from,
    to,
    leaves,
    heads,
    nodes,
    dropped,
    entries: Buffer.concat(entries),
    findings: findings.first(),
    total: findings.total,
  };
}

function missingPlaces(events: readonly PlacedEvent[], from: number, to: number): number[] {
  const there = new Set(events.map(({ place }) => place));
  return Array.from({ length: to - from }, (_, at) => from + at).filter((place) => !there.has(place));
}

const HEADS =
  'SELECT size::float8 AS size, root, note FROM audit.checkpoint WHERE size > $1 AND size <= $2 ORDER BY size';

/** The heads that are signed and stand in their own row. */
async function readHeads(
  query: Query,
  from: number,
  to: number,
  keys: readonly NoteKey[],
  findings: Findings,
): Promise<Head[]> {
  const rows = await query<{ size: number; root: Buffer; note: string }>(HEADS, [from, to]);
  return rows.flatMap(({ size, root, note }) => {
    const head = openHead(note, keys);
    if (typeof head === 'string')
      findings.add(
        'CHECKPOINT_UNSIGNED',
        size - 1,
        `The head of ${size} leaves is not signed by ${namesOfKeys(keys)}: ${head}`,
      );
    else if (head.size !== size || !head.root.equals(root))
      findings.add(
        'CHECKPOINT_ALTERED',
        size - 1,
        `The row of the head of ${size} leaves has another size or root than its signed note.`,
      );
    else return [head];
    return [];
  });
}

const NODES = `SELECT n.level::int AS level, n.index::float8 AS index, n.hash FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS w (level, first, last)
  JOIN audit.node n ON n.level = w.level AND n.index BETWEEN w.first AND w.last`;

async function readNodes(query: Query, from: number, to: number): Promise<TreeNode[]> {
  const wanted: [level: number, first: number, last: number][] = [];
  for (let level = LEVELS_APART; 2 ** level <= to; level += LEVELS_APART)
    wanted.push([level, Math.floor(from / 2 ** level), Math.floor(to / 2 ** level) - 1]);
  return query<TreeNode>(
    NODES,
    [0, 1, 2].map((at) => wanted.map((each) => each[at]!)),
  );
}

const ROWS = `SELECT id::text AS id, version, created_at AS "createdAt", hash FROM audit.business_row
  WHERE type = $1 AND ($2::uuid IS NULL OR id > $2) AND ($3::uuid IS NULL OR id <= $3)`;

async function readRows(
  query: Query,
  { type, after, upTo }: RowRange,
  { types, macKeys }: DatabaseWorkData,
): Promise<CheckedRows> {
  const rows = await query<Omit<FoundRow, 'type' | 'digests'> & { hash: Buffer }>(ROWS, [type, after, upTo]);
  const entries = rows.flatMap((row) => {
    const digests = macKeys.map(({ key }) => rowDigest(key, type, row.id, row.hash));
    return rowEntries({ ...row, type, digests }, types);
  });
  return { entries: Buffer.concat(entries) };
}

export const DATABASE_WORK: Work<DatabaseWorkData, DatabaseTask, DatabaseResult> = {
  file: path.join(__dirname, 'database-worker.js'),
  make: performer,
};

serveTasks(DATABASE_WORK);
