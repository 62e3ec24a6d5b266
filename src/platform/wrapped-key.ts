import { randomBytes } from 'node:crypto';
import type { KeyRing, Keys } from './keys';
import { ID, keysThatSealed, openBytes, sealBytes } from './sealed-bytes';

/** Bytes of a key of AES-256. */
const LENGTH = 32;

export const newKey = (): Buffer => randomBytes(LENGTH);

/**
 * A key as the database may keep it: sealed under one that is derived from the master key, for whose it is (`Agent/<id>`). Form: id of the
 * master key (4 bytes), then as `sealBytes` seals. Whoever destroys these bytes has destroyed the key.
 */
export const wrapKey = ({ id, personal }: Keys, key: Buffer, owner: string): Buffer =>
  Buffer.concat([Buffer.from(id, 'hex'), sealBytes(personal, key, placeOf(owner))]);

/** Opens it with the key of the ring that it names. Refuses with SEALED_BY_OTHER_KEY or SEAL_BROKEN. */
export const unwrapKey = (ring: KeyRing, wrapped: Buffer, owner: string): Buffer =>
  openBytes(keysThatSealed(ring, wrapped).personal, wrapped.subarray(ID), placeOf(owner));

const placeOf = (owner: string): string => `SubjectKey/${owner}`;
