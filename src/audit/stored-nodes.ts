import { type NodeReader, type ProofPlan, readerOf } from './proofs';
import { LEVELS_APART } from './seal-batch';
import type { NodePlace } from './nodes';
import { nodeHash, type TreeNode } from './tree';

/** Sends one statement and gives its rows: all that is known of a database here. */
export type Query = <R>(text: string, values: unknown[]) => Promise<R[]>;

/** Leaves stand by their places, which is level 0; of the levels above every so many are kept. */
const STORED = `SELECT 0::float8 AS level, place::float8 AS index, hash FROM audit.leaf WHERE place = ANY($1::bigint[])
  UNION ALL SELECT level::float8, index::float8, hash FROM audit.node JOIN unnest($2::smallint[], $3::bigint[]) AS wanted (level, index)
    USING (level, index)`;

/**
 * What a plan needs, in one statement: to read tables `audit.leaf` and `audit.node` is enough for it. The reader that it gives
 * throws an Error for a node that is not stored or that the plan does not ask for. What it reads is what the database says: whether a
 * proof that is made of it holds is for `verifyInclusion` and `verifyConsistency` to say.
 */
export async function fetchNodes(query: Query, plan: ProofPlan): Promise<NodeReader> {
  const wanted = plan.flat();
  const stored = [...new Map(wanted.flatMap(storedBelow).map((each) => [keyOf(each), each])).values()];
  const [leaves, nodes] = [stored.filter(({ level }) => level === 0), stored.filter(({ level }) => level > 0)];
  const values = [leaves.map(({ index }) => index), nodes.map(({ level }) => level), nodes.map(({ index }) => index)];
  const rows = stored.length > 0 ? await query<TreeNode>(STORED, values) : [];
  const found = new Map(rows.map((row) => [keyOf(row), row.hash]));
  return readerOf(wanted.flatMap((place) => madeOf(place, found)));
}

const keyOf = ({ level, index }: NodePlace): string => `${level}/${index}`;

/** The stored nodes that a node is the root of, left to right: itself, or two, four or eight. */
function storedBelow({ level, index }: NodePlace): NodePlace[] {
  const below = level % LEVELS_APART;
  const first = index * 2 ** below;
  return Array.from({ length: 2 ** below }, (_, at) => ({ level: level - below, index: first + at }));
}

/** The node, or nothing if one that it is made of is missing. */
function madeOf(place: NodePlace, found: ReadonlyMap<string, Buffer>): TreeNode[] {
  let hashes = storedBelow(place).map((each) => found.get(keyOf(each)));
  while (hashes.length > 1)
    hashes = Array.from({ length: hashes.length / 2 }, (_, at) => parentOf(hashes[2 * at], hashes[2 * at + 1]));
  const [hash] = hashes;
  return hash ? [{ ...place, hash }] : [];
}

const parentOf = (left: Buffer | undefined, right: Buffer | undefined): Buffer | undefined =>
  left && right && nodeHash(left, right);
