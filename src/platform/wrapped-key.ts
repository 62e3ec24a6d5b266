import { randomBytes } from 'node:crypto';
import { refuse } from './errors';
import type { Keys } from './keys';
import { openBytes, sealBytes } from './sealed-text';

/** Bytes of a key of AES-256. */
const LENGTH = 32;

/** Bytes that name the master key. */
const ID = 4;

export const newKey = (): Buffer => randomBytes(LENGTH);

/**
 * A key as the database may keep it: sealed under one that is derived from the master key, for whose it is (`Agent/<id>`). Form: id of the
 * master key (4 bytes), then as `sealBytes` seals. Whoever destroys these bytes has destroyed the key.
 */
export const wrapKey = ({ id, personal }: Keys, key: Buffer, owner: string): Buffer =>
  Buffer.concat([Buffer.from(id, 'hex'), sealBytes(personal, key, placeOf(owner))]);

/** Refuses with SEALED_BY_OTHER_KEY or SEAL_BROKEN. */
export function unwrapKey({ id, personal }: Keys, wrapped: Buffer, owner: string): Buffer {
  if (wrapped.subarray(0, ID).toString('hex') !== id)
    refuse('SEALED_BY_OTHER_KEY', 'This value was sealed under another master key.');
  return openBytes(personal, wrapped.subarray(ID), placeOf(owner));
}

const placeOf = (owner: string): string => `SubjectKey/${owner}`;
