import fc from 'fast-check';
import { perfectNodes } from '../../src/audit/nodes';
import {
  planConsistency,
  planInclusion,
  proveConsistency,
  proveInclusion,
  readerOf,
  readProof,
} from '../../src/audit/proofs';
import { Frontier, leafHash, nodeHash, type TreeNode } from '../../src/audit/tree';
import { verifyConsistency, verifyInclusion } from '../../src/audit/verify-proofs';
import { CONSISTENCIES, INCLUSIONS, LEAVES, ROOTS } from './known-tree';
import { naivePath, naiveProof, naiveRoot, turnsToLeaf, turnsToPrefix } from './naive-tree';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** A tree as the sealer keeps it: the hashes of the leaves, and each node from when it was complete. */
function stored(leaves: readonly Buffer[]): TreeNode[] {
  const hashes = leaves.map(leafHash);
  const nodes: TreeNode[] = hashes.map((hash, index) => ({ level: 0, index, hash }));
  new Frontier().appendAll(hashes, nodes);
  return nodes;
}

const MOST = 300;
const GROWN = Array.from({ length: MOST }, (_none, index) => Buffer.from(`leaf ${index}`));
const read = readerOf(stored(GROWN));
const first = (size: number) => GROWN.slice(0, size);

/** 0 <= index < size */
const place = fc
  .integer({ min: 1, max: MOST })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat(size - 1) }));
/** 0 < from < to */
const growth = fc
  .integer({ min: 2, max: MOST })
  .chain((to) => fc.record({ to: fc.constant(to), from: fc.integer({ min: 1, max: to - 1 }) }));

/** What can go wrong with one hash. */
const wrongHashes = (hash: Buffer, bit: number): Buffer[] => {
  const flipped = Buffer.from(hash);
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return [flipped, hash.subarray(1), Buffer.concat([hash, Buffer.of(0)]), Buffer.alloc(0), Buffer.alloc(32)];
};

/** What can go wrong with a proof in one place. */
const wrongProofs = (proof: readonly Buffer[], bit: number, others: readonly Buffer[]): Buffer[][] => [
  ...proof.flatMap((hash, at) => wrongHashes(hash, bit).map((wrong) => proof.with(at, wrong))),
  ...proof.map((_hash, at) => proof.toSpliced(at, 1)),
  ...[...proof.keys(), proof.length].flatMap((at) =>
    [Buffer.alloc(32), ...others, ...proof].map((hash) => proof.toSpliced(at, 0, hash)),
  ),
  ...proof.slice(1).map((hash, at) => proof.with(at, hash).with(at + 1, proof[at]!)),
];

describe('the known tree', () => {
  const known = readerOf(stored(LEAVES));

  it.each(INCLUSIONS)('proves leaf %i of %i', async (index, size, proof) => {
    expect(await proveInclusion(index, size, known)).toEqual(proof);
    expect(verifyInclusion(leafHash(LEAVES[index]!), index, size, proof, ROOTS[size]!)).toBe(true);
  });

  it.each(CONSISTENCIES)('proves %i to be the beginning of %i', async (from, to, proof) => {
    expect(await proveConsistency(from, to, known)).toEqual(proof);
    expect(verifyConsistency(from, to, proof, ROOTS[from]!, ROOTS[to]!)).toBe(true);
  });
});

describe('inclusion', () => {
  it(`is proved as the RFC defines it, and verifies (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(place, async ({ index, size }) => {
        const proof = await proveInclusion(index, size, read);
        expect(proof).toEqual(naivePath(index, first(size)));
        expect(verifyInclusion(leafHash(GROWN[index]!), index, size, proof, naiveRoot(first(size)))).toBe(true);
      }),
      { seed, numRuns: 200 },
    );
  });

  it(`does not verify with anything changed (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(place, fc.nat(255), fc.nat(2 * MOST), async ({ index, size }, bit, other) => {
        const [proof, leaf, root] = [
          await proveInclusion(index, size, read),
          leafHash(GROWN[index]!),
          naiveRoot(first(size)),
        ];
        const passed = [
          ...wrongProofs(proof, bit, [leaf, root]).filter((wrong) => verifyInclusion(leaf, index, size, wrong, root)),
          ...wrongHashes(leaf, bit).filter((wrong) => verifyInclusion(wrong, index, size, proof, root)),
          ...wrongHashes(root, bit).filter((wrong) => verifyInclusion(leaf, index, size, proof, wrong)),
          ...[index - 1, index + 1, other, size].filter(
            (wrong) => wrong !== index && verifyInclusion(leaf, wrong, size, proof, root),
          ),
        ];
        expect(passed).toEqual([]);
        // The size is not proved: another one does as well exactly if the way to the leaf has the same turns.
        for (const wrong of [size - 1, size + 1, size * 2, other].filter((each) => each > index))
          expect(verifyInclusion(leaf, index, wrong, proof, root)).toBe(
            turnsToLeaf(index, wrong) === turnsToLeaf(index, size),
          );
      }),
      { seed, numRuns: 100 },
    );
  });

  it.each([
    [0, 0],
    [1, 1],
    [-1, 1],
    [0.5, 2],
    [NaN, 2],
    [0, 2 ** 53],
    [0, NaN],
    [0, -1],
  ])('cannot be planned for %d of %d', (index, size) => {
    expect(() => planInclusion(index, size)).toThrow(RangeError);
  });
});

describe('consistency', () => {
  it(`is proved as the RFC defines it, and verifies (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(growth, async ({ from, to }) => {
        const proof = await proveConsistency(from, to, read);
        expect(proof).toEqual(naiveProof(from, first(to)));
        expect(verifyConsistency(from, to, proof, naiveRoot(first(from)), naiveRoot(first(to)))).toBe(true);
      }),
      { seed, numRuns: 200 },
    );
  });

  it(`does not verify with anything changed (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(growth, fc.nat(255), fc.nat(2 * MOST), async ({ from, to }, bit, other) => {
        const proof = await proveConsistency(from, to, read);
        const [fromRoot, toRoot] = [naiveRoot(first(from)), naiveRoot(first(to))];
        const passed = [
          ...wrongProofs(proof, bit, [fromRoot, toRoot]).filter((wrong) =>
            verifyConsistency(from, to, wrong, fromRoot, toRoot),
          ),
          ...wrongHashes(fromRoot, bit).filter((wrong) => verifyConsistency(from, to, proof, wrong, toRoot)),
          ...wrongHashes(toRoot, bit).filter((wrong) => verifyConsistency(from, to, proof, fromRoot, wrong)),
          ...[from - 1, from + 1, other, to, 0].filter(
            (wrong) => wrong !== from && verifyConsistency(wrong, to, proof, fromRoot, toRoot),
          ),
        ];
        expect(passed).toEqual([]);
        expect(verifyConsistency(from, to, proof, toRoot, fromRoot)).toBe(false);
        // Neither is the later size proved, other than by the turns to where the earlier tree ends.
        for (const wrong of [to - 1, to + 1, to * 2, other].filter((each) => each > from))
          expect(verifyConsistency(from, wrong, proof, fromRoot, toRoot)).toBe(
            turnsToPrefix(from, wrong) === turnsToPrefix(from, to),
          );
      }),
      { seed, numRuns: 100 },
    );
  });

  it('of a tree and itself is an empty proof and equal roots', () => {
    expect(planConsistency(5, 5)).toEqual([]);
    expect(verifyConsistency(5, 5, [], ROOTS[5]!, ROOTS[5]!)).toBe(true);
    expect(verifyConsistency(5, 5, [], ROOTS[5]!, ROOTS[4]!)).toBe(false);
    expect(verifyConsistency(5, 5, [ROOTS[1]!], ROOTS[5]!, ROOTS[5]!)).toBe(false);
  });

  it('from nothing is an empty proof and the root of nothing', () => {
    expect(planConsistency(0, 5)).toEqual([]);
    expect(planConsistency(0, 0)).toEqual([]);
    expect(verifyConsistency(0, 5, [], ROOTS[0]!, ROOTS[5]!)).toBe(true);
    expect(verifyConsistency(0, 0, [], ROOTS[0]!, ROOTS[0]!)).toBe(true);
    expect(verifyConsistency(0, 5, [], ROOTS[5]!, ROOTS[5]!)).toBe(false);
    expect(verifyConsistency(0, 5, [ROOTS[1]!], ROOTS[0]!, ROOTS[5]!)).toBe(false);
    expect(verifyConsistency(0, 0, [], ROOTS[1]!, ROOTS[1]!)).toBe(false);
    expect(verifyConsistency(0, 0, [], ROOTS[0]!, ROOTS[1]!)).toBe(false);
  });

  it('is needed between sizes that differ, and never goes back', () => {
    expect(verifyConsistency(1, 2, [], ROOTS[1]!, ROOTS[2]!)).toBe(false);
    expect(verifyConsistency(3, 4, [], ROOTS[3]!, ROOTS[4]!)).toBe(false);
    expect(verifyConsistency(2, 1, [], ROOTS[2]!, ROOTS[1]!)).toBe(false);
    expect(() => planConsistency(2, 1)).toThrow(RangeError);
    expect(() => planConsistency(-1, 1)).toThrow(RangeError);
  });
});

describe('verifying', () => {
  const [leaf, other] = [leafHash(LEAVES[0]!), leafHash(LEAVES[1]!)];
  const two = ROOTS[2]!;

  /** An array without anything in it, not even undefined. */
  function withHoles(length: number): Buffer[] {
    const holes: Buffer[] = [];
    holes.length = length;
    return holes;
  }

  // prettier-ignore
  const STRANGE: unknown[] = [
    undefined, null, '', '0', 'hash', 1.5, -1, -0.5, NaN, Infinity, -Infinity, 2 ** 53, 1e300, 0n, 1n, true, {}, [], [[]],
    [null], [undefined], ['x'.repeat(32)], Buffer.alloc(31), Buffer.alloc(33), new Uint8Array(32), { length: 1, 0: other },
    Array.from({ length: 100_000 }, () => other), withHoles(2), () => other, Symbol('hash'),
  ];

  it('takes what it should', () => {
    expect(verifyInclusion(leaf, 0, 2, [other], two)).toBe(true);
    expect(verifyConsistency(1, 2, [other], leaf, two)).toBe(true);
  });

  it('refuses what is none of its business, and never throws', () => {
    const inclusion: unknown[] = [leaf, 0, 2, [other], two];
    const consistency: unknown[] = [1, 2, [other], leaf, two];
    for (const strange of STRANGE)
      for (const at of inclusion.keys()) {
        expect(verifyInclusion(...(inclusion.with(at, strange) as Parameters<typeof verifyInclusion>))).toBe(false);
        expect(verifyConsistency(...(consistency.with(at, strange) as Parameters<typeof verifyConsistency>))).toBe(
          false,
        );
      }
  });

  it('does not pass over holes: without their hashes any root would be a leaf', () => {
    expect(verifyInclusion(two, 0, 2, withHoles(1), two)).toBe(false);
    expect(verifyInclusion(two, 0, 4, withHoles(2), two)).toBe(false);
    expect(verifyConsistency(1, 2, withHoles(1), two, two)).toBe(false);
  });

  it.each([2 ** 53 - 1, 2 ** 53 - 2, 2 ** 52, 2 ** 52 + 1, 2 ** 32, 2 ** 32 + 1, 2 ** 31])(
    'knows a tree of %d leaves, all of them alike',
    async (size) => {
      const alike = [leaf];
      while (alike.length < 53) alike.push(nodeHash(alike.at(-1)!, alike.at(-1)!));
      const readAlike = (level: number) => alike[level]!;
      const rootOf = (leaves: number) =>
        Frontier.from(leaves, Buffer.concat(perfectNodes(0, leaves).map(({ level }) => readAlike(level)))).root();
      const root = rootOf(size);
      for (const index of [0, 1, size - 1, size - 2, Math.floor(size / 2), 2 ** 31 - 1]) {
        const proof = await proveInclusion(index, size, readAlike);
        expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true);
        expect(verifyInclusion(other, index, size, proof, root)).toBe(false);
      }
      for (const from of [1, 2, 3, 2 ** 31 - 1, size - 1, Math.floor(size / 3)]) {
        const proof = await proveConsistency(from, size, readAlike);
        expect(verifyConsistency(from, size, proof, rootOf(from), root)).toBe(true);
        expect(verifyConsistency(from, size, proof, root, rootOf(from))).toBe(false);
      }
    },
  );
});

describe('reading', () => {
  it(`asks for few nodes, each within the tree and only once (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
        fc.pre(one !== other);
        const [less, size] = [Math.min(one, other), Math.max(one, other)];
        for (const plan of [planInclusion(less, size), planConsistency(less, size)]) {
          const nodes = plan.flat();
          expect(nodes.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(size)) + 1);
          expect(new Set(nodes.map(({ level, index }) => `${level}/${index}`)).size).toBe(nodes.length);
          expect(nodes.filter(({ level, index }) => (index + 1) * 2 ** level > size)).toEqual([]);
          expect(plan.filter((each) => each.length > 1).length).toBeLessThanOrEqual(1);
        }
      }),
      { seed, numRuns: 500 },
    );
  });

  it('is content with the nodes of the plan, and asks for all of them at once', async () => {
    const plan = planInclusion(2, 7);
    const nodes = stored(LEAVES).filter(({ level, index }) =>
      plan.flat().some((each) => each.level === level && each.index === index),
    );
    expect(nodes).toHaveLength(plan.flat().length);
    expect(await readProof(plan, readerOf(nodes))).toEqual(naivePath(2, LEAVES.slice(0, 7)));
    let asked = 0;
    const late = readProof(plan, async (level, index) => {
      asked += 1;
      await Promise.resolve();
      return readerOf(nodes)(level, index);
    });
    expect(asked).toBe(nodes.length);
    await late;
  });

  it('fails where a node is missing, or is no hash', async () => {
    await expect(proveInclusion(0, 8, readerOf([]))).rejects.toThrow('is missing');
    await expect(proveInclusion(0, 8, () => Buffer.alloc(31))).rejects.toThrow('is no hash');
    await expect(proveConsistency(3, 8, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  });
});
