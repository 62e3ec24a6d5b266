import path from 'node:path';
import { checkEvent, type EventRules } from './check-event';
import { type Finding, Findings } from './findings';
import { type Head, openHead } from './heads';
import { namesOfKeys, type NoteKey, parseNoteKey } from './note-keys';
import { type PlacedEvent, readPlaced } from './placed-event';
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
  readonly findings: readonly Finding[];
  readonly total: number;
}

export interface DatabaseWorkData extends EventRules {
  readonly url: string;
  readonly snapshot: string;
  /** Lines of the keys that sign. */
  readonly keys: readonly string[];
}

const BYTES = 32;

function performer(data: DatabaseWorkData): Performer<PlaceRange, CheckedRange> {
  const keys = data.keys.map(parseNoteKey);
  let trail: Promise<TrailReader> | null = null;
  return {
    perform: async (range) => {
      trail ??= openTrail(data.url, data.snapshot);
      return checkRange((await trail).query, range, data, keys);
    },
    close: async () => (await trail)?.close(),
  };
}

async function checkRange(
  query: Query,
  { from, to }: PlaceRange,
  rules: EventRules,
  keys: readonly NoteKey[],
): Promise<CheckedRange> {
  const findings = new Findings();
  const events = await readPlaced(query, from, to);
  const leaves = Buffer.alloc((to - from) * BYTES);
  for (const event of events) {
    leaves.set(event.leaf!, (event.place! - from) * BYTES);
    const found = checkEvent(event, rules);
    findings.addAll(found, found.length);
  }
  for (const place of missingPlaces(events, from, to)) findings.add('PLACE_MISSING', place, 'No leaf has this place.');
  const heads = await readHeads(query, from, to, keys, findings);
  const nodes = await readNodes(query, from, to);
  const dropped = events.filter(({ known, bytes }) => known && !bytes).length;
  return { from, to, leaves, heads, nodes, dropped, findings: findings.first(), total: findings.total };
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

export const DATABASE_WORK: Work<DatabaseWorkData, PlaceRange, CheckedRange> = {
  file: path.join(__dirname, 'database-worker.js'),
  make: performer,
};

serveTasks(DATABASE_WORK);
