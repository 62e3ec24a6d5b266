import type { Findings } from './findings';
import type { Head } from './heads';
import { subtreesBetween } from './nodes';
import { LEVELS_APART } from './seal-batch';
import { Frontier, type TreeNode } from './tree';

/** Bytes of a hash. */
const BYTES = 32;

/** A head that the tree must have had when it was of that size. */
export interface WantedHead extends Head {
  /** Kept outside of what is being verified. */
  readonly outside?: boolean;
}

/**
 * Grows the tree again from the hashes of its leaves, and compares it with every head and with the nodes that were kept. The first head
 * that does not fit says between which two heads something is wrong; those after it cannot fit either, and are not told of.
 */
export class TreeWalk {
  /** The last head that fitted, or where the walk began. */
  private good: number;
  private broken = false;
  private rewritten = false;
  /** The size of the last head of the trail's own that was compared. */
  lastHead: number;
  heads = 0;
  nodes = 0;

  /** `agreed`: the size of a head kept outside that fits, whatever comes after it; 0 if none is known. */
  constructor(
    readonly frontier: Frontier,
    private readonly findings: Findings,
    private agreed = 0,
  ) {
    this.good = frontier.size;
    this.lastHead = frontier.size;
  }

  /**
   * The next leaves, 32 bytes each, with the heads of the sizes from the present up to what it has then, in their order;
   * and the nodes that were kept of those that are complete with these leaves, if they are to be compared.
   */
  grow(leaves: Buffer, heads: readonly WantedHead[], kept?: readonly TreeNode[]): void {
    const { frontier } = this;
    const completed: TreeNode[] | undefined = kept && [];
    let [next, at] = [0, 0];
    for (; ; at += BYTES) {
      for (let head = heads[next]; head?.size === frontier.size; head = heads[next]) {
        this.compare(head);
        next += 1;
      }
      if (at === leaves.length) break;
      frontier.append(leaves.subarray(at, at + BYTES), completed);
    }
    if (kept && completed) this.compareNodes(kept, completed);
  }

  /** The next leaves up to a size, by the roots of the subtrees that they make between one head and the next; otherwise like `grow`. */
  growBySubtrees(roots: Buffer, to: number, heads: readonly WantedHead[]): void {
    const { frontier } = this;
    let [next, at] = [0, 0];
    for (const { level } of subtreesBetween(frontier.size, [...sizesBetween(frontier.size, to, heads), to])) {
      for (let head = heads[next]; head?.size === frontier.size; head = heads[next]) {
        this.compare(head);
        next += 1;
      }
      frontier.appendSubtree(level, roots.subarray(at, at + BYTES));
      at += BYTES;
    }
    for (const head of heads.slice(next)) this.compare(head);
  }

  private compare(head: WantedHead): void {
    const { size, root, outside } = head;
    if (!outside) {
      this.heads += 1;
      this.lastHead = size;
    }
    const fits = this.frontier.root().equals(root);
    if (outside) this.compareOutside(size, fits);
    else if (fits && !this.broken) this.good = size;
    else if (!fits && !this.broken) {
      this.broken = true;
      this.findings.add(
        'ROOT_ALTERED',
        [this.good, size - 1],
        `The leaves do not make the root of the head of ${size}: one of them is not what it was, or not where it was. The head of ${this.good} still fits.`,
      );
    }
  }

  private compareOutside(size: number, fits: boolean): void {
    if (this.rewritten) return;
    if (fits) this.agreed = size;
    else {
      this.rewritten = true;
      this.findings.add(
        'REWRITTEN',
        [this.agreed, size - 1],
        `A head of ${size} leaves was kept outside whose root is another than that of these leaves: the trail was written anew.`,
      );
    }
  }

  private compareNodes(kept: readonly TreeNode[], completed: readonly TreeNode[]): void {
    const found = new Map(kept.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
    for (const { level, index, hash } of completed) {
      if (level % LEVELS_APART !== 0) continue;
      this.nodes += 1;
      const stored = found.get(`${level}/${index}`);
      if (stored?.equals(hash)) continue;
      const places = [index * 2 ** level, (index + 1) * 2 ** level - 1] as const;
      const what = `The node ${index} of level ${level}`;
      if (stored)
        this.findings.add(
          'NODE_ALTERED',
          places,
          `${what} is not that of its leaves: it, or one of them, is not what it was.`,
        );
      else this.findings.add('NODE_MISSING', places, `${what} is not kept.`);
    }
  }
}

/** The sizes between two at which heads are to be compared, each once, in their order. */
export const sizesBetween = (from: number, to: number, heads: readonly WantedHead[]): number[] => [
  ...new Set(heads.map(({ size }) => size).filter((size) => size > from && size < to)),
];
