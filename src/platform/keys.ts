import { hkdfSync } from 'node:crypto';
import { KnownKeys } from './known-keys';
import { FIRST_SCHEME, type Scheme, SCHEME_NAMES, type SchemedKey } from './schemes';

/** What wraps other keys, of one scheme. */
export interface Wrapping {
  /** Names master key and scheme in front of what is wrapped. Eight hex digits; of the first scheme that of the master key. */
  readonly id: string;
  /** Wraps the keys of classes of records: see class-keys.ts. */
  readonly classes: SchemedKey;
  /** Wraps the keys of those whom personal data is about. */
  readonly personal: SchemedKey;
}

/**
 * The keys of one installation, each derived for one purpose from the master key (HKDF-SHA-256, RFC 5869). None of them
 * is ever in the database.
 */
export interface Keys {
  /** Names the master key, so that what was made under an earlier one can be told apart. Eight hex digits. */
  readonly id: string;
  /** What wraps keys, of every scheme. */
  readonly wrapping: Readonly<Record<Scheme, Wrapping>>;
  /** AES-256-GCM of what was sealed before there were keys of classes. */
  readonly sensitive: Buffer;
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
  /** The scheme of keys that are made and wrapped from now on. Null: nobody said; it is that of the key before it, or the first. */
  readonly scheme: Scheme | null;
  /** The keys of classes that the database has, as far as this process has heard of them. */
  readonly known: KnownKeys;
}

/** The present ones first. */
export const allKeys = (ring: KeyRing): readonly Keys[] => [ring, ...ring.retired];

/** Those of which something says that they made it; null if they are not at hand. */
export const keysNamed = (ring: KeyRing, id: string): Keys | null =>
  allKeys(ring).find((keys) => keys.id === id) ?? null;

/** What wraps keys from now on. */
export const presentWrapping = (ring: KeyRing): Wrapping => ring.wrapping[ring.scheme ?? FIRST_SCHEME];

/** That of the ring which has this id; null if it is not at hand. */
export const wrappingNamed = (ring: KeyRing, id: string): Wrapping | null =>
  allKeys(ring)
    .flatMap(({ wrapping }) => Object.values(wrapping))
    .find((each) => each.id === id) ?? null;

/** Whether something is wrapped under the present master key, whatever the scheme. */
export const isOfPresent = (ring: Keys, id: string): boolean =>
  Object.values(ring.wrapping).some((each) => each.id === id);

export interface KeySources {
  masterKey: Buffer;
  retiredMasterKeys: readonly Buffer[];
  sealingScheme?: Scheme | null;
}

/** The ring of a configuration. Master keys have 32 bytes. */
export const ringOf = (sources: KeySources): KeyRing =>
  Object.freeze({
    ...deriveKeys(sources.masterKey),
    retired: Object.freeze(sources.retiredMasterKeys.map(deriveKeys)),
    scheme: sources.sealingScheme ?? null,
    known: new KnownKeys(),
  });

/** Derives the keys from a master key of 32 bytes. */
export function deriveKeys(master: Buffer): Keys {
  const derive = (purpose: string, bytes = 32) =>
    Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `countersign/1/${purpose}`, bytes));
  // A key of another scheme is another key: its purpose says which.
  const wrappingOf = (scheme: Scheme): Wrapping => {
    const of = scheme === FIRST_SCHEME ? '' : `/${scheme}`;
    return Object.freeze({
      id: derive(`key id${of}`, 4).toString('hex'),
      classes: { scheme, key: derive(`class keys${of}`) },
      personal: { scheme, key: derive(`personal data${of}`) },
    });
  };
  return Object.freeze({
    id: derive('key id', 4).toString('hex'),
    wrapping: Object.freeze(
      Object.fromEntries(SCHEME_NAMES.map((scheme) => [scheme, wrappingOf(scheme)])) as Record<Scheme, Wrapping>,
    ),
    sensitive: derive('sensitive values'),
    audit: derive('audit events'),
    digest: derive('digests'),
    cursor: derive('cursors'),
    checkpoint: derive('checkpoints'),
    databasePassword: derive('database role').toString('base64url'),
    sealerPassword: derive('sealer role').toString('base64url'),
    auditorPassword: derive('auditor role').toString('base64url'),
  });
}
