import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { refuse } from './errors';
import { type KeyRing, type Keys, keysNamed } from './keys';

const NONCE = 12;
const TAG = 16;

/** Bytes in front of what was sealed that name the key. */
export const ID = 4;

/** The id in front of what was sealed, in hex. */
export const sealedUnder = (sealed: Buffer): string => sealed.subarray(0, ID).toString('hex');

/** The keys of the ring that the first bytes of something sealed name. Refuses with SEALED_BY_OTHER_KEY. */
export function keysThatSealed(ring: KeyRing, sealed: Buffer): Keys {
  const keyId = sealedUnder(sealed);
  return (
    keysNamed(ring, keyId) ??
    refuse('SEALED_BY_OTHER_KEY', 'This value was sealed under a key that is not at hand.', { keyId })
  );
}

/** Any bytes under one key (AES-256-GCM), which the form does not name: nonce (12 bytes), tag (16), content. The place is authenticated with it. */
export function sealBytes(key: Buffer, content: Buffer, place: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Refuses with SEAL_BROKEN. */
export function openBytes(key: Buffer, sealed: Buffer, place: string): Buffer {
  try {
    const nonce = sealed.subarray(0, NONCE);
    const tag = sealed.subarray(NONCE, NONCE + TAG);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
      .setAAD(Buffer.from(place))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(NONCE + TAG)), decipher.final()]);
  } catch {
    return refuse('SEAL_BROKEN', 'This value was altered or does not belong here.');
  }
}
