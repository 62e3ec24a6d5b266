import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { refuse } from '../platform/errors';
import { fromBase64 } from './base64';
import { Findings } from './findings';
import { openHead } from './heads';
import { isSize } from './nodes';
import { namesOfKeys, type NoteKey } from './note-keys';
import { readTold } from './placed-event';
import { planConsistency, planInclusion, type ProofPlan, readProof } from './proofs';
import { fetchNodes, type Query } from './stored-nodes';
import { leafHash } from './tree';
import type { Verdict } from './verdict';
import { verifyConsistency, verifyInclusion } from './verify-proofs';

const size = z.number().refine(isSize);
const hashes = z.array(z.base64());

const inclusion = z.strictObject({
  form: z.literal(1),
  kind: z.literal('inclusion'),
  eventId: z.string(),
  place: size,
  /** What the event says: its canonical bytes as text; null where they are no more. */
  content: z.string().nullable(),
  /** The hash of its leaf, in base64. */
  leaf: z.base64(),
  proof: hashes,
  /** The note of the head that it is proved to be in. */
  checkpoint: z.string(),
});

const consistency = z.strictObject({
  form: z.literal(1),
  kind: z.literal('consistency'),
  proof: hashes,
  /** The notes of the earlier head and of the later one, which begins with it. */
  earlier: z.string(),
  later: z.string(),
});

const proofFile = z.discriminatedUnion('kind', [inclusion, consistency]);

export type InclusionFile = Readonly<z.infer<typeof inclusion>>;
export type ConsistencyFile = Readonly<z.infer<typeof consistency>>;

/** Which event, by one of the two. */
export interface Which {
  readonly eventId: string | null;
  readonly place: number | null;
}

const LEAF = `SELECT l.place::float8 AS place, l.event_id::text AS "eventId", l.hash, convert_from(c.bytes, 'UTF8') AS content FROM audit.leaf l
  LEFT JOIN audit.event e ON e.id = l.event_id LEFT JOIN audit.content c ON c.event_id = e.id AND c.written_at = e.written_at
  WHERE l.event_id::text = $1 OR l.place = $2::bigint`;

/** Proves that an event is in a signed tree: the one of that size, or the latest. Refuses with AUDIT_EVENT_UNSEALED, AUDIT_SIZE_UNSIGNED. */
export async function makeInclusion(
  query: Query,
  { eventId, place }: Which,
  asked: number | null,
): Promise<InclusionFile> {
  const [leaf] = await query<{ place: number; eventId: string; hash: Buffer; content: string | null }>(LEAF, [
    eventId?.toLowerCase() ?? null,
    place,
  ]);
  if (!leaf)
    refuse('AUDIT_EVENT_UNSEALED', 'No such event has a place in the tree: it does not exist, or is not sealed yet.');
  const head = await headOf(query, asked, leaf.place + 1);
  const proof = await proofOf(query, planInclusion(leaf.place, head.size));
  return {
    form: 1,
    kind: 'inclusion',
    eventId: leaf.eventId,
    place: leaf.place,
    content: leaf.content,
    leaf: leaf.hash.toString('base64'),
    proof,
    checkpoint: head.note,
  };
}

/** Proves that the signed tree of one size begins with that of another; the later one is the latest unless told. */
export async function makeConsistency(query: Query, from: number, to: number | null): Promise<ConsistencyFile> {
  const earlier = await headOf(query, from, from);
  const later = await headOf(query, to, from);
  return {
    form: 1,
    kind: 'consistency',
    proof: await proofOf(query, planConsistency(earlier.size, later.size)),
    earlier: earlier.note,
    later: later.note,
  };
}

const HEAD = `SELECT size::float8 AS size, note FROM audit.checkpoint WHERE size >= coalesce($1::bigint, 0) ORDER BY CASE WHEN $1::bigint IS NULL THEN -size ELSE size END LIMIT 1`;

/** The signed head of a size, or the latest. */
async function headOf(query: Query, asked: number | null, least: number): Promise<{ size: number; note: string }> {
  const [head] = await query<{ size: number; note: string }>(HEAD, [asked]);
  if (!head || (asked !== null && head.size !== asked))
    refuse(
      'AUDIT_SIZE_UNSIGNED',
      `No head of ${asked ?? 0} leaves was signed${head ? `; the next one has ${head.size}` : ''}.`,
    );
  if (head.size < least) refuse('AUDIT_SIZE_UNSIGNED', `The head of ${head.size} leaves does not reach to ${least}.`);
  return head;
}

async function proofOf(query: Query, plan: ProofPlan): Promise<string[]> {
  const hashesOf = await readProof(plan, await fetchNodes(query, plan));
  return hashesOf.map((hash) => hash.toString('base64'));
}

/** Verifies a proof from a file with nothing but keys. Refuses with AUDIT_PROOF_UNREADABLE. */
export async function verifyProofFile(file: string, keys: readonly NoteKey[]): Promise<Verdict> {
  const parsed = proofFile.safeParse(await readJson(file));
  if (!parsed.success) refuse('AUDIT_PROOF_UNREADABLE', `${file} is no proof of a known form.`);
  const findings = new Findings();
  const notes =
    parsed.data.kind === 'inclusion'
      ? checkInclusion(parsed.data, keys, findings)
      : checkConsistency(parsed.data, keys, findings);
  const first = findings.first().map((finding) => ({ ...finding, between: [null, null] as const }));
  return { findings: first, total: findings.total, checked: { proofs: 1 }, notes };
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    refuse('AUDIT_PROOF_UNREADABLE', `${file} cannot be read: ${(error as Error).message}`);
  }
}

function checkInclusion(
  { place, content, leaf, proof, checkpoint, eventId }: InclusionFile,
  keys: readonly NoteKey[],
  findings: Findings,
): string[] {
  const head = openHead(checkpoint, keys);
  const hash = content === null ? bytesOf(leaf) : leafHash(Buffer.from(content));
  if (typeof head === 'string')
    findings.add('CHECKPOINT_UNSIGNED', null, `Its head is not signed by ${namesOfKeys(keys)}: ${head}`);
  else if (!hash.equals(bytesOf(leaf))) findings.add('CONTENT_ALTERED', place, 'What it says is not what was hashed.');
  else if (!verifyInclusion(hash, place, head.size, proof.map(bytesOf), head.root))
    findings.add('PROOF_INVALID', place, `It is not proved to be in the tree of ${head.size} leaves.`);
  else if (content === null)
    return [
      `A leaf at place ${place} of the ${head.size} leaves of ${head.time}. What its event says is not part of the proof.`,
    ];
  else if (readTold(Buffer.from(content))?.id !== eventId)
    findings.add('CONTENT_ALTERED', place, `What it says is not what event ${eventId} says.`);
  else return [`Event ${eventId} is at place ${place} of the ${head.size} leaves of ${head.time}.`];
  return [];
}

function checkConsistency(
  { proof, earlier, later }: ConsistencyFile,
  keys: readonly NoteKey[],
  findings: Findings,
): string[] {
  const [from, to] = [openHead(earlier, keys), openHead(later, keys)];
  if (typeof from === 'string')
    findings.add('CHECKPOINT_UNSIGNED', null, `The earlier head is not signed by ${namesOfKeys(keys)}: ${from}`);
  else if (typeof to === 'string')
    findings.add('CHECKPOINT_UNSIGNED', null, `The later head is not signed by ${namesOfKeys(keys)}: ${to}`);
  else if (!verifyConsistency(from.size, to.size, proof.map(bytesOf), from.root, to.root))
    findings.add(
      'PROOF_INVALID',
      null,
      `The tree of ${to.size} leaves is not proved to begin with that of ${from.size}.`,
    );
  else return [`The ${to.size} leaves of ${to.time} begin with the ${from.size} leaves of ${from.time}.`];
  return [];
}

const bytesOf = (text: string): Buffer => fromBase64(text) ?? Buffer.alloc(0);
