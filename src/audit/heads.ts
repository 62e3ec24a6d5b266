import { openCheckpoint } from './checkpoint';
import { parseNote } from './note';
import { NoteError, type NoteKey } from './note-keys';

/** A head of the tree whose signature holds. */
export interface Head {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
  /** The instant that it says it was signed at, in ISO 8601; null if it does not say. */
  readonly time: string | null;
}

/** The head that a note tells of, signed by one of the keys at least; or why it cannot be believed. */
export function openHead(note: string, keys: readonly NoteKey[]): Head | string {
  try {
    const { size, root, extensions } = openCheckpoint(note, keys);
    const time = extensions.find((each) => each.startsWith('time '));
    return { size, root, time: time?.slice('time '.length) ?? null };
  } catch (error) {
    if (error instanceof NoteError) return error.message;
    throw error;
  }
}

/** Those of the keys, the present one first, that a note says it is signed by; the earlier ones first, as they come. Whether that holds is not looked at. */
export function namedOn(note: string, keys: readonly NoteKey[]): NoteKey[] {
  try {
    const { signatures } = parseNote(note);
    return keys.filter(({ name, id }) => signatures.some((each) => each.name === name && each.id === id)).toReversed();
  } catch (error) {
    if (error instanceof NoteError) return [];
    throw error;
  }
}
