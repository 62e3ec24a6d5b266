import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { refuse } from '../platform/errors';
import { notesIn } from './checkpoint-files';

/** Characters of a note at most: what follows so much without an end is none. */
const LONGEST = 1_000_000;

/** The notes of a file, or of every file `*.txt` of a folder in the order of their names, in constant memory. Refuses with AUDIT_CHECKPOINTS_UNREADABLE. */
export async function* readNotes(fileOrFolder: string): AsyncGenerator<string, void, undefined> {
  for (const file of await filesOf(fileOrFolder)) {
    let text = '';
    for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 262_144 })) {
      text += chunk as string;
      const notes = notesIn(text);
      const last = notes.at(-1);
      if (last !== undefined) text = text.slice(text.lastIndexOf(last) + last.length);
      else if (text.length > LONGEST) text = '';
      for (const note of notes) yield note.trimStart();
    }
  }
}

async function filesOf(fileOrFolder: string): Promise<string[]> {
  const found = await stat(fileOrFolder).catch((error: Error) =>
    refuse('AUDIT_CHECKPOINTS_UNREADABLE', `Heads that were kept outside cannot be read: ${error.message}`),
  );
  if (!found.isDirectory()) return [fileOrFolder];
  const names = (await readdir(fileOrFolder)).filter((name) => name.endsWith('.txt'));
  return names.toSorted().map((name) => path.join(fileOrFolder, name));
}
