import { isSize, levelWithin } from './nodes';
import { EMPTY_ROOT, isHash, nodeHash } from './tree';

/*
 * Checks proofs as RFC 9162 says it in 2.1.3.2 and 2.1.4.2. What it is given may come from anybody: whatever is no hash, no
 * size, out of range, too long or too short makes it false, nothing makes it throw.
 *
 * A proof binds a leaf, or a root, to a root. It does not bind the size: with one root the proof for leaf 0 of 3 is one
 * for leaf 0 of 4 too. Size and root belong together because a checkpoint signs both.
 */

const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);

/**
 * For each hash of a proof that leads from a node up to the root: whether it stands to the left. `node` and `last` are the
 * RFC's fn and sn: the index of the node, and that of the last one at its level, which may be no perfect subtree.
 */
function sidesUp(node: number, last: number): boolean[] {
  const sides: boolean[] = [];
  for (let [fn, sn] = [node, last]; sn > 0; fn = half(fn), sn = half(sn)) {
    const isLeft = isOdd(fn) || fn === sn;
    sides.push(isLeft);
    // A node without a right neighbour is its own parent, up to where it has one to its left.
    if (isLeft) for (; !isOdd(fn) && fn > 0; fn = half(fn)) sn = half(sn);
  }
  return sides;
}

/** The longest proof: one hash for each of 53 levels, and one to begin with. */
const LONGEST = 54;

/** Spread, because a hole in an array is passed over where an undefined is not. */
const areHashes = (proof: unknown): proof is Buffer[] =>
  Array.isArray(proof) && proof.length <= LONGEST && [...(proof as unknown[])].every(isHash);

/** Whether the leaf with this hash is the one at `index` (from 0) of the tree of `size` leaves with this root. */
export function verifyInclusion(
  hashOfLeaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  if (!isHash(hashOfLeaf) || !isHash(root) || !areHashes(proof)) return false;
  if (!isSize(index) || !isSize(size) || index >= size) return false;
  const sides = sidesUp(index, size - 1);
  if (proof.length !== sides.length) return false;
  return proof.reduce((r, p, at) => (sides[at] ? nodeHash(p, r) : nodeHash(r, p)), hashOfLeaf).equals(root);
}

/**
 * Whether the tree of `toSize` leaves with root `toRoot` begins with the tree of `fromSize` leaves with root `fromRoot`.
 * Of equal sizes the roots must be equal, and with size 0 goes the root of nothing only; the proof is empty for both. So
 * from 0 any root will do: that says nothing of the later tree.
 */
export function verifyConsistency(
  fromSize: number,
  toSize: number,
  proof: readonly Buffer[],
  fromRoot: Buffer,
  toRoot: Buffer,
): boolean {
  if (!isHash(fromRoot) || !isHash(toRoot) || !areHashes(proof)) return false;
  if (!isSize(fromSize) || !isSize(toSize) || fromSize > toSize) return false;
  if (fromSize === 0 && !fromRoot.equals(EMPTY_ROOT)) return false;
  if (fromSize === toSize) return proof.length === 0 && fromRoot.equals(toRoot);
  if (fromSize === 0) return proof.length === 0;

  const isPerfect = 2 ** levelWithin(fromSize) === fromSize;
  const [first, ...path] = isPerfect ? [fromRoot, ...proof] : proof;
  let [fn, sn] = [fromSize - 1, toSize - 1];
  for (; isOdd(fn); fn = half(fn)) sn = half(sn);
  const sides = sidesUp(fn, sn);
  if (!first || path.length !== sides.length) return false;

  let [fr, sr] = [first, first];
  path.forEach((c, at) => {
    if (sides[at]) fr = nodeHash(c, fr);
    sr = sides[at] ? nodeHash(c, sr) : nodeHash(sr, c);
  });
  return fr.equals(fromRoot) && sr.equals(toRoot);
}
