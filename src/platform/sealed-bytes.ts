import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { refuse } from './errors';
import { type KeyRing, type Keys, keysNamed, type Wrapping, wrappingNamed } from './keys';
import { type SchemedKey, SCHEMES } from './schemes';

const NONCE = 12;
const TAG = 16;

/** Bytes in front of what was sealed that name the key. */
export const ID = 4;

/** The id in front of what was sealed, in hex. */
export const sealedUnder = (sealed: Buffer): string => sealed.subarray(0, ID).toString('hex');

/** For what was sealed under a key, or by a scheme, that nobody here has. */
export const unknownKey = (keyId: string): never =>
  refuse('SEALED_BY_OTHER_KEY', 'This value was sealed under a key that is not at hand.', { keyId });

/** The keys of the ring that the first bytes of something sealed name. Refuses with SEALED_BY_OTHER_KEY. */
export const keysThatSealed = (ring: KeyRing, sealed: Buffer): Keys =>
  keysNamed(ring, sealedUnder(sealed)) ?? unknownKey(sealedUnder(sealed));

/** The same of a key that is wrapped. */
export const wrappingOf = (ring: KeyRing, wrapped: Buffer): Wrapping =>
  wrappingNamed(ring, sealedUnder(wrapped)) ?? unknownKey(sealedUnder(wrapped));

/** Any bytes under one key, which the form does not name and which knows its scheme: nonce (12 bytes), tag (16), content. The place is authenticated with it. */
export function sealBytes({ scheme, key }: SchemedKey, content: Buffer, place: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(SCHEMES[scheme].cipher as 'aes-256-gcm', key, nonce, { authTagLength: TAG });
  cipher.setAAD(Buffer.from(place), { plaintextLength: content.length });
  const body = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Refuses with SEAL_BROKEN. */
export function openBytes({ scheme, key }: SchemedKey, sealed: Buffer, place: string): Buffer {
  try {
    const nonce = sealed.subarray(0, NONCE);
    const tag = sealed.subarray(NONCE, NONCE + TAG);
    const body = sealed.subarray(NONCE + TAG);
    // node:crypto declares both ciphers alike, each under its own name.
    const decipher = createDecipheriv(SCHEMES[scheme].cipher as 'aes-256-gcm', key, nonce, { authTagLength: TAG });
    decipher.setAAD(Buffer.from(place), { plaintextLength: body.length }).setAuthTag(tag);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch {
    return refuse('SEAL_BROKEN', 'This value was altered or does not belong here.');
  }
}
