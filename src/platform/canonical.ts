import { createHmac, timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';

/** The RFC 8785 bytes of a JSON value: the only form that is hashed, authenticated or compared. */
export function canonicalBytes(value: unknown): Buffer {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('Only JSON values have a canonical form.');
  return Buffer.from(text, 'utf8');
}

/** HMAC-SHA-256. */
export const mac = (key: Uint8Array, content: Buffer): Buffer => createHmac('sha256', key).update(content).digest();

/** A keyed digest of a JSON value, in hex. Keyed, because what it covers may be a guessable account number. */
export const keyedDigest = (key: Buffer, value: unknown): string => mac(key, canonicalBytes(value)).toString('hex');

/** Compares two digests in a time that does not depend on where they differ. */
export function sameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
