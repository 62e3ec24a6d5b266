/** A way to seal: authenticated encryption with a key of 256 bits, a nonce of 12 bytes and a tag of 16. */
interface SchemeTerms {
  /** Its name in node:crypto. */
  readonly cipher: 'aes-256-gcm' | 'chacha20-poly1305';
  /** Stands before a key of it, so that a wrapped key says what it seals with. Never reused. */
  readonly code: number;
}

/** Every way there is; what was sealed by any of them opens. Another one is a line here. */
export const SCHEMES = {
  'AES-256-GCM': { cipher: 'aes-256-gcm', code: 1 },
  'ChaCha20-Poly1305': { cipher: 'chacha20-poly1305', code: 2 },
} as const satisfies Record<string, SchemeTerms>;

export type Scheme = keyof typeof SCHEMES;

export const SCHEME_NAMES = Object.keys(SCHEMES) as [Scheme, ...Scheme[]];

/** The one that there was before schemes had names: a key of it stands alone, as it always did. */
export const FIRST_SCHEME: Scheme = 'AES-256-GCM';

/** A key of 32 bytes and what it is for: no key serves two schemes. */
export interface SchemedKey {
  readonly scheme: Scheme;
  readonly key: Buffer;
}

const KEY_BYTES = 32;

/** A key as it is wrapped: its scheme's code and the key, or, of the first scheme, the key alone. */
export const packed = ({ scheme, key }: SchemedKey): Buffer =>
  scheme === FIRST_SCHEME ? key : Buffer.concat([Buffer.of(SCHEMES[scheme].code), key]);

/** The key that was packed; null if it is of a scheme that this version does not know. */
export function unpacked(bytes: Buffer): SchemedKey | null {
  if (bytes.length === KEY_BYTES) return { scheme: FIRST_SCHEME, key: bytes };
  const scheme = SCHEME_NAMES.find((name) => SCHEMES[name].code === bytes[0]);
  return scheme && bytes.length === KEY_BYTES + 1 ? { scheme, key: bytes.subarray(1) } : null;
}
