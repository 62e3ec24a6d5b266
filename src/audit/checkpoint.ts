import { fromBase64 } from './base64';
import { isSize } from './nodes';
import { isNoteText, openNote } from './note';
import { NoteError, type NoteKey } from './note-keys';
import { isHash } from './tree';

/** The head of a log at one size: C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint), the text of a signed note. */
export interface Checkpoint {
  /** Which log it is; by custom a URL without its scheme, and the name of the key that signs. Not empty, one line. */
  readonly origin: string;
  /** Leaves of the tree, 0 to 2^53 - 1. */
  readonly size: number;
  /** Root of the tree (RFC 9162), 32 bytes. */
  readonly root: Buffer;
  /** What else is signed, a line each, none of them empty. What they mean is left to who writes and reads them. */
  readonly extensions: readonly string[];
}

/** A decimal without leading zeros. The greatest that is exact has 16 digits. */
const SIZE = /^(0|[1-9][0-9]{0,15})$/;

/**
 * The text of a checkpoint, to be signed.
 * @throws NoteError if one of its parts cannot stand there.
 */
export function checkpointText({ origin, size, root, extensions }: Checkpoint): string {
  const lines = [origin, String(size), root.toString('base64'), ...extensions];
  const text = lines.map((line) => `${line}\n`).join('');
  if (lines.some((line) => line.includes('\n'))) throw malformed();
  parseCheckpoint(text);
  return text;
}

/**
 * Reads the text of a checkpoint. Nothing of it can be believed unless it was signed: see `openCheckpoint`.
 * @throws NoteError unless it is one.
 */
export function parseCheckpoint(text: string): Checkpoint {
  if (!isNoteText(text)) throw malformed();
  const lines = text.slice(0, -1).split('\n');
  const [origin, digits = '', encoded = '', ...extensions] = lines;
  const [size, root] = [Number(digits), fromBase64(encoded)];
  if (!origin || !SIZE.test(digits) || !isSize(size) || !isHash(root) || lines.includes('')) throw malformed();
  return { origin, size, root, extensions };
}

const malformed = (): NoteError => new NoteError('This is no checkpoint of a log.');

/**
 * Reads a checkpoint from its signed note. A key vouches only for the log that it is named after, so one of those given
 * that have the origin as their name must have signed it.
 * @throws NoteError unless it is one, so signed, and no signature by a key given fails.
 */
export function openCheckpoint(note: string | Buffer, keys: readonly NoteKey[]): Checkpoint {
  const { text, signedBy } = openNote(note, keys);
  const checkpoint = parseCheckpoint(text);
  if (!signedBy.some(({ name }) => name === checkpoint.origin))
    throw new NoteError(`The checkpoint of ${checkpoint.origin} is not signed by a key of that name.`);
  return checkpoint;
}
