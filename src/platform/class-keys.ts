import { createHmac, randomBytes } from 'node:crypto';
import { type KeyRing, type Keys, keysNamed } from './keys';
import type { ClassKey, KeyPurpose } from './known-keys';
import { ID, keysThatSealed, openBytes, sealBytes, sealedUnder } from './sealed-bytes';

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
  for (const key of keys) if (keysNamed(ring, sealedUnder(key.wrapped))) tryTo(() => opened(ring, key));
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
const opened = (ring: KeyRing, key: ClassKey): Buffer =>
  ring.known.open(key, ({ wrapped }) =>
    openBytes(keysThatSealed(ring, wrapped).classes, wrapped.subarray(ID), placeOf(key)),
  );

/** The key that something is sealed with from now on. */
export const sealingKey = (ring: KeyRing, recordClass: string): { id: string; key: Buffer } =>
  ring.known.openOnes('seal', recordClass)[0] ?? missing(`what is kept of ${recordClass}`);

const missing = (what: string): never => {
  throw new Error(`There is no key for ${what}.`);
};

/** The key of that id; null where it is no class's. */
export function classKeyNamed(ring: KeyRing, id: string): Buffer | null {
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

/** A fresh key of a class, wrapped under the present master key. */
export function drawClassKey(keys: Keys, purpose: KeyPurpose, of: string, number: number): ClassKey {
  const key = { id: randomBytes(ID).toString('hex'), purpose, of, number };
  return { ...key, wrapped: wrap(keys, key, randomBytes(32)) };
}

/** Null: it is wrapped under the present master key already, or under one that is not at hand. */
export function rewrapped(ring: KeyRing, key: ClassKey): Buffer | null {
  const under = sealedUnder(key.wrapped);
  return under === ring.id || !keysNamed(ring, under) ? null : wrap(ring, key, opened(ring, key));
}

/** Form: id of the master key (4 bytes), then as `sealBytes` seals. */
const wrap = ({ id, classes }: Keys, key: Pick<ClassKey, 'purpose' | 'of' | 'id'>, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(id, 'hex'), sealBytes(classes, content, placeOf(key))]);
