import { assertGrowth, isSize, levelWithin, type NodePlace, perfectNodes } from './nodes';
import { isHash, nodeHash, type TreeNode } from './tree';

/**
 * What a proof is made of: for each of its hashes in turn the nodes, left to right, that it is the root of. That is one
 * node, but for at most one of the hashes, which stands at the right edge of the tree and is no perfect subtree. In all
 * at most twice as many nodes as the tree has levels; `plan.flat()` are those to fetch.
 */
export type ProofPlan = readonly (readonly NodePlace[])[];

/** Gives the hash of a node, 32 bytes; asked only for nodes that lie wholly within the tree. */
export type NodeReader = (level: number, index: number) => Buffer | Promise<Buffer>;

/**
 * What proves that the leaf at an index (from 0) is in the tree of a size (RFC 9162, 2.1.3.1).
 * @throws RangeError unless 0 <= index < size.
 */
export function planInclusion(index: number, size: number): ProofPlan {
  if (!isSize(index) || !isSize(size) || index >= size) throw new RangeError(`${size} leaves have none at ${index}.`);
  return besideTheWay(index, size, (from, to) => to - from === 1);
}

/**
 * What proves that a tree of a size is the beginning of another (RFC 9162, 2.1.4.1). Nothing has to be shown of a tree
 * without leaves, which every tree begins with, nor of a tree and itself: the RFC has no proof from 0, this one is empty.
 * @throws RangeError unless 0 <= fromSize <= toSize.
 */
export function planConsistency(fromSize: number, toSize: number): ProofPlan {
  assertGrowth(fromSize, toSize);
  if (fromSize === 0 || fromSize === toSize) return [];
  let start = 0;
  const beside = besideTheWay(fromSize - 1, toSize, (from, to) => {
    start = from;
    return to === fromSize;
  });
  // Where the earlier tree is one perfect subtree of the later one, who verifies has its root already.
  return start === 0 ? beside : [perfectNodes(start, fromSize), ...beside];
}

/**
 * The subtrees beside the way from the root down to a leaf, or to the first subtree on it that `isEnd`; the lowest first.
 */
function besideTheWay(leaf: number, size: number, isEnd: (from: number, to: number) => boolean): ProofPlan {
  const beside: NodePlace[][] = [];
  let [from, to] = [0, size];
  while (!isEnd(from, to)) {
    const middle = from + 2 ** levelWithin(to - from - 1);
    const goesLeft = leaf < middle;
    beside.push(goesLeft ? perfectNodes(middle, to) : perfectNodes(from, middle));
    if (goesLeft) to = middle;
    else from = middle;
  }
  return beside.toReversed();
}

/** The proof of a plan, from stored nodes. All of them are asked for at once. Rejects with whatever `read` fails with. */
export async function readProof(plan: ProofPlan, read: NodeReader): Promise<Buffer[]> {
  const hashed = async ({ level, index }: NodePlace) => {
    const hash = await read(level, index);
    if (!isHash(hash)) throw new RangeError(`The node ${index} at level ${level} is no hash.`);
    return hash;
  };
  return Promise.all(
    plan.map(async (nodes) => {
      const hashes = await Promise.all(nodes.map(hashed));
      return hashes.reduceRight((right, left) => nodeHash(left, right));
    }),
  );
}

/** Reads from nodes that were fetched before. It throws an Error for any other. */
export function readerOf(nodes: Iterable<TreeNode>): NodeReader {
  const known = new Map(Array.from(nodes, ({ level, index, hash }) => [`${level}/${index}`, hash]));
  return (level, index) => {
    const hash = known.get(`${level}/${index}`);
    if (!hash) throw new Error(`The node ${index} at level ${level} is missing.`);
    return hash;
  };
}

/** `planInclusion` and `readProof` in one: the proof that a leaf is in a tree, at most 53 hashes. */
export const proveInclusion = async (index: number, size: number, read: NodeReader): Promise<Buffer[]> =>
  readProof(planInclusion(index, size), read);

/** `planConsistency` and `readProof` in one: the proof that a tree begins with another, at most 54 hashes. */
export const proveConsistency = async (fromSize: number, toSize: number, read: NodeReader): Promise<Buffer[]> =>
  readProof(planConsistency(fromSize, toSize), read);
