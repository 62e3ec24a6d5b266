import { createHash } from 'node:crypto';

/*
 * The tree of RFC 9162 as its sections 2.1.1, 2.1.3.1 and 2.1.4.1 define it, by recursion over the contents of the leaves:
 * slow, and written without the code that it is compared with.
 */

const sha256 = (...parts: (Buffer | string)[]) =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();

export const naiveLeaf = (content: Buffer): Buffer => sha256('\x00', content);

/** The largest power of two that is smaller. */
function split(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

/** MTH(D). */
export function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return naiveLeaf(leaves[0]!);
  const k = split(leaves.length);
  return sha256('\x01', naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH(m, D). */
export function naivePath(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** PROOF(m, D), for 0 < m <= n. */
export const naiveProof = (m: number, leaves: readonly Buffer[]): Buffer[] => subproof(m, leaves, true);

function subproof(m: number, leaves: readonly Buffer[], whole: boolean): Buffer[] {
  if (m === leaves.length) return whole ? [] : [naiveRoot(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

/** The turns from the root down to the leaf `m` of `size`: what a proof of inclusion hashes the same for equal turns. */
export function turnsToLeaf(m: number, size: number): string {
  if (size === 1) return '';
  const k = split(size);
  return m < k ? `l${turnsToLeaf(m, k)}` : `r${turnsToLeaf(m - k, size - k)}`;
}

/** The turns from the root of `size` leaves down to the last subtree of the tree of its first `m`. */
export function turnsToPrefix(m: number, size: number): string {
  if (m === size) return '';
  const k = split(size);
  return m <= k ? `l${turnsToPrefix(m, k)}` : `r${turnsToPrefix(m - k, size - k)}`;
}
