import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { pooled } from '../platform/pooled';
import { notFound } from '../platform/transaction';
import { perfectNodes } from './nodes';
import { planConsistency, planInclusion, type ProofPlan, readProof } from './proofs';
import { fetchNodes, type Query } from './stored-nodes';
import { Frontier } from './tree';

type Args = Record<string, unknown>;

interface Leaf {
  place: number;
  hash: Buffer;
}

const SIZE = 'SELECT coalesce(max(size), 0)::float8 AS size FROM audit.checkpoint';
const LEAF = 'SELECT place::float8 AS place, hash FROM audit.leaf WHERE event_id = $1';
const CHECKPOINTS = `SELECT id, size::float8 AS size, encode(root, 'hex') AS "rootHash", note, created_at AS at FROM audit.checkpoint WHERE size = ANY($1)`;

/** Shows that an event is in the tree. Refuses with NOT_FOUND, AUDIT_EVENT_UNSEALED, AUDIT_SIZE_INVALID. */
export const inclusionProof =
  ({ app }: Context) =>
  async ({ eventId, size: asked }: Args): Promise<object> => {
    const { query } = pooled(app);
    const [leaf] = isId(eventId) ? await query<Leaf>(LEAF, [eventId]) : [];
    if (!leaf) return unsealed(query, eventId);
    const latest = await latestSize(query);
    const size = Number(asked ?? latest);
    if (size <= leaf.place || size > latest) invalidSize(leaf.place + 1, latest);
    const plan = planInclusion(leaf.place, size);
    const { hashes, roots } = await worked(query, plan, [size]);
    const [checkpoint] = await checkpointsOf(query, [size]);
    return {
      eventId,
      sequence: leaf.place,
      size,
      leafHash: leaf.hash.toString('hex'),
      hashes,
      rootHash: roots[0],
      checkpoint,
    };
  };

/** Shows that one tree is the beginning of another. Refuses with AUDIT_SIZE_INVALID. */
export const consistencyProof =
  ({ app }: Context) =>
  async ({ fromSize, toSize }: Args): Promise<object> => {
    const { query } = pooled(app);
    const [from, to] = [Number(fromSize), Number(toSize)];
    const latest = await latestSize(query);
    if (from < 0 || to < from || to > latest) invalidSize(0, latest);
    const { hashes, roots } = await worked(query, planConsistency(from, to), [from, to]);
    const [first, second] = await checkpointsOf(query, [from, to]);
    return {
      fromSize: from,
      toSize: to,
      hashes,
      fromRootHash: roots[0],
      toRootHash: roots[1],
      from: first,
      to: second,
    };
  };

/** The hashes of a proof and the roots of the trees that it speaks of, from nodes that one statement fetches. */
async function worked(query: Query, plan: ProofPlan, sizes: readonly number[]) {
  const edges = sizes.map((size) => perfectNodes(0, size));
  const read = await fetchNodes(query, [...plan, ...edges]);
  const proof = await readProof(plan, read);
  const roots = await Promise.all(
    edges.map(async (edge, index) => {
      const hashes = await readProof(
        edge.map((place) => [place]),
        read,
      );
      return Frontier.from(sizes[index]!, Buffer.concat(hashes)).root().toString('hex');
    }),
  );
  return { hashes: proof.map((hash) => hash.toString('hex')), roots };
}

async function unsealed(query: Query, eventId: unknown): Promise<never> {
  const [event] = isId(eventId) ? await query('SELECT FROM audit.event WHERE id = $1', [eventId]) : [];
  if (!event) return notFound('AuditEvent');
  return refuse('AUDIT_EVENT_UNSEALED', 'This event has no place in the tree yet; it will within seconds.');
}

const latestSize = async (query: Query): Promise<number> => (await query<{ size: number }>(SIZE, []))[0]!.size;

const invalidSize = (least: number, most: number): never =>
  refuse('AUDIT_SIZE_INVALID', `There is no such tree: sizes are ${least} to ${most} here.`, { least, most });

async function checkpointsOf(query: Query, sizes: number[]): Promise<(object | null)[]> {
  const found = await query<{ size: number }>(CHECKPOINTS, [sizes]);
  return sizes.map((size) => found.find((each) => each.size === size) ?? null);
}
