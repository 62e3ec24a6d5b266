import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { refuse } from './errors';
import { type KeyRing, type Keys, keysNamed } from './keys';

const NONCE = 12;
const TAG = 16;

/**
 * AES-256-GCM. The place (`Account/<id>/taxId`) is authenticated with it, so that a sealed value copied into another row
 * or column does not open. Form: key id (4 bytes), nonce (12), tag (16), text.
 */
export function sealText(keys: Keys, text: string, place: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', keys.sensitive, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from(keys.id, 'hex'), nonce, cipher.getAuthTag(), body]);
}

/** Opens it with the key of the ring that it names. Refuses with SEALED_BY_OTHER_KEY or SEAL_BROKEN; says nothing of the content. */
export function unsealText(ring: KeyRing, sealed: Buffer, place: string): string {
  const keyId = sealed.subarray(0, 4).toString('hex');
  const keys =
    keysNamed(ring, keyId) ??
    refuse('SEALED_BY_OTHER_KEY', 'This value was sealed under a master key that is not at hand.', { keyId });
  try {
    const nonce = sealed.subarray(4, 4 + NONCE);
    const tag = sealed.subarray(4 + NONCE, 4 + NONCE + TAG);
    const decipher = createDecipheriv('aes-256-gcm', keys.sensitive, nonce, { authTagLength: TAG })
      .setAAD(Buffer.from(place))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(4 + NONCE + TAG)), decipher.final()]).toString('utf8');
  } catch {
    return refuse('SEAL_BROKEN', 'This value was altered or does not belong here.');
  }
}
