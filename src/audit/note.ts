import { isDeepStrictEqual } from 'node:util';
import { fromBase64 } from './base64';
import { isKeyName, isSignatureOf, NoteError, type NoteKey, type NoteSigner, signText } from './note-keys';

/*
 * Signed notes: C2SP signed-note (https://c2sp.org/signed-note). A text whose every line ends, an empty line, and a line
 * for each signature: an em dash, the name of the key, and base64 of its id and of what it signed the text with.
 */

/** Bytes of a note and signatures on it, at most: what golang.org/x/mod/sumdb/note takes too. */
const MAX_BYTES = 1_000_000;
export const MAX_SIGNATURES = 100;
const ID_BYTES = 4;

/** Control characters below the space, but for the end of a line. */
// oxlint-disable-next-line no-control-regex -- finding them is the point
const CONTROL = /[\u0000-\u0009\u000B-\u001F]/;

const LINE = /^— ([^ ]+) ([^ ]+)$/;

export interface NoteSignature {
  readonly name: string;
  /** 8 hex digits. */
  readonly id: string;
  /** Whatever the type of key makes; at least a byte. */
  readonly signature: Buffer;
}

export interface Note {
  /** What is signed. It ends with the end of a line. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A note of which somebody who is known has signed the text, and nobody who is known has not. */
export interface OpenedNote {
  readonly text: string;
  /** Those of the keys given that signed, at least one. */
  readonly signedBy: readonly NoteKey[];
}

/** Whether a note may have this text: lines that end, in well-formed Unicode, without other control characters. */
export const isNoteText = (text: string): boolean => text.endsWith('\n') && isPlain(text);

const isPlain = (text: string): boolean => text.isWellFormed() && !CONTROL.test(text);

/**
 * Takes a note apart. Nothing of it can be believed yet: see `openNote`. Give bytes where there are bytes, since a string
 * no longer tells of those that were no UTF-8.
 * @throws NoteError unless it is a note.
 */
export function parseNote(note: string | Buffer): Note {
  const whole = decoded(note);
  // The last empty line, since the text may have some of its own.
  const end = whole.lastIndexOf('\n\n') + 1;
  if (end === 0 || !whole.endsWith('\n') || !isPlain(whole)) throw malformed('It has no text, or none that is plain.');
  const lines = whole.slice(end + 1, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw malformed('It has too many signatures.');
  return { text: whole.slice(0, end), signatures: lines.map(parsedLine) };
}

const malformed = (why: string): NoteError => new NoteError(`This is no signed note. ${why}`);

function decoded(note: string | Buffer): string {
  if (Buffer.byteLength(note) > MAX_BYTES) throw malformed('It is too long.');
  if (typeof note === 'string') return note;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(note);
  } catch {
    throw malformed('It is not UTF-8.');
  }
}

function parsedLine(line: string): NoteSignature {
  const [, name = '', encoded = ''] = LINE.exec(line) ?? [];
  const bytes = fromBase64(encoded);
  if (!isKeyName(name) || !bytes || bytes.length <= ID_BYTES) throw malformed('A line is no signature.');
  return { name, id: bytes.toString('hex', 0, ID_BYTES), signature: bytes.subarray(ID_BYTES) };
}

/**
 * Writes a note as `parseNote` reads it, also with signatures that others made.
 * @throws NoteError if it would not read the same.
 */
export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(
    ({ name, id, signature }) => `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`,
  );
  const note = `${text}\n${lines.join('')}`;
  if (!isDeepStrictEqual(parseNote(note), { text, signatures }))
    throw malformed('It would not read as it was written.');
  return note;
}

/**
 * A note of a text, with the signatures of all of these, at least one.
 * @throws NoteError if no note can have this text.
 */
export const signNote = (text: string, signers: readonly NoteSigner[]): string =>
  formatNote({
    text,
    signatures: signers.map((signer) => {
      const { name, id } = signer.key;
      return { name, id, signature: signText(signer, text) };
    }),
  });

/**
 * Reads a note that must be signed by one of these keys at least. Signatures by others are passed over, as is one that has
 * only the name or only the id of a known key. One that has both and does not hold refuses the note, whoever else signed.
 * @throws NoteError unless it is a note, is signed by a known key, and every signature by a known key holds.
 */
export function openNote(note: string | Buffer, keys: readonly NoteKey[]): OpenedNote {
  const { text, signatures } = parseNote(note);
  const signedBy = keys.filter((key) => {
    const own = signatures.filter(({ name, id }) => name === key.name && id === key.id);
    if (!own.every(({ signature }) => isSignatureOf(key, text, signature)))
      throw new NoteError(`The signature by ${key.name}+${key.id} does not hold.`);
    return own.length > 0;
  });
  if (signedBy.length === 0) throw new NoteError('The note is not signed by a known key.');
  return { text, signedBy };
}
