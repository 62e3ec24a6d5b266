import { DomainError, refuse } from '../platform/errors';
import { partsOf } from './archive-parts';
import { type Manifest, readManifest } from './export-manifest';
import { Findings, SHOWN } from './findings';
import { openHead } from './heads';
import { Frontier } from './tree';
import type { TimedFinding, Verdict } from './verdict';
import { exportPool, verifyWith } from './verify-export';
import type { ExportPool, ExportVerification } from './walk-export';

/** What parts came to so far. */
interface Sum {
  readonly found: TimedFinding[];
  total: number;
  readonly checked: Record<string, number>;
  /** Of the last part that could be read. */
  notes: readonly string[];
  last: Manifest | null;
}

/**
 * Verifies an archive with nothing but its files and keys: each of its parts as an export, and that each goes on where the one before it ends, in the
 * same tree. Refuses with AUDIT_EXPORT_UNREADABLE where there is no part at all.
 */
export async function verifyArchive(asked: ExportVerification): Promise<Verdict> {
  const pool = exportPool(asked);
  const sum: Sum = { found: [], total: 0, checked: { parts: 0 }, notes: [], last: null };
  try {
    for (const part of await partsIn(asked.folder)) await addPart(pool, asked, part, sum);
  } finally {
    await pool.close();
  }
  const { found, total, checked, notes, last } = sum;
  const holds = `It holds the places 0 to ${(last?.end ?? 0) - 1}; whether more was sealed since, the files cannot tell.`;
  return { findings: found, total, checked, notes: [holds, ...notes] };
}

type Part = Awaited<ReturnType<typeof partsIn>>[number];

async function partsIn(archive: string) {
  const parts: { first: number; folder: string }[] = [];
  try {
    for await (const part of partsOf(archive)) parts.push(part);
  } catch (error) {
    refuse('AUDIT_EXPORT_UNREADABLE', `${archive} cannot be read: ${(error as Error).message}`);
  }
  if (parts.length === 0) refuse('AUDIT_EXPORT_UNREADABLE', `${archive} has no part of an archive.`);
  return parts;
}

async function addPart(pool: ExportPool, asked: ExportVerification, part: Part, sum: Sum): Promise<void> {
  const joint = new Findings();
  try {
    const manifest = await readManifest(part.folder);
    assertJoined(sum.last, part, manifest, asked, joint);
    const { findings, total, checked, notes } = await verifyWith(pool, { ...asked, folder: part.folder });
    add(sum, findings, total);
    for (const [what, count] of Object.entries(checked)) sum.checked[what] = (sum.checked[what] ?? 0) + count;
    sum.checked.parts! += 1;
    sum.notes = notes.slice(1);
    sum.last = manifest;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'AUDIT_EXPORT_UNREADABLE') throw error;
    joint.add('FILE_ALTERED', part.first, error.message);
  }
  add(
    sum,
    joint.first().map((finding) => ({ ...finding, between: [null, null] as const })),
    joint.total,
  );
}

function add(sum: Sum, findings: readonly TimedFinding[], total: number): void {
  sum.found.push(...findings.slice(0, SHOWN - sum.found.length));
  sum.total += total;
}

/** No place is left out, none is there twice, and the tree that it goes on with is the one that was there. */
function assertJoined(
  last: Manifest | null,
  part: Part,
  { first, frontier }: Manifest,
  { keys }: ExportVerification,
  findings: Findings,
): void {
  const end = last?.end ?? 0;
  if (part.first !== first)
    findings.add('COUNT_ALTERED', part.first, `What stands as the part from ${part.first} on begins at ${first}.`);
  if (first > end) findings.add('PLACE_MISSING', [end, first - 1], 'No part has these places.');
  if (first < end) findings.add('COUNT_ALTERED', [first, end - 1], 'Two parts have these places.');
  const head = last && first === end ? openHead(last.checkpoint, keys) : null;
  if (head && typeof head !== 'string' && !rootOf(first, frontier)?.equals(head.root))
    findings.add('REWRITTEN', first, `The part before it ends with another tree of ${first} leaves.`);
}

function rootOf(size: number, frontier: string): Buffer | null {
  try {
    return Frontier.from(size, Buffer.from(frontier, 'base64')).root();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
