import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../src/audit/checkpoint';
import { notesIn } from '../../src/audit/checkpoint-files';
import type { NoteKey } from '../../src/audit/note-keys';
import { planConsistency, readProof } from '../../src/audit/proofs';
import { LEVELS_APART } from '../../src/audit/seal-batch';
import { fetchNodes } from '../../src/audit/stored-nodes';
import { verifyConsistency } from '../../src/audit/verify-proofs';
import type { TestApp } from '../support/app';
import { GrowingTree } from './growing-tree';
import { naiveLeaf } from './naive-tree';
import { queryOf } from './seal-support';

interface Leaf {
  place: number;
  hash: Buffer;
  content: Buffer;
}

interface Checkpoint {
  size: number;
  root: Buffer;
  note: string;
}

/** How many pairs of heads are proved to each other at most: what lies between them is recomputed anyway. */
const PROVED = 40;

/** How many leaves are looked at in one statement. */
const AT_ONCE = 20_000;

const ASTRAY = `SELECT coalesce(e.id, l.event_id) AS id, e.id IS NULL AS "without event", l.event_id IS NULL AS "without leaf"
  FROM audit.event e FULL JOIN audit.leaf l ON l.event_id = e.id
  WHERE e.id IS NULL OR l.event_id IS NULL OR e.hash <> l.hash LIMIT 10`;

const LEAVES = `SELECT l.place::int, l.hash, e.content FROM audit.leaf l LEFT JOIN audit.told e ON e.id = l.event_id
  WHERE l.place >= $1 ORDER BY l.place LIMIT ${AT_ONCE}`;

/**
 * Nothing that was committed is missing in the tree and nothing is in it twice; places have no gap; all that was made of the leaves (heads,
 * nodes, the edge that growth goes on from) is what is made of them here once more, from what the events say. For a trail that
 * nobody writes to and that was sealed to its end. Gives the number of leaves.
 */
export async function expectWholeTrail(t: TestApp, key: NoteKey): Promise<number> {
  expect(await t.sql(ASTRAY)).toEqual([]);
  const checkpoints = await t.sql<Checkpoint>(
    'SELECT size::int, root, note FROM audit.checkpoint ORDER BY audit.checkpoint.size',
  );
  const { tree, roots } = await grown(t, new Set(checkpoints.map(({ size }) => size)));
  expect(checkpoints.at(-1)?.size ?? 0).toBe(tree.size);
  for (const { size, root, note } of checkpoints) {
    expect([size, root.toString('hex')]).toEqual([size, roots.get(size)!.toString('hex')]);
    expect(openCheckpoint(note, [key])).toMatchObject({ size, root });
  }
  await expectHead(t, tree);
  await expectNodes(t, tree);
  await expectGrowth(t, roots);
  return tree.size;
}

/** The tree of all leaves, and its roots when it had these sizes. */
async function grown(
  t: TestApp,
  sizes: ReadonlySet<number>,
): Promise<{ tree: GrowingTree; roots: Map<number, Buffer> }> {
  const tree = new GrowingTree();
  const roots = new Map<number, Buffer>();
  for (;;) {
    const leaves = await t.sql<Leaf>(LEAVES, [tree.size]);
    for (const { place, hash, content } of leaves) {
      if (place !== tree.size) throw new Error(`Place ${tree.size} is missing: behind it comes ${place}.`);
      if (!naiveLeaf(content).equals(hash)) throw new Error(`The leaf at ${place} is not that of its event.`);
      tree.add(hash);
      if (sizes.has(tree.size)) roots.set(tree.size, tree.root());
    }
    if (leaves.length < AT_ONCE) return { tree, roots };
  }
}

/** The row that growth goes on from: no round is under way, and nothing is still to be looked at. */
async function expectHead(t: TestApp, tree: GrowingTree): Promise<void> {
  const heads = `SELECT size::int, encode(frontier, 'hex') AS frontier, target,
      (SELECT count(*)::int FROM audit.event WHERE NOT pg_visible_in_snapshot(event.xid, sealed)) AS ahead FROM audit.head`;
  const frontier = Buffer.concat(tree.frontier()).toString('hex');
  expect(await t.sql(heads)).toEqual([{ size: tree.size, frontier, target: null, ahead: 0 }]);
}

async function expectNodes(t: TestApp, tree: GrowingTree): Promise<void> {
  const stored = await t.sql<{ place: string; hash: string }>(
    `SELECT level || '/' || index AS place, encode(hash, 'hex') AS hash FROM audit.node`,
  );
  const wanted = [...tree.nodes].filter(([place]) => Number(place.split('/')[0]) % LEVELS_APART === 0);
  expect(new Map(stored.map(({ place, hash }) => [place, hash]))).toEqual(new Map(wanted));
}

/** Each head is a continuation of the one before it, as the stored nodes prove it to whoever has nothing else. */
async function expectGrowth(t: TestApp, roots: ReadonlyMap<number, Buffer>): Promise<void> {
  const sizes = [...roots.keys()];
  const step = Math.ceil(sizes.length / PROVED);
  for (let at = step; at < sizes.length; at += step) {
    const [from, to] = [sizes[at - step]!, sizes[at]!];
    const plan = planConsistency(from, to);
    const proof = await readProof(plan, await fetchNodes(queryOf(t), plan));
    expect([from, to, verifyConsistency(from, to, proof, roots.get(from)!, roots.get(to)!)]).toEqual([from, to, true]);
  }
}

/**
 * What was written outside of the database is in it, word for word: of one size there is one head. Gives how many notes there are. Not
 * each head has one: of several that come quickly the last is told, and whoever is killed tells nothing.
 */
export async function expectFilesAgree(t: TestApp, key: NoteKey, folder: string): Promise<number> {
  const text = readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
    .join('');
  const notes = notesIn(text).map((note) => note.trimStart());
  // Nothing stands between the notes: no write was cut off.
  expect(notes.map((note) => `${note}\n`).join('')).toBe(text);
  const rows = await t.sql<Checkpoint>('SELECT size::int, root, note FROM audit.checkpoint');
  const bySize = new Map(rows.map((row) => [row.size, row.note]));
  expect(notes.filter((note) => bySize.get(openCheckpoint(note, [key]).size) !== note)).toEqual([]);
  return notes.length;
}
