import { stat } from 'node:fs/promises';
import path from 'node:path';
import { BLOCK, CHECKPOINTS, EVENTS, type Manifest } from './export-manifest';
import type { ExportResult, ExportTask, ExportWorkData } from './export-worker';
import type { Findings } from './findings';
import { HeadStream } from './head-stream';
import type { MacKey } from './mac-keys';
import { MacLines } from './mac-lines';
import { namesOfKeys, type NoteKey } from './note-keys';
import { readNotes } from './note-files';
import type { OutsideHeads } from './outside-heads';
import type { Progress } from './progress';
import { Frontier } from './tree';
import { sizesBetween, TreeWalk, type WantedHead } from './tree-walk';
import type { WorkerPool } from './worker-pool';

export interface ExportVerification {
  /** The folder. */
  readonly folder: string;
  /** One of whom must have signed each of its heads; from elsewhere than the export. */
  readonly keys: readonly NoteKey[];
  readonly macKeys: readonly MacKey[];
  /** A file or folder of heads that were kept elsewhere. */
  readonly checkpoints: string | null;
  /** Threads; 0: none but this one. */
  readonly workers: number;
  readonly progress: Progress;
}

export type ExportPool = WorkerPool<ExportWorkData, ExportTask, ExportResult>;
type Of<K> = Extract<ExportResult, { kind: K }>;

/** Notes that a thread is given at a time. */
const NOTES = 100;

/** Places from one on and before another, which one thread hashes, with the heads from the first size up to the second. */
interface Block {
  readonly first: number;
  readonly next: number;
  readonly heads: readonly WantedHead[];
}

/** What growing the tree again came to. */
export interface ExportWalk {
  readonly walk: TreeWalk;
  readonly dropped: number;
}

/** Hashes the lines of an export on several threads, grows the tree from where the export begins, and compares it with its heads. */
export async function walkExport(
  pool: ExportPool,
  asked: ExportVerification,
  manifest: Manifest,
  outside: OutsideHeads | null,
  findings: Findings,
): Promise<ExportWalk> {
  const walk = new TreeWalk(frontierOf(manifest, findings), findings);
  const own = new HeadStream(signedHeads(pool, asked, manifest, findings));
  const macs = asked.macKeys.length === 0 ? null : new MacLines(asked.folder, asked.macKeys, findings);
  const blocks: Block[] = [];
  let dropped = 0;
  asked.progress.begin('Verifying', manifest.count);
  for await (const result of pool.inOrder(tasksOf(asked, manifest, own, outside, blocks))) {
    const [lines, { first, next, heads }] = [result as Of<'lines'>, blocks.shift()!];
    for (const line of lines.malformed)
      findings.add('CONTENT_MALFORMED', first + line, 'Its line is neither what an event says nor the hash of that.');
    if (lines.cutOff || lines.count !== next - first) {
      findings.add(
        'COUNT_ALTERED',
        [first, next - 1],
        `There are ${lines.count} lines for these ${next - first} places${lines.cutOff ? ', and the last has no end' : ''}.`,
      );
      return { walk, dropped };
    }
    walk.growBySubtrees(asBuffer(lines.subtrees), next, heads);
    await macs?.compare(first, lines.count, lines.macs.map(asBuffer));
    dropped += lines.dropped;
    asked.progress.add(lines.count);
  }
  asked.progress.end();
  await assertCovered({ walk, dropped }, own, manifest, findings);
  return { walk, dropped };
}

function frontierOf({ first, frontier }: Manifest, findings: Findings): Frontier {
  try {
    return Frontier.from(first, Buffer.from(frontier, 'base64'));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    findings.add(
      'COUNT_ALTERED',
      null,
      `The manifest has no frontier of ${first} leaves, with which the tree could be grown.`,
    );
    return Frontier.unknown(first);
  }
}

/** Where the blocks begin and end, by what the manifest says; whether that is so, the lines will tell. */
async function* tasksOf(
  { folder }: ExportVerification,
  { first, end, offsets }: Manifest,
  own: HeadStream<WantedHead>,
  outside: OutsideHeads | null,
  blocks: Block[],
): AsyncGenerator<ExportTask> {
  const file = path.join(folder, EVENTS);
  const bounds = [0, ...offsets, (await stat(file)).size];
  const kept = HeadStream.of<WantedHead>(outside?.wanted.map((head) => ({ ...head, outside: true })) ?? []);
  for (let [at, from] = [0, first]; at + 1 < bounds.length; at += 1) {
    const next = at + 2 < bounds.length ? (Math.floor(from / BLOCK) + 1) * BLOCK : Math.max(end, from);
    const heads = [...(await own.upTo(next)), ...(await kept.upTo(next))].toSorted(
      (one, other) => one.size - other.size,
    );
    blocks.push({ first: from, next, heads });
    yield {
      kind: 'lines',
      range: { file, from: bounds[at]!, to: bounds[at + 1]! },
      first: from,
      cuts: sizesBetween(from, next, heads),
    };
    from = next;
  }
}

/** What comes from a thread are bytes without the methods of a Buffer. */
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The heads of the export whose signatures hold, by size; those that do not are findings. */
async function* signedHeads(
  pool: ExportPool,
  { folder, keys }: ExportVerification,
  { first, end }: Manifest,
  findings: Findings,
) {
  let last = first;
  for await (const result of pool.inOrder(noteTasks(path.join(folder, CHECKPOINTS))))
    for (const head of (result as Of<'notes'>).heads) {
      if (typeof head === 'string')
        findings.add(
          'CHECKPOINT_UNSIGNED',
          [last, end - 1],
          `A head after that of ${last} leaves is not signed by ${namesOfKeys(keys)}: ${head}`,
        );
      else if (head.size <= last || head.size > end)
        findings.add(
          'CHECKPOINT_ALTERED',
          null,
          `A head of ${head.size} leaves does not belong after that of ${last}, up to ${end}.`,
        );
      else {
        yield { ...head, root: asBuffer(head.root) };
        last = head.size;
      }
    }
}

async function* noteTasks(file: string): AsyncGenerator<ExportTask> {
  const notes: string[] = [];
  for await (const note of readNotes(file)) {
    notes.push(note);
    if (notes.length === NOTES) yield { kind: 'notes', notes: notes.splice(0) };
  }
  if (notes.length > 0) yield { kind: 'notes', notes };
}

/** A signed head at its end, none beyond, and as many that do not say any more what they say. */
async function assertCovered(
  { walk, dropped }: ExportWalk,
  own: HeadStream<WantedHead>,
  manifest: Manifest,
  findings: Findings,
): Promise<void> {
  const left = await own.upTo(Number.MAX_SAFE_INTEGER);
  const { end, first, count } = manifest;
  if (left.length > 0)
    findings.add('CHECKPOINT_ALTERED', null, `There are ${left.length} heads beyond the events that it has.`);
  if (walk.lastHead !== end)
    findings.add(
      'CHECKPOINT_MISSING',
      [walk.lastHead, Math.max(walk.lastHead, end - 1)],
      `No head that is signed covers the events up to ${end - 1}.`,
    );
  if (count !== end - first)
    findings.add('COUNT_ALTERED', null, `It says that it has ${count} events from ${first} to ${end - 1}.`);
  if (dropped !== manifest.dropped)
    findings.add(
      'COUNT_ALTERED',
      null,
      `Of ${dropped} events only the hash is left; when it was made, of ${manifest.dropped}.`,
    );
}
