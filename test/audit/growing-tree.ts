import { createHash } from 'node:crypto';

const ofPair = (left: Buffer, right: Buffer): Buffer =>
  createHash('sha256')
    .update(Buffer.concat([Buffer.of(1), left, right]))
    .digest();

/**
 * The tree of RFC 9162 leaf by leaf, for trails that are too long for naive-tree.ts to begin anew at each head, and without the code
 * that it is compared with: subtrees of one height become one, as in counting by ones in binary.
 */
export class GrowingTree {
  /** Perfect subtrees from left to right, each less high than the one before it. */
  private readonly subtrees: { level: number; hash: Buffer }[] = [];
  /** Nodes above the leaves, in hex, by `level/index`. */
  readonly nodes = new Map<string, string>();
  size = 0;

  add(leaf: Buffer): void {
    let [level, hash] = [0, leaf];
    this.size += 1;
    while (this.subtrees.at(-1)?.level === level) {
      hash = ofPair(this.subtrees.pop()!.hash, hash);
      level += 1;
      this.nodes.set(`${level}/${this.size / 2 ** level - 1}`, hash.toString('hex'));
    }
    this.subtrees.push({ level, hash });
  }

  /** Of at least one leaf. */
  root(): Buffer {
    return this.frontier().reduceRight((right, left) => ofPair(left, right));
  }

  /** Roots of the perfect subtrees, from left to right. */
  frontier(): Buffer[] {
    return this.subtrees.map(({ hash }) => hash);
  }
}
