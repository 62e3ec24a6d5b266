import { Client } from 'pg';
import { openCheckpoint } from '../../src/audit/checkpoint';
import { sealBatch } from '../../src/audit/seal-batch';
import { signerOf } from '../../src/audit/sealer';
import { verifyConsistency, verifyInclusion } from '../../src/audit/verify-proofs';
import { ensureRoles } from '../../src/platform/database-roles';
import { startTestApp, type TestApp } from '../support/app';
import { givenAccount } from '../support/scene';
import { storedEvents } from './support';

let t: TestApp;
let sealer: Client;
const seal = () => sealBatch(sealer, signerOf(t.served.app), new Date());

beforeAll(async () => {
  t = await startTestApp();
  sealer = new Client({ connectionString: (await ensureRoles(t.ownerUrl, t.served.app.keys)).sealer });
  await sealer.connect();
  // Several heads of sizes that are no powers of two.
  for (let n = 0; n < 5; n += 1) {
    await givenAccount(t);
    await givenAccount(t);
    await seal();
  }
});
afterAll(async () => {
  await sealer.end();
  await t.close();
});

const bytes = (hex: string) => Buffer.from(hex, 'hex');

const INCLUSION = `query ($id: ID!, $size: Int) { auditInclusionProof(eventId: $id, size: $size) {
  eventId sequence size leafHash hashes rootHash checkpoint { id size rootHash note at } } }`;
const CONSISTENCY = `query ($from: Int!, $to: Int!) { auditConsistencyProof(fromSize: $from, toSize: $to) {
  fromSize toSize hashes fromRootHash toRootHash from { size note } to { size note } } }`;

const inclusion = async (id: string, size?: number) => t.as('auditor').gql(INCLUSION, { id, size });
const consistency = async (from: number, to: number) => t.as('auditor').gql(CONSISTENCY, { from, to });

const heads = async () =>
  (await t.as('auditor').gql('{ auditCheckpoints(first: 100) { nodes { id size rootHash note at } } }')).data!
    .auditCheckpoints.nodes as { size: number; rootHash: string; note: string; at: string }[];

describe('what an auditor can show to somebody who has only a checkpoint', () => {
  it('lists the signed heads, latest first', async () => {
    const listed = await heads();
    expect(listed).toHaveLength(5);
    expect(listed.map(({ size }) => size)).toEqual(listed.map(({ size }) => size).toSorted((a, b) => b - a));
    for (const { note, size, rootHash, at } of listed) {
      const { extensions, ...head } = openCheckpoint(note, [signerOf(t.served.app).key]);
      expect(head).toMatchObject({ origin: 'countersign/audit', size, root: bytes(rootHash) });
      expect(extensions).toEqual([`time ${at}`]);
    }
  });

  it('that an event is in the tree, at every size that has it', async () => {
    const sizes = (await heads()).map(({ size }) => size);
    const largest = Math.max(...sizes);
    const sealed = 'SELECT e.* FROM audit.event e JOIN audit.leaf l ON l.event_id = e.id ORDER BY place DESC';
    const events = await t.sql<{ id: string; hash: Buffer }>(sealed);
    for (const { id, hash } of events) {
      const { data, errors } = await inclusion(id);
      expect(errors).toEqual([]);
      const { sequence, size, hashes, rootHash, leafHash, checkpoint } = data!.auditInclusionProof;
      expect({ size, leafHash, checkpoint: checkpoint.size }).toEqual({
        size: largest,
        leafHash: hash.toString('hex'),
        checkpoint: largest,
      });
      expect(verifyInclusion(hash, sequence, size, hashes.map(bytes), bytes(rootHash))).toBe(true);
      expect(checkpoint.rootHash).toBe(rootHash);
    }
    const place = (await inclusion(events.at(-1)!.id)).data!.auditInclusionProof.sequence as number;
    for (let size = place + 1; size <= largest; size += 1) {
      const { data } = await inclusion(events.at(-1)!.id, size);
      const proof = data!.auditInclusionProof;
      expect(proof.checkpoint === null).toBe(!sizes.includes(size));
      expect(verifyInclusion(events.at(-1)!.hash, place, size, proof.hashes.map(bytes), bytes(proof.rootHash))).toBe(
        true,
      );
    }
  });

  it('that each tree is the beginning of each larger one', async () => {
    const listed = await heads();
    for (const from of listed)
      for (const to of listed.filter(({ size }) => size >= from.size)) {
        const { data } = await consistency(from.size, to.size);
        const { hashes, fromRootHash, toRootHash, ...proof } = data!.auditConsistencyProof;
        expect(proof).toMatchObject({ from: { note: from.note }, to: { note: to.note } });
        expect([fromRootHash, toRootHash]).toEqual([from.rootHash, to.rootHash]);
        const args = [hashes.map(bytes), bytes(fromRootHash), bytes(toRootHash)] as const;
        expect(verifyConsistency(from.size, to.size, ...args)).toBe(true);
      }
    const { data } = await consistency(0, listed[0]!.size);
    expect(data!.auditConsistencyProof).toMatchObject({ hashes: [], from: null });
  });

  it('refuses what there is no proof of', async () => {
    const largest = (await heads())[0]!.size;
    const codes = async (answer: Promise<{ errors: { extensions?: { code?: unknown } }[] }>) =>
      (await answer).errors.map(({ extensions }) => extensions?.code);
    expect(await codes(inclusion('0190d3f0-0000-7000-8000-000000000000'))).toEqual(['NOT_FOUND']);
    expect(await codes(inclusion('nonsense'))).toEqual(['NOT_FOUND']);
    const event = (await storedEvents(t)).at(-1);
    const place = (await inclusion(event!.id)).data!.auditInclusionProof.sequence as number;
    for (const size of [place, 0, -1, largest + 1])
      expect(await codes(inclusion(event!.id, size))).toEqual(['AUDIT_SIZE_INVALID']);
    for (const [from, to] of [
      [-1, 1],
      [2, 1],
      [1, largest + 1],
    ] as const)
      expect(await codes(consistency(from, to))).toEqual(['AUDIT_SIZE_INVALID']);
    await givenAccount(t);
    const [unsealed] = await storedEvents(t);
    expect(await codes(inclusion(unsealed!.id))).toEqual(['AUDIT_EVENT_UNSEALED']);
  });

  it('an event tells the version that its subject came to, and what else was saved with it', async () => {
    const accountId = await givenAccount(t);
    await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Another Bank' }, 'outcome');
    const { data } = await t
      .as('auditor')
      .gql(
        'query ($id: ID!) { auditEvents(filter: { subjectId: $id }, orderBy: AT_ASC) { nodes { action subjectVersion } } }',
        { id: accountId },
      );
    expect(data!.auditEvents.nodes).toEqual([
      { action: 'account.opened', subjectVersion: 1 },
      { action: 'account.changed', subjectVersion: 2 },
    ]);
    const events = await storedEvents(t);
    const told = events.map(({ content }) => JSON.parse(content.toString()) as { rows: object[] });
    const digest = expect.stringMatching(/^[\w-]{22}$/) as string;
    expect(told[0]!.rows).toEqual([{ type: 'Account', id: accountId, version: 2, digest }]);
  });
});
