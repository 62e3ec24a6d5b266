import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { refuse } from '../platform/errors';

/** A key of the events' MACs. */
export interface MacKey {
  /** Which events it is for: those that name it. Null: it is not known, so it is for all. */
  readonly id: string | null;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

const MAC_KEY = /^(?:([0-9a-f]{8}):)?([A-Za-z0-9+/]{43}=)$/;

/** A key from `[<id>:]<base64>`, or those of a file that holds such, a line each. Refuses with AUDIT_MAC_KEY_INVALID. */
export function macKeysIn(textOrFile: string): MacKey[] {
  if (MAC_KEY.test(textOrFile)) return [macKeyIn(textOrFile)];
  return contentOf(textOrFile)
    .trim()
    .split(/\s*\n\s*/)
    .map(macKeyIn);
}

function macKeyIn(text: string): MacKey {
  const [, id, encoded] = MAC_KEY.exec(text) ?? [];
  if (encoded === undefined)
    refuse(
      'AUDIT_MAC_KEY_INVALID',
      'A key of MACs is 32 bytes in base64, with its id and a colon before it if that is known.',
    );
  return { id: id ?? null, key: Buffer.from(encoded, 'base64') };
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The line of a key that `macKeysIn` reads. */
export const macKeyText = ({ id, key }: MacKey): string =>
  `${id === null ? '' : `${id}:`}${Buffer.from(key).toString('base64')}`;

/** What is wrong with a MAC: null for nothing. */
export type MacFault = 'MAC_INVALID' | 'MAC_KEY_UNKNOWN' | null;

/** Whether this is the MAC of the content with the key of that id, as far as the keys at hand can tell. */
export function macFault(keys: readonly MacKey[], content: Buffer, keyId: string, mac: Buffer): MacFault {
  const known = keys.find(({ id }) => id === null || id === keyId);
  if (!known) return keys.length > 0 ? 'MAC_KEY_UNKNOWN' : null;
  return createHmac('sha256', known.key).update(content).digest().equals(mac) ? null : 'MAC_INVALID';
}

/** For people. */
export const macMessage = (fault: NonNullable<MacFault>, keyId: string): string =>
  fault === 'MAC_INVALID'
    ? `Its MAC is not that of what it says: whoever wrote it did not have the key ${keyId}.`
    : `Its MAC is said to be by the key ${keyId}, which is not at hand: give it with --mac-key ${keyId}:<base64>.`;
