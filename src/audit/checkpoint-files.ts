import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type Head, openHead } from './heads';
import type { NoteKey } from './note-keys';

/*
 * Heads of the tree in files, outside of the database: one file a month, one note behind the other with an empty line between
 * them. Whoever has an older copy of such a file can tell whether the trail was shortened or written anew.
 */

const NAME = /^\d{4}-\d{2}\.txt$/;

/** The notes of a file's text. What is no whole note at its end (a write that was cut off) is left out. */
export const notesIn = (text: string): string[] => text.match(/(?:(?!\n\n— ).)*?\n\n(?:— [^\n]*\n)+(?=\n)/gs) ?? [];

/** Adds a note to the file of its month, and waits until it is on the disk. */
export async function appendNote(folder: string, note: string, now: Date): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = await open(path.join(folder, `${now.toISOString().slice(0, 7)}.txt`), 'a', 0o644);
  try {
    await file.appendFile(`${note}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Bytes of the end of a file in which the greatest head is looked for: processes that seal in turn may write out of turn. */
const TAIL = 65_536;

/**
 * The head with the most leaves among the last that were written and are signed by one of the keys, in the latest file that
 * has such a one. Null: there is none.
 */
export async function latestIn(folder: string, keys: readonly NoteKey[]): Promise<Head | null> {
  const files = (await readdir(folder).catch(() => [])).filter((each) => NAME.test(each)).toSorted();
  for (const each of files.toReversed()) {
    const latest = await latestOf(path.join(folder, each), keys);
    if (latest) return latest;
  }
  return null;
}

async function latestOf(name: string, keys: readonly NoteKey[]): Promise<Head | null> {
  const file = await open(name);
  try {
    const heads = notesIn(await tailOf(file)).map((note) => openHead(note.trimStart(), keys));
    return heads.reduce<Head | null>(
      (most, head) => (typeof head === 'string' || (most && most.size >= head.size) ? most : head),
      null,
    );
  } finally {
    await file.close();
  }
}

async function tailOf(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const length = Math.min(size, TAIL);
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString('utf8');
}
