import { hkdfSync } from 'node:crypto';
import { KnownKeys } from './known-keys';

/**
 * The keys of one installation, each derived for one purpose from the master key (HKDF-SHA-256, RFC 5869). None of them
 * is ever in the database.
 */
export interface Keys {
  /** Names the master key, so that what was made under an earlier one can be told apart. Eight hex digits. */
  readonly id: string;
  /** AES-256-GCM of the keys of classes of records: see class-keys.ts. */
  readonly classes: Buffer;
  /** AES-256-GCM of what was sealed before there were those. */
  readonly sensitive: Buffer;
  /** AES-256-GCM of the keys of those whom personal data is about. */
  readonly personal: Buffer;
  /** MAC of audit events. */
  readonly audit: Buffer;
  /** Digests of change requests and of idempotent inputs. */
  readonly digest: Buffer;
  /** Signature of cursors. */
  readonly cursor: Buffer;
  /** Seed of the Ed25519 key that signs heads of the tree. */
  readonly checkpoint: Buffer;
  /** Passwords of the database logins of the API, of whoever seals and of whoever audits. */
  readonly databasePassword: string;
  readonly sealerPassword: string;
  readonly auditorPassword: string;
}

/**
 * The keys that everything is made with, and beside them those of earlier master keys, with which what they made is still opened and
 * checked. See docs/AUDIT.md on how they are rotated.
 */
export interface KeyRing extends Keys {
  /** In the order in which they were given. Empty unless the master key was rotated. */
  readonly retired: readonly Keys[];
  /** The keys of classes that the database has, as far as this process has heard of them. */
  readonly known: KnownKeys;
}

/** The present ones first. */
export const allKeys = (ring: KeyRing): readonly Keys[] => [ring, ...ring.retired];

/** Those of which something says that they made it; null if they are not at hand. */
export const keysNamed = (ring: KeyRing, id: string): Keys | null =>
  allKeys(ring).find((keys) => keys.id === id) ?? null;

/** The ring of a configuration. Master keys have 32 bytes. */
export const ringOf = (masters: { masterKey: Buffer; retiredMasterKeys: readonly Buffer[] }): KeyRing =>
  Object.freeze({
    ...deriveKeys(masters.masterKey),
    retired: Object.freeze(masters.retiredMasterKeys.map(deriveKeys)),
    known: new KnownKeys(),
  });

/** Derives the keys from a master key of 32 bytes. */
export function deriveKeys(master: Buffer): Keys {
  const derive = (purpose: string, bytes = 32) =>
    Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `countersign/1/${purpose}`, bytes));
  return Object.freeze({
    id: derive('key id', 4).toString('hex'),
    classes: derive('class keys'),
    sensitive: derive('sensitive values'),
    personal: derive('personal data'),
    audit: derive('audit events'),
    digest: derive('digests'),
    cursor: derive('cursors'),
    checkpoint: derive('checkpoints'),
    databasePassword: derive('database role').toString('base64url'),
    sealerPassword: derive('sealer role').toString('base64url'),
    auditorPassword: derive('auditor role').toString('base64url'),
  });
}
