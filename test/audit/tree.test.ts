import fc from 'fast-check';
import { completedNodes, perfectNodes } from '../../src/audit/nodes';
import { EMPTY_ROOT, Frontier, leafHash, nodeHash, type TreeNode } from '../../src/audit/tree';
import { LEAVES, ROOTS } from './known-tree';
import { naiveLeaf, naiveRoot } from './naive-tree';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const leafOf = (index: number) => Buffer.from(`leaf ${index}`);
const leavesOf = (size: number) => Array.from({ length: size }, (_none, index) => leafOf(index));

function grown(size: number, completed?: TreeNode[]): Frontier {
  const frontier = new Frontier();
  frontier.appendAll(leavesOf(size).map(leafHash), completed);
  return frontier;
}

describe('the known tree', () => {
  it.each(ROOTS.map((root, size) => [size, root] as const))('of %i leaves has its root', (size, root) => {
    const frontier = new Frontier();
    for (const leaf of LEAVES.slice(0, size)) frontier.append(leafHash(leaf));
    expect(frontier.root()).toEqual(root);
    expect(frontier.size).toBe(size);
  });

  it('has the root of nothing without leaves, which nobody can change', () => {
    expect(EMPTY_ROOT).toEqual(ROOTS[0]);
    new Frontier().root().fill(0);
    expect(EMPTY_ROOT).toEqual(ROOTS[0]);
  });
});

describe('hashes', () => {
  it('tell a leaf from a node', () => {
    const [one, other] = [leafHash(leafOf(1)), leafHash(leafOf(2))];
    expect(leafHash(Buffer.concat([one, other]))).not.toEqual(nodeHash(one, other));
    expect(nodeHash(one, other)).not.toEqual(nodeHash(other, one));
  });

  it('are fresh Buffers, which later ones leave alone', () => {
    const [one, other] = [leafHash(leafOf(1)), leafHash(leafOf(2))];
    const node = nodeHash(one, other);
    const kept = Buffer.from(node);
    nodeHash(other, one);
    expect(node).toEqual(kept);
  });

  it.each([0, 1, 31, 33, 64])('refuses a child of %i bytes', (length) => {
    const hash = leafHash(leafOf(1));
    expect(() => nodeHash(Buffer.alloc(length), hash)).toThrow(RangeError);
    expect(() => nodeHash(hash, Buffer.alloc(length))).toThrow(RangeError);
    expect(() => new Frontier().append(Buffer.alloc(length))).toThrow(RangeError);
  });

  it(`of leaves are those of the RFC (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        expect(leafHash(Buffer.from(bytes))).toEqual(naiveLeaf(Buffer.from(bytes)));
      }),
      { seed },
    );
  });
});

describe('the frontier', () => {
  it(`has the root of the recursive definition (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), (size) => {
        expect(grown(size).root()).toEqual(naiveRoot(leavesOf(size)));
      }),
      { seed, numRuns: 40 },
    );
  });

  it(`comes back as it was kept, and grows on (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (size, more) => {
        const frontier = grown(size);
        const kept = Frontier.from(frontier.size, frontier.hashes());
        expect(kept.hashes()).toEqual(frontier.hashes());
        expect(kept.root()).toEqual(frontier.root());
        for (let index = size; index < size + more; index += 1) kept.append(leafHash(leafOf(index)));
        expect(kept.size).toBe(size + more);
        expect(kept.root()).toEqual(grown(size + more).root());
      }),
      { seed, numRuns: 40 },
    );
  });

  it('shares nothing with what it came from', () => {
    const hashes = grown(5).hashes();
    const kept = Frontier.from(5, hashes);
    hashes.fill(0);
    expect(kept.root()).toEqual(grown(5).root());
    kept.hashes().fill(0);
    kept.root().fill(0);
    expect(kept.root()).toEqual(grown(5).root());
  });

  it.each([
    [0, 32],
    [1, 0],
    [1, 31],
    [3, 32],
    [3, 96],
    [4, 64],
    [-1, 0],
    [0.5, 0],
    [NaN, 0],
    [2 ** 53, 32],
  ])('of %d leaves is not kept as %i bytes', (size, bytes) => {
    expect(() => Frontier.from(size, Buffer.alloc(bytes))).toThrow(RangeError);
  });

  it('takes the last leaf that can be counted, and no further one', () => {
    const frontier = Frontier.from(2 ** 53 - 2, Buffer.alloc(52 * 32));
    frontier.append(leafHash(leafOf(1)));
    expect(frontier.hashes()).toHaveLength(53 * 32);
    expect(() => frontier.append(leafHash(leafOf(2)))).toThrow('The tree is full.');
  });

  it('counts beyond 32 bits', () => {
    const size = 2 ** 40 - 1;
    const frontier = Frontier.from(size, Buffer.concat(leavesOf(40).map(leafHash)));
    const completed: TreeNode[] = [];
    frontier.append(leafHash(leafOf(0)), completed);
    expect(completed.map(({ level, index }) => ({ level, index }))).toEqual([...completedNodes(size, size + 1)]);
    expect(completed.at(-1)).toEqual({ level: 40, index: 0, hash: frontier.root() });
  });
});

describe('nodes', () => {
  it(`that a growing tree completes are told alike, and are roots of their leaves (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(100), (from, more) => {
        const completed: TreeNode[] = [];
        const frontier = grown(from);
        const leaves = leavesOf(from + more);
        frontier.appendAll(leaves.slice(from).map(leafHash), completed);
        expect(completed.map(({ level, index }) => ({ level, index }))).toEqual([...completedNodes(from, from + more)]);
        for (const { level, index, hash } of completed)
          expect(hash).toEqual(naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)));
      }),
      { seed, numRuns: 30 },
    );
  });

  it('are all there, once, however the tree was cut', () => {
    const cuts = [0, 7, 8, 8, 31, 64, 100];
    const all = cuts.slice(1).flatMap((to, at) => [...completedNodes(cuts[at]!, to)]);
    const expected = [1, 2, 3, 4, 5, 6].flatMap((level) =>
      Array.from({ length: Math.floor(100 / 2 ** level) }, (_none, index) => `${level}/${index}`),
    );
    expect(all.map(({ level, index }) => `${level}/${index}`).toSorted()).toEqual(expected.toSorted());
  });

  it(`cover what they are to cover, each perfect and aligned, and no two of them make one (seed ${seed})`, () => {
    const sizes = fc.oneof(fc.nat(1000), fc.maxSafeNat());
    fc.assert(
      fc.property(sizes, sizes, (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const nodes = perfectNodes(from, to);
        let at = from;
        for (const { level, index } of nodes) {
          expect(index * 2 ** level).toBe(at);
          at += 2 ** level;
        }
        expect(at).toBe(to);
        const joined = nodes.filter(({ level, index }, place) => index % 2 === 0 && nodes[place + 1]?.level === level);
        expect(joined).toEqual([]);
      }),
      { seed, numRuns: 500 },
    );
  });

  it.each([
    [1, 0],
    [-1, 1],
    [0, 1.5],
    [0, 2 ** 53],
    [NaN, 1],
    [0, Infinity],
  ])('from %d to %d there are none', (from, to) => {
    expect(() => perfectNodes(from, to)).toThrow(RangeError);
    expect(() => [...completedNodes(from, to)]).toThrow(RangeError);
  });
});
