import { openCheckpoint } from './checkpoint';
import { NoteError, type NoteKey } from './note-keys';

/** A head of the tree whose signature holds. */
export interface Head {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
  /** The instant that it says it was signed at, in ISO 8601; null if it does not say. */
  readonly time: string | null;
}

/** The head that a note tells of, or why it cannot be believed. */
export function openHead(note: string, key: NoteKey): Head | string {
  try {
    const { size, root, extensions } = openCheckpoint(note, [key]);
    const time = extensions.find((each) => each.startsWith('time '));
    return { size, root, time: time?.slice('time '.length) ?? null };
  } catch (error) {
    if (error instanceof NoteError) return error.message;
    throw error;
  }
}
