import { randomBytes } from 'node:crypto';
import { allKeys, isOfPresent, type KeyRing, presentWrapping } from './keys';
import { FIRST_SCHEME, packed, type SchemedKey, unpacked } from './schemes';
import { ID, openBytes, sealBytes, sealedUnder, unknownKey, wrappingOf } from './sealed-bytes';

/** Bytes of a key of any scheme. */
const LENGTH = 32;

export const newKey = ({ scheme }: KeyRing): SchemedKey => ({
  scheme: scheme ?? FIRST_SCHEME,
  key: randomBytes(LENGTH),
});

/**
 * A key as the database may keep it: sealed under one that is derived from the master key, for whose it is (`Agent/<id>`). Form: id of
 * master key and scheme (4 bytes), then as `sealBytes` seals what was packed. Whoever destroys these bytes has destroyed the key.
 */
export function wrapKey(ring: KeyRing, key: SchemedKey, owner: string): Buffer {
  const { id, personal } = presentWrapping(ring);
  return Buffer.concat([Buffer.from(id, 'hex'), sealBytes(personal, packed(key), placeOf(owner))]);
}

/** Opens it with the key of the ring that it names. Refuses with SEALED_BY_OTHER_KEY or SEAL_BROKEN. */
export function unwrapKey(ring: KeyRing, wrapped: Buffer, owner: string): SchemedKey {
  const bytes = openBytes(wrappingOf(ring, wrapped).personal, wrapped.subarray(ID), placeOf(owner));
  return unpacked(bytes) ?? unknownKey(sealedUnder(wrapped));
}

/** The first bytes of wrapped keys that the ring can wrap anew: of its earlier master keys, and, where somebody asks for it, of its other schemes. */
export const outdatedWrappings = (ring: KeyRing, alsoScheme: boolean): Buffer[] =>
  allKeys(ring)
    .flatMap(({ wrapping }) => Object.values(wrapping))
    .filter(({ id }) => (alsoScheme ? id !== presentWrapping(ring).id : !isOfPresent(ring, id)))
    .map(({ id }) => Buffer.from(id, 'hex'));

const placeOf = (owner: string): string => `SubjectKey/${owner}`;
