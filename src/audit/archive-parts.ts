import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { readManifest } from './export-manifest';

/*
 * An archive is a folder of exports, each of which begins where the one before it ends. They are named by their first places, so that none is
 * there twice whoever writes them, and stand in a folder for each million of places: 000000/000000000000512.
 */

const GROUP = 1_000_000;
const GROUP_NAME = /^\d{6,}$/;
const PART_NAME = /^\d{15}$/;

/** Where the part that begins at a place stands, or is to stand. */
export const partAt = (archive: string, first: number): string =>
  path.join(archive, String(Math.floor(first / GROUP)).padStart(6, '0'), String(first).padStart(15, '0'));

/** How far an archive goes: the place after its last, and the signed head there; null for none. */
export interface ArchiveEnd {
  readonly size: number;
  readonly checkpoint: string | null;
}

export const EMPTY: ArchiveEnd = { size: 0, checkpoint: null };

/** Follows parts from where one ended. Throws where the archive cannot be read, AUDIT_EXPORT_UNREADABLE among it. */
export async function endAfter(archive: string, known: ArchiveEnd | null): Promise<ArchiveEnd> {
  let end = known ?? (await beforeLast(archive));
  for (let part = partAt(archive, end.size); existsSync(part); part = partAt(archive, end.size)) {
    const { end: size, checkpoint } = await readManifest(part);
    end = { size, checkpoint };
  }
  return end;
}

/** So that from an archive that nobody knows yet the last part alone is read. */
async function beforeLast(archive: string): Promise<ArchiveEnd> {
  for (const group of (await groupsOf(archive)).toReversed()) {
    const last = (await namesIn(group, PART_NAME)).at(-1);
    if (last !== undefined) return { size: Number(last), checkpoint: null };
  }
  return EMPTY;
}

/** Every part, in the order of their first places. */
export async function* partsOf(archive: string): AsyncGenerator<{ first: number; folder: string }, void, undefined> {
  for (const group of await groupsOf(archive))
    for (const name of await namesIn(group, PART_NAME)) yield { first: Number(name), folder: path.join(group, name) };
}

/** Takes away what somebody who was killed has begun of the part at a place. */
export async function sweep(archive: string, first: number): Promise<void> {
  const group = path.dirname(partAt(archive, first));
  const begun = existsSync(group) ? await namesIn(group, /\.partial$/) : [];
  for (const each of begun) await rm(path.join(group, each), { recursive: true, force: true });
}

const groupsOf = async (archive: string): Promise<string[]> =>
  (await namesIn(archive, GROUP_NAME)).map((name) => path.join(archive, name));

const namesIn = async (folder: string, pattern: RegExp): Promise<string[]> =>
  (await readdir(folder)).filter((name) => pattern.test(name)).toSorted();
