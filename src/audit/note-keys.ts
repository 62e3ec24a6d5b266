import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import { fromBase64 } from './base64';

/*
 * Keys that sign notes: C2SP signed-note (https://c2sp.org/signed-note), signature type 1, Ed25519 (RFC 8032).
 */

/** A note, a checkpoint or a key that is not as its specification wants it, or a signature that does not hold. */
export class NoteError extends Error {
  override readonly name = 'NoteError';
}

/** Who signs, as everybody may know it. */
export interface NoteKey {
  /** Not empty, without spaces and plus signs; by custom a URL without its scheme, and the origin of what is signed. */
  readonly name: string;
  /** The first 4 bytes of a hash of the name and the key, as 8 hex digits. It tells keys apart and proves nothing. */
  readonly id: string;
  /** The key in one line: `<name>+<id>+<base64 of a byte 1 and the 32 bytes of the public key>`. */
  readonly text: string;
  readonly publicKey: KeyObject;
}

/** For people: any of these. */
export const namesOfKeys = (keys: readonly NoteKey[]): string =>
  keys.map(({ name, id }) => `${name}+${id}`).join(' or ');

/** Who can sign. */
export interface NoteSigner {
  readonly key: NoteKey;
  readonly privateKey: KeyObject;
}

/** Bytes of a seed, and of a public key. */
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** The type of signature, in front of the public key. */
const ED25519 = Buffer.of(1);
/** What stands in front of a seed in PKCS #8, and in front of a public key in SPKI (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** Whether keys may have this name. */
export const isKeyName = (name: string): boolean => name.isWellFormed() && /^[^\p{White_Space}+]+$/u.test(name);

/**
 * A key from its name and the 32 bytes of an Ed25519 public key.
 * @throws NoteError if either cannot be one.
 */
export function noteKey(name: string, publicKey: Buffer): NoteKey {
  if (!isKeyName(name)) throw new NoteError('A key needs a name without spaces and plus signs.');
  if (publicKey.length !== KEY_BYTES) throw new NoteError('An Ed25519 public key has 32 bytes.');
  const encoded = Buffer.concat([ED25519, publicKey]);
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), encoded])).slice(0, 8);
  return Object.freeze({
    name,
    id,
    text: `${name}+${id}+${encoded.toString('base64')}`,
    publicKey: createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' }),
  });
}

/**
 * A key from its line of text.
 * @throws NoteError unless it is that of an Ed25519 key, with the id that it must have.
 */
export function parseNoteKey(text: string): NoteKey {
  const [, name, encoded] = /^([^+]+)\+[0-9a-f]{8}\+(.+)$/.exec(text) ?? [];
  const bytes = fromBase64(encoded ?? '');
  if (!name || !bytes?.subarray(0, 1).equals(ED25519)) throw new NoteError('This is no line of an Ed25519 key.');
  const key = noteKey(name, bytes.subarray(1));
  if (key.text !== text) throw new NoteError('The id of the key is not that of its name and bytes.');
  return key;
}

/**
 * A signer from its name and the 32 bytes that an Ed25519 private key is made of.
 * @throws NoteError if either cannot be one.
 */
export function noteSigner(name: string, seed: Buffer): NoteSigner {
  if (seed.length !== KEY_BYTES) throw new NoteError('An Ed25519 seed has 32 bytes.');
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  return Object.freeze({ key: noteKey(name, publicKey), privateKey });
}

/** The signature of a text, 64 bytes; the same each time. */
export const signText = ({ privateKey }: NoteSigner, text: string): Buffer => sign(null, Buffer.from(text), privateKey);

/** Whether this is the key's signature of the text. */
export const isSignatureOf = ({ publicKey }: NoteKey, text: string, signature: Buffer): boolean =>
  signature.length === SIGNATURE_BYTES && verify(null, Buffer.from(text), publicKey, signature);
