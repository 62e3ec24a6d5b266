import { createHmac, randomBytes } from 'node:crypto';
import { isOfPresent, type KeyRing, presentWrapping, wrappingNamed } from './keys';
import type { ClassKey, KeyPurpose, OpenKey } from './known-keys';
import { FIRST_SCHEME, packed, type SchemedKey, unpacked } from './schemes';
import { ID, openBytes, sealBytes, sealedUnder, unknownKey, wrappingOf } from './sealed-bytes';

/*
 * Envelope encryption: what is kept of a class of records (`Account`) is sealed under a key of that class, which the database has wrapped under the
 * master key. So the master key can be rotated by wrapping a few dozen keys anew, and one class's key says nothing of another's.
 */

/** Where a key is wrapped to: it is no other class's. */
const placeOf = ({ purpose, of, id }: Pick<ClassKey, 'purpose' | 'of' | 'id'>): string =>
  `ClassKey/${purpose}/${of}/${id}`;

/** Hears of keys, and opens those that it can: another process may wrap them under a master key that this one has not. Whether one was news. */
export function takeKeys(ring: KeyRing, keys: readonly ClassKey[]): boolean {
  const news = ring.known.take(keys);
  for (const key of keys) if (wrappingNamed(ring, sealedUnder(key.wrapped))) tryTo(() => opened(ring, key));
  return news;
}

/** Whoever needs what was altered is told then. */
function tryTo(work: () => unknown): void {
  try {
    work();
  } catch {
    return;
  }
}

/** Refuses with SEALED_BY_OTHER_KEY and SEAL_BROKEN. */
const opened = (ring: KeyRing, key: ClassKey): SchemedKey =>
  ring.known.open(key, ({ wrapped }) => {
    const bytes = openBytes(wrappingOf(ring, wrapped).classes, wrapped.subarray(ID), placeOf(key));
    return unpacked(bytes) ?? unknownKey(key.id);
  });

/** The key that something is sealed with from now on. */
export const sealingKey = (ring: KeyRing, recordClass: string): OpenKey =>
  ring.known.openOnes('seal', recordClass)[0] ?? missing(`what is kept of ${recordClass}`);

const missing = (what: string): never => {
  throw new Error(`There is no key for ${what}.`);
};

/** The key of that id; null where it is no class's. */
export function classKeyNamed(ring: KeyRing, id: string): SchemedKey | null {
  const found = ring.known.named(id);
  return found ? opened(ring, found) : null;
}

/**
 * What a value of a field (`Account.taxId`) is found by: the same for the same value of that field, and nothing to whoever has not its key. The first is
 * what is kept from now on; there are others only where a database went on under a master key that did not open the earlier ones.
 */
export function fieldDigests(ring: KeyRing, field: string, value: string): [Buffer, ...Buffer[]] {
  const [first, ...others] = ring.known
    .openOnes('digest', field)
    .map(({ key }) => createHmac('sha256', key).update(value, 'utf8').digest());
  return first ? [first, ...others] : missing(`looking ${field} up`);
}

/** Whether what is sealed of a class from now on is sealed as the ring wants it; of keys to look up by, which seal nothing, that there is one. */
export function hasPresentKey({ known, scheme }: KeyRing, purpose: KeyPurpose, of: string): boolean {
  const [latest] = known.openOnes(purpose, of);
  return latest !== undefined && (purpose === 'digest' || scheme === null || latest.scheme === scheme);
}

/** A fresh key of a class, of the ring’s scheme or else of that of the key before it, wrapped under the present master key. */
export function drawClassKey(ring: KeyRing, purpose: KeyPurpose, of: string, number: number): ClassKey {
  const key = { id: randomBytes(ID).toString('hex'), purpose, of, number };
  const before = ring.known.openOnes('seal', of)[0]?.scheme ?? FIRST_SCHEME;
  const scheme = purpose === 'seal' ? (ring.scheme ?? before) : FIRST_SCHEME;
  return { ...key, wrapped: wrap(ring, key, { scheme, key: randomBytes(32) }) };
}

/**
 * Null: it is wrapped under the present master key already, or under one that is not at hand. Another scheme of the same master key is reason enough only where
 * somebody asks for it (`alsoScheme`): two processes that are told different ones would wrap in turns for ever.
 */
export function rewrapped(ring: KeyRing, key: ClassKey, alsoScheme = false): Buffer | null {
  const under = sealedUnder(key.wrapped);
  const isPresent = alsoScheme ? under === presentWrapping(ring).id : isOfPresent(ring, under);
  return isPresent || !wrappingNamed(ring, under) ? null : wrap(ring, key, opened(ring, key));
}

/** Form: id of master key and scheme (4 bytes), then as `sealBytes` seals what was packed. */
function wrap(ring: KeyRing, key: Pick<ClassKey, 'purpose' | 'of' | 'id'>, content: SchemedKey): Buffer {
  const { id, classes } = presentWrapping(ring);
  return Buffer.concat([Buffer.from(id, 'hex'), sealBytes(classes, packed(content), placeOf(key))]);
}
