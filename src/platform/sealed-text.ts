import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { refuse } from './errors';
import type { Keys } from './keys';

const NONCE = 12;
const TAG = 16;

/**
 * AES-256-GCM. The place (`Account/<id>/taxId`) is authenticated with it, so that a sealed value copied into another row
 * or column does not open. Form: key id (4 bytes), nonce (12), tag (16), text.
 */
export const sealText = (keys: Keys, text: string, place: string): Buffer =>
  Buffer.concat([Buffer.from(keys.id, 'hex'), sealBytes(keys.sensitive, Buffer.from(text, 'utf8'), place)]);

/** Refuses with SEALED_BY_OTHER_KEY or SEAL_BROKEN; says nothing of the content. */
export function unsealText(keys: Keys, sealed: Buffer, place: string): string {
  if (sealed.subarray(0, 4).toString('hex') !== keys.id)
    refuse('SEALED_BY_OTHER_KEY', 'This value was sealed under another master key.');
  return openBytes(keys.sensitive, sealed.subarray(4), place).toString('utf8');
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
