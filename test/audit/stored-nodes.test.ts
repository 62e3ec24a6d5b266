import { planConsistency, planInclusion, readProof } from '../../src/audit/proofs';
import { fetchNodes, type Query } from '../../src/audit/stored-nodes';
import { verifyConsistency, verifyInclusion } from '../../src/audit/verify-proofs';
import { startTestApp, type TestApp } from '../support/app';
import { naiveRoot } from './naive-tree';
import { insertBareEvents, queryOf, sealAll } from './seal-support';

let t: TestApp;
/** What the leaves were made of, in the order of their places. */
let contents: Buffer[];
let hashes: Buffer[];

beforeAll(async () => {
  t = await startTestApp();
  await insertBareEvents(t, 600);
  await sealAll(t);
  const leaves = await t.sql<{ hash: Buffer; content: Buffer }>(
    'SELECT l.hash, e.content FROM audit.leaf l JOIN audit.told e ON e.id = l.event_id ORDER BY l.place',
  );
  contents = leaves.map(({ content }) => content);
  hashes = leaves.map(({ hash }) => hash);
});
afterAll(() => t.close());

const rootOf = (size: number) => naiveRoot(contents.slice(0, size));

describe('stored nodes', () => {
  it('prove that leaves are in trees, in one statement each', async () => {
    const all = contents.length;
    for (const size of [1, 2, 16, 17, 255, 256, 257, 511, 600, all])
      for (const place of [0, 1, 15, 16, 250, 255, 256, 509, size - 1].filter((each) => each < size)) {
        let statements = 0;
        const counted: Query = (text, values) => {
          statements += 1;
          return queryOf(t)(text, values);
        };
        const plan = planInclusion(place, size);
        const proof = await readProof(plan, await fetchNodes(counted, plan));
        expect([size, place, verifyInclusion(hashes[place]!, place, size, proof, rootOf(size))]).toEqual([
          size,
          place,
          true,
        ]);
        expect(statements).toBe(plan.length === 0 ? 0 : 1);
      }
  });

  it('prove that a tree begins with another', async () => {
    const sizes = [1, 3, 16, 100, 256, 300, 512, contents.length];
    for (const from of sizes)
      for (const to of sizes.filter((each) => each >= from)) {
        const plan = planConsistency(from, to);
        const proof = await readProof(plan, await fetchNodes(queryOf(t), plan));
        expect([from, to, verifyConsistency(from, to, proof, rootOf(from), rootOf(to))]).toEqual([from, to, true]);
      }
  });

  it('are missing where the tree does not reach', async () => {
    const plan = planInclusion(5, contents.length + 300);
    const read = await fetchNodes(queryOf(t), plan);
    await expect(readProof(plan, read)).rejects.toThrow('is missing');
  });
});
