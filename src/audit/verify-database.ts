import type { EventRules } from './check-event';
import { checkEvent } from './check-event';
import { type CheckedRange, DATABASE_WORK, type PlaceRange } from './database-worker';
import { Findings } from './findings';
import { each, HeadStream } from './head-stream';
import type { NoteKey } from './note-keys';
import { type OutsideHeads, readOutsideHeads } from './outside-heads';
import { readUnplaced } from './placed-event';
import { type LedgerKeys, RowLedger, toldEntries } from './row-ledger';
import type { Progress } from './progress';
import type { Query } from './stored-nodes';
import { timesAround } from './times-around';
import { openTrail } from './trail-reader';
import { checkSchema } from './trail-schema';
import { Frontier, type TreeNode } from './tree';
import { TreeWalk, type WantedHead } from './tree-walk';
import type { TimedFinding, Verdict } from './verdict';
import { compareRows, type DatabasePool } from './verify-rows';
import { WorkerPool } from './worker-pool';

export interface DatabaseVerification extends Omit<EventRules, 'keptSince'> {
  /** What was written before this instant may have no content any more; null: as the database is set to keep it. */
  readonly keptSince: Date | null;
  /** How somebody who may read the trail logs in. */
  readonly url: string;
  /** Whose signature makes a head count. */
  readonly keys: readonly NoteKey[];
  /** A file or folder of heads that were kept elsewhere. */
  readonly checkpoints: string | null;
  /** The types of the business, of which every row is held against the last event that tells of it; none: it is not looked at. */
  readonly types: readonly string[];
  /** Threads, each with a connection; 0: none but this one. */
  readonly workers: number;
  readonly now: Date;
  readonly progress: Progress;
}

/** Places that a thread is given at a time. */
const RANGE = 2_000;

/** In ms: an event that is still without a place after that was kept from the sealer, or nobody seals. */
export const SEALED_WITHIN = 300_000;

interface HeadRow {
  size: number;
  frontier: Buffer;
}

/**
 * Verifies the trail of a database while it is in use, as it is at one instant: every event, leaf, node and head, what keeps them, and
 * heads that were kept outside. Refuses with AUDIT_DATABASE_UNREACHABLE.
 */
export async function verifyDatabase(asked: DatabaseVerification): Promise<Verdict> {
  const { url, keys, checkpoints, macKeys, types } = asked;
  const trail = await openTrail(url);
  const { years, keptSince } = await retention(trail.query, asked);
  const rules = { macKeys, keptSince, types };
  const data = { url, snapshot: trail.snapshot, keys: keys.map(({ text }) => text), ...rules };
  const pool: DatabasePool = new WorkerPool(DATABASE_WORK, asked.workers, data);
  const ledger = new RowLedger();
  try {
    const { query } = trail;
    const findings = new Findings();
    await checkSchema(query, findings);
    const head = await readHead(query, findings);
    const tree = { first: 0, end: head.size, known: (sizes: number[]) => rootsOf(query, sizes) };
    const outside = checkpoints === null ? null : await readOutsideHeads(checkpoints, keys, tree, findings);
    if (outside?.beyond)
      findings.add(
        'TRUNCATED',
        [head.size, outside.beyond.size - 1],
        `A head of ${outside.beyond.size} leaves was kept outside, and the database has ${head.size}: its end was cut off, or it was put back to an earlier state.`,
      );
    const { walk, dropped } = await walkTree(pool, head, outside, ledger, asked, findings);
    await compareHead(query, walk, head, findings);
    const unsealed = await checkUnplaced(query, asked.now, rules, ledger, findings);
    await findOrphans(query, findings);
    await findDestroyedKeys(query, findings);
    const { progress } = asked;
    const rows = await compareRows(pool, query, ledger, { types, keptSince, progress }, findings);
    const checked = {
      events: head.size,
      unsealed,
      heads: walk.heads,
      nodes: walk.nodes,
      dropped,
      outsideHeads: outside?.read ?? 0,
      ...rows,
    };
    const notes = [`The database says that what events say is kept for ${years} years.`];
    if (macKeys.length === 0)
      notes.push('MACs were not checked, and rows by their versions alone: no key of MACs is at hand.');
    if (!outside?.read)
      notes.push('No heads that were kept outside were compared: a tail that was cut off would not show.');
    return { findings: await timed(query, findings), total: findings.total, checked, notes };
  } finally {
    ledger.close();
    await pool.close();
    await trail.close();
  }
}

/** From when on events must still say what they say: as asked, or as the database is set to keep it. */
async function retention(
  query: Query,
  { now, keptSince }: DatabaseVerification,
): Promise<{ years: number; keptSince: Date }> {
  const [row] = await query<{ years: number }>('SELECT years FROM audit.retention', []);
  const years = row?.years ?? 0;
  const since = new Date(now);
  since.setUTCFullYear(now.getUTCFullYear() - years);
  return { years, keptSince: keptSince ?? since };
}

async function readHead(query: Query, findings: Findings): Promise<HeadRow> {
  const [head] = await query<HeadRow>('SELECT size::float8 AS size, frontier FROM audit.head', []);
  const [leaves] = await query<{ size: number }>(
    'SELECT coalesce(max(place) + 1, 0)::float8 AS size FROM audit.leaf',
    [],
  );
  const size = leaves!.size;
  if (!head) findings.add('HEAD_ALTERED', null, 'The row that says how far the tree has grown is missing.');
  else if (head.size > size)
    findings.add(
      'PLACE_MISSING',
      [size, head.size - 1],
      `The tree has grown to ${head.size} leaves, of which those from ${size} on are missing.`,
    );
  else if (head.size < size)
    findings.add(
      'PLACE_BEYOND_HEAD',
      [head.size, size - 1],
      `The tree has grown to ${head.size} leaves, and there are some beyond.`,
    );
  return { size, frontier: head?.frontier ?? Buffer.alloc(0) };
}

async function rootsOf(query: Query, sizes: number[]): Promise<Map<number, string>> {
  const rows = await query<{ size: number; root: Buffer }>(
    'SELECT size::float8 AS size, root FROM audit.checkpoint WHERE size = ANY($1::bigint[])',
    [sizes],
  );
  return new Map(rows.map(({ size, root }) => [size, root.toString('hex')]));
}

async function walkTree(
  pool: DatabasePool,
  { size }: HeadRow,
  outside: OutsideHeads | null,
  ledger: RowLedger,
  { progress }: DatabaseVerification,
  findings: Findings,
): Promise<{ walk: TreeWalk; dropped: number }> {
  const walk = new TreeWalk(new Frontier(), findings, outside?.agreed);
  const wanted = (outside?.wanted ?? []).map((head) => ({ ...head, outside: true }));
  const kept = HeadStream.of<WantedHead>(wanted);
  let dropped = 0;
  progress.begin('Verifying', size);
  for await (const result of pool.inOrder(ranges(size))) {
    const range = result as CheckedRange;
    const heads = [...range.heads.map(withRoot), ...(await kept.upTo(range.to))];
    const inOrder = heads.toSorted((one, other) => one.size - other.size);
    walk.grow(asBuffer(range.leaves), inOrder, range.nodes.map(withHash));
    ledger.add(range.entries);
    findings.addAll(range.findings, range.total);
    dropped += range.dropped;
    progress.add(range.to - range.from);
  }
  progress.end();
  return { walk, dropped };
}

function* ranges(size: number): Generator<PlaceRange> {
  for (let from = 0; from < size; from += RANGE) yield { from, to: Math.min(size, from + RANGE) };
}

/** What comes from a thread are bytes without the methods of a Buffer. */
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const withRoot = (head: WantedHead): WantedHead => ({ ...head, root: asBuffer(head.root) });
const withHash = (node: TreeNode): TreeNode => ({ ...node, hash: asBuffer(node.hash) });

/** What grows on must be what has grown, and a signed head must stand at its end. */
async function compareHead(query: Query, walk: TreeWalk, head: HeadRow, findings: Findings): Promise<void> {
  const { size } = walk.frontier;
  if (!walk.frontier.hashes().equals(head.frontier))
    findings.add('HEAD_ALTERED', null, 'The row from which the tree grows on has other hashes than the tree.');
  if (walk.lastHead !== size)
    findings.add(
      'CHECKPOINT_MISSING',
      [walk.lastHead, Math.max(walk.lastHead, size - 1)],
      `No head that is signed covers the leaves up to ${size - 1}.`,
    );
  const [beyond] = await query<{ heads: number; nodes: number }>(
    `SELECT (SELECT count(*) FROM audit.checkpoint WHERE size > $1)::float8 AS heads, (SELECT count(*) FROM audit.node)::float8 AS nodes`,
    [size],
  );
  if (beyond!.heads > 0)
    findings.add('CHECKPOINT_ALTERED', null, `There are ${beyond!.heads} heads of more leaves than there are.`);
  if (beyond!.nodes > walk.nodes)
    findings.add('NODE_ALTERED', null, `There are ${beyond!.nodes} nodes where ${walk.nodes} belong.`);
}

/** Events that have no place: they say what they said, and they have not waited for long. */
async function checkUnplaced(
  query: Query,
  now: Date,
  rules: EventRules & LedgerKeys,
  ledger: RowLedger,
  findings: Findings,
): Promise<number> {
  let count = 0;
  for (let last: string | null = null; ;) {
    const events = await readUnplaced(query, last, RANGE);
    for (const event of events) {
      const { findings: found, told } = checkEvent(event, rules);
      findings.addAll(found, found.length);
      if (told) ledger.add(Buffer.concat(toldEntries(told, event, rules)));
      if (now.getTime() - event.writtenAt!.getTime() > SEALED_WITHIN)
        findings.add(
          'EVENT_UNSEALED',
          null,
          `Event ${event.eventId}: it was written at ${event.writtenAt!.toISOString()} and has no place in the tree.`,
        );
    }
    count += events.length;
    last = events.at(-1)?.eventId ?? null;
    if (events.length < RANGE) return count;
  }
}

const ORPHANS = `SELECT c.event_id::text AS id, count(*) OVER ()::float8 AS total FROM audit.content c
  WHERE NOT EXISTS (SELECT FROM audit.event e WHERE e.id = c.event_id AND e.written_at = c.written_at) ORDER BY 1 LIMIT 20`;

async function findOrphans(query: Query, findings: Findings): Promise<void> {
  const rows = await query<{ id: string; total: number }>(ORPHANS, []);
  const found = rows.map(
    ({ id }) =>
      ({
        kind: 'CONTENT_ORPHANED',
        places: null,
        message: `Event ${id}: what it says is there, and no row of it.`,
      }) as const,
  );
  findings.addAll(found, rows[0]?.total ?? 0);
}

/** Keys of persons and the event of the transaction that destroyed them have the same instant of the database. */
const DESTROYED = `SELECT k.subject_type || ' ' || k.subject_id AS subject FROM audit.subject_key k WHERE k.destroyed_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM audit.event e WHERE e.action = 'personalData.erased' AND e.written_at = k.destroyed_at
      AND (k.subject_type = 'ChangeRequest' OR (e.subject_type, e.subject_id) = (k.subject_type, k.subject_id))) ORDER BY 1`;

async function findDestroyedKeys(query: Query, findings: Findings): Promise<void> {
  for (const { subject } of await query<{ subject: string }>(DESTROYED, []))
    findings.add(
      'KEY_DESTROYED',
      null,
      `${subject}: the key of its personal data was destroyed, and no event tells of that.`,
    );
}

const AROUND = `SELECT note FROM audit.checkpoint WHERE size IN (SELECT max(c.size) FROM audit.checkpoint c, unnest($1::bigint[]) f WHERE c.size <= f GROUP BY f)
  OR size IN (SELECT min(c.size) FROM audit.checkpoint c, unnest($2::bigint[]) l WHERE c.size > l GROUP BY l) ORDER BY size`;

async function timed(query: Query, findings: Findings): Promise<TimedFinding[]> {
  const first = findings.first();
  const places = first.flatMap((finding) => (finding.places ? [finding.places] : []));
  const notes = await query<{ note: string }>(AROUND, [places.map(([from]) => from), places.map(([, to]) => to)]);
  return timesAround(first, each(notes.map(({ note }) => note)));
}
