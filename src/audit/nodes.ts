/**
 * Where a node of the tree stands: the one at `level` L and `index` I covers the leaves from I * 2^L to
 * (I + 1) * 2^L - 1, all of them, so that it never changes again however the tree grows. Level 0 are the hashes of the
 * leaves. (C2SP tlog-tiles counts so too, and cuts what it counts into tiles.) Levels are 0 to 52.
 */
export interface NodePlace {
  readonly level: number;
  readonly index: number;
}

/** A number of leaves, or how many of them stand before something: an integer from 0 to 2^53 - 1. */
export const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && (size as number) >= 0;

/** The level of the largest perfect tree that has at most this many leaves (1 to 2^53 - 1): log2, rounded down, exactly. */
export function levelWithin(leaves: number): number {
  const high = Math.floor(leaves / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(leaves);
}

/**
 * The fewest nodes that cover the leaves `from` to `to` - 1, left to right. From 0 they are the frontier of a tree of
 * `to` leaves.
 * @throws RangeError unless 0 <= from <= to.
 */
export function perfectNodes(from: number, to: number): NodePlace[] {
  assertGrowth(from, to);
  const nodes: NodePlace[] = [];
  for (let at = from; at < to;) {
    let level = levelWithin(to - at);
    while (at % 2 ** level !== 0) level -= 1;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** The fewest nodes that cover the leaves from one on and before the last cut, none of which reaches over a cut; left to right. */
export const subtreesBetween = (from: number, cuts: readonly number[]): NodePlace[] =>
  cuts.flatMap((cut, at) => perfectNodes(cuts[at - 1] ?? from, cut));

/**
 * The nodes above the leaves (so from level 1 on) that a tree gets when it grows from a size to another: those whose last
 * leaf is among the new ones. For each new leaf in turn, upwards: the order in which a frontier makes them.
 * @throws RangeError unless 0 <= from <= to.
 */
export function* completedNodes(from: number, to: number): Generator<NodePlace, void, undefined> {
  assertGrowth(from, to);
  for (let leaf = from; leaf < to; leaf += 1)
    for (let level = 1, index = leaf; index % 2 === 1; level += 1) {
      index = (index - 1) / 2;
      yield { level, index };
    }
}

/** @throws RangeError unless 0 <= from <= to. */
export function assertGrowth(from: number, to: number): void {
  if (!isSize(from) || !isSize(to) || from > to) throw new RangeError(`No tree grows from ${from} to ${to} leaves.`);
}
