import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DomainError, refuse } from '../platform/errors';
import { newId } from '../platform/ids';
import { csvHeader, csvLines } from './event-csv';
import { ExportFile } from './export-file';
import {
  BLOCK,
  CHECKPOINTS,
  CSV,
  EVENTS,
  type ExportedName,
  FILES,
  MACS,
  MANIFEST,
  type Manifest,
} from './export-manifest';
import { type ExportRange, findRange } from './export-range';
import { DROPPED } from './hash-lines';
import { NO_MAC } from './mac-lines';
import { type PlacedEvent, readPlaced } from './placed-event';
import { parseCheckpoint } from './checkpoint';
import { namedOn } from './heads';
import { parseNote } from './note';
import type { NoteKey } from './note-keys';
import type { Progress } from './progress';
import type { EventDescription } from './record';
import type { Query } from './stored-nodes';

export interface ExportRequest {
  /** Events from this instant on. */
  readonly from: Date;
  /** Events before this instant. */
  readonly to: Date;
  /** The folder that is made. */
  readonly out: string;
  readonly now: Date;
  /** Who may have signed its heads, the present one first; none where it is not known. */
  readonly keys: readonly NoteKey[];
  /** Leaves an event in the trail; null where nobody can. */
  readonly record: ((event: EventDescription) => Promise<void>) | null;
  readonly progress: Progress;
}

export interface Exported {
  readonly manifest: Manifest;
  /** Why the export is not in the trail itself; null if it is. */
  readonly unrecorded: string | null;
}

/** Places that are read at a time. */
const WINDOW = 1_024;

/** What writing the files came to. */
type Written = Pick<Manifest, 'files' | 'dropped' | 'offsets'> & {
  /** Who signed a head, the earliest first. */
  readonly signedBy: readonly NoteKey[];
};

type Files = Record<ExportedName, ExportFile>;

/**
 * Writes what happened in a time to a new folder, from which it can be verified without this installation. Refuses with AUDIT_EXPORT_EXISTS,
 * and whatever `findRange` and `writeExport` refuse with.
 */
export async function exportTrail(query: Query, request: ExportRequest): Promise<Exported> {
  const out = path.resolve(request.out);
  if (existsSync(out)) refuse('AUDIT_EXPORT_EXISTS', `${out} is there already: an export is a folder of its own.`);
  return writeExport(query, await findRange(query, request.from, request.to, request.now), request);
}

/** Writes a part of the trail to a folder that appears as a whole, at the end. Refuses with AUDIT_TRAIL_BROKEN. */
export async function writeExport(query: Query, range: ExportRange, request: ExportRequest): Promise<Exported> {
  const out = path.resolve(request.out);
  const folder = `${out}.${newId()}.partial`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const manifest = manifestOf(range, request, await writeFiles(query, folder, range, request));
    await writeFile(path.join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    const unrecorded = await recorded(request, manifest);
    await rename(folder, out);
    return { manifest, unrecorded };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function writeFiles(
  query: Query,
  folder: string,
  range: ExportRange,
  { keys, progress }: ExportRequest,
): Promise<Written> {
  const entries = await Promise.all(FILES.map(async (name) => [name, await ExportFile.create(folder, name)] as const));
  const files = Object.fromEntries(entries) as Files;
  try {
    const written = await writeEvents(query, files, range, progress);
    const signedBy = await writeHeads(query, files[CHECKPOINTS], range, keys);
    const done = await Promise.all(entries.map(async ([name, file]) => [name, await file.finish()] as const));
    return { files: Object.fromEntries(done) as Manifest['files'], signedBy, ...written };
  } catch (error) {
    await Promise.all(entries.map(([, file]) => file.close().catch(() => undefined)));
    throw error;
  }
}

async function writeEvents(
  query: Query,
  files: Files,
  { first, end }: ExportRange,
  progress: Progress,
): Promise<Omit<Written, 'files' | 'signedBy'>> {
  let dropped = 0;
  const offsets: number[] = [];
  await files[CSV].write(csvHeader());
  progress.begin('Exporting', end - first);
  for (let [from, to] = [first, first]; from < end; from = to) {
    to = Math.min(end, windowAfter(from));
    if (from % BLOCK === 0 && from > first) offsets.push(files[EVENTS].bytes);
    const events = await readPlaced(query, from, to);
    if (events.length !== to - from) broken(from, 'Places are missing');
    await files[EVENTS].write(Buffer.concat(events.flatMap(lineOf)));
    await files[MACS].write(events.map(macOf).join(''));
    await files[CSV].write(csvLines(events));
    dropped += events.filter(({ bytes }) => !bytes).length;
    progress.add(to - from);
  }
  progress.end();
  return { dropped, offsets };
}

/** Windows end where blocks do. */
const windowAfter = (from: number): number => (Math.floor(from / WINDOW) + 1) * WINDOW;

const broken = (place: number, what: string) => refuse('AUDIT_TRAIL_BROKEN', `${what} at ${place}: verify the trail.`);

const END = Buffer.from('\n');

/** The canonical bytes, or the hash of the leaf where they are no more. */
function lineOf({ place, leaf, bytes }: PlacedEvent): Buffer[] {
  if (!bytes) return [Buffer.from(`${DROPPED}${leaf!.toString('hex')}\n`)];
  // What no event says could be taken for something else there.
  if (bytes.includes(END) || bytes[0] !== 0x7b) broken(place!, 'There is no event');
  return [bytes, END];
}

const macOf = ({ bytes, mac, keyId }: PlacedEvent): string =>
  bytes && mac ? `${keyId} ${mac.toString('base64')}\n` : `${NO_MAC}\n`;

const HEADS = `SELECT size::float8 AS size, note FROM audit.checkpoint WHERE size > $1 AND size <= $2 ORDER BY size LIMIT ${WINDOW}`;

/** All from the first place on to the covering one, as checkpoint-files.ts writes them. Gives those of the keys that they are signed by. */
async function writeHeads(
  query: Query,
  file: ExportFile,
  { first, end }: ExportRange,
  keys: readonly NoteKey[],
): Promise<NoteKey[]> {
  const signedBy = new Set<NoteKey>();
  for (let last = first; last < end;) {
    const heads = await query<{ size: number; note: string }>(HEADS, [last, end]);
    await file.write(heads.map(({ note }) => `${note}\n`).join(''));
    for (const { note } of heads) for (const key of namedOn(note, keys)) signedBy.add(key);
    last = heads.at(-1)?.size ?? end;
  }
  return [...signedBy];
}

function manifestOf(
  { first, end, frontier, checkpoint }: ExportRange,
  { keys, now, from, to }: ExportRequest,
  { files, dropped, offsets, signedBy }: Written,
): Manifest {
  return {
    form: 1,
    origin: parseCheckpoint(parseNote(checkpoint).text).origin,
    key: namedOn(checkpoint, keys).at(-1)?.text ?? null,
    ...(signedBy.length > 1 && { keys: signedBy.map(({ text }) => text) }),
    exportedAt: now.toISOString(),
    asked: { from: from.toISOString(), to: to.toISOString() },
    first,
    end,
    count: end - first,
    dropped,
    offsets,
    frontier: frontier.toString('base64'),
    files,
    checkpoint,
  };
}

/** An export is itself something that happened. Why it is not in the trail, or null. */
async function recorded({ record }: ExportRequest, { asked, first, end, count }: Manifest): Promise<string | null> {
  if (!record) return 'with --url there is no login that may write to it';
  const said = { from: asked.from, to: asked.to, first, end, count };
  const changes = Object.entries(said).map(([member, after]) => ({ path: member, before: null, after }));
  try {
    await record({ action: 'audit.exported', outcome: 'DONE', subjectType: 'AuditEvent', changes });
    return null;
  } catch (error) {
    return error instanceof DomainError ? `${error.code}: ${error.message}` : String(error);
  }
}
