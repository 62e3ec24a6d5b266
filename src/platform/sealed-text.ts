import type { App } from './context';
import { DomainError } from './errors';
import { classKeyNamed, sealingKey } from './class-keys';
import type { KeyRing, Keys } from './keys';
import { FIRST_SCHEME, type SchemedKey } from './schemes';
import { ID, keysThatSealed, openBytes, sealBytes, sealedUnder } from './sealed-bytes';

/**
 * Under the key of its class, which is the first part of the place (`Account/<id>/taxId`). The place is authenticated with it, so that a sealed value
 * copied into another row or column does not open. Form: id of the class's key (4 bytes), then as `sealBytes` seals.
 */
export function sealText(ring: KeyRing, text: string, place: string): Buffer {
  const key = sealingKey(ring, place.slice(0, place.indexOf('/')));
  return Buffer.concat([Buffer.from(key.id, 'hex'), sealBytes(key, Buffer.from(text, 'utf8'), place)]);
}

/**
 * Opens it with the key that it names: one of a class, or, of what was sealed before there were those, that of a master key. Refuses with
 * SEALED_BY_OTHER_KEY or SEAL_BROKEN; says nothing of the content.
 */
export function unsealText(ring: KeyRing, sealed: Buffer, place: string): string {
  const key = classKeyNamed(ring, sealedUnder(sealed)) ?? beforeClasses(keysThatSealed(ring, sealed));
  return openBytes(key, sealed.subarray(ID), place).toString('utf8');
}

const beforeClasses = ({ sensitive: key }: Keys): SchemedKey => ({ scheme: FIRST_SCHEME, key });

/** Opens something; once more if another process made a key that this one had not heard of. */
export async function withKeys<T>(app: Pick<App, 'learnKeys'>, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (isKeyUnknown(error) && (await app.learnKeys())) return open();
    throw error;
  }
}

export const isKeyUnknown = (error: unknown): boolean =>
  error instanceof DomainError && error.code === 'SEALED_BY_OTHER_KEY';
