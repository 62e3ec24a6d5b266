import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { refuse } from './errors';
import { type KeyRing, type Keys, keysNamed } from './keys';

const NONCE = 12;
const TAG = 16;

/**
 * AES-256-GCM. The place (`Account/<id>/taxId`) is authenticated with it, so that a sealed value copied into another row
 * or column does not open. Form: key id (4 bytes), nonce (12), tag (16), text.
 */
export const sealText = (keys: Keys, text: string, place: string): Buffer =>
  Buffer.concat([Buffer.from(keys.id, 'hex'), sealBytes(keys.sensitive, Buffer.from(text, 'utf8'), place)]);

/** Opens it with the key of the ring that it names. Refuses with SEALED_BY_OTHER_KEY or SEAL_BROKEN; says nothing of the content. */
export const unsealText = (ring: KeyRing, sealed: Buffer, place: string): string =>
  openBytes(keysThatSealed(ring, sealed).sensitive, sealed.subarray(ID), place).toString('utf8');

/** Bytes in front of what was sealed that name the master key. */
export const ID = 4;

/** The keys of the ring that the first bytes of something sealed name. Refuses with SEALED_BY_OTHER_KEY. */
export function keysThatSealed(ring: KeyRing, sealed: Buffer): Keys {
  const keyId = sealed.subarray(0, ID).toString('hex');
  return (
    keysNamed(ring, keyId) ??
    refuse('SEALED_BY_OTHER_KEY', 'This value was sealed under a master key that is not at hand.', { keyId })
  );
}

/** The same of any bytes under one key, which the form does not name: nonce, tag, content. */
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
