import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Column } from 'typeorm';
import { refuse } from '../platform/errors';
import type { Keys } from '../platform/keys';
import { checkSensitive, maskOf, maskText, type SensitiveKind } from '../platform/masks';
import { mapTexts } from '../platform/text';

/**
 * A sensitive value as a row keeps it: sealed for whoever may reveal it, masked for everybody else. Reads select the
 * masked column only.
 */
export class SensitiveValue {
  @Column({ type: 'bytea', nullable: true })
  sealed!: Buffer | null;

  @Column({ type: 'text', nullable: true })
  masked!: string | null;
}

/** Nothing there. */
export const noValue = (): SensitiveValue => Object.assign(new SensitiveValue(), { sealed: null, masked: null });

const NONCE = 12;
const TAG = 16;

/**
 * AES-256-GCM. The place (`Account/<id>/taxId`) is authenticated with it, so that a sealed value copied into another row
 * or column does not open. Form: key id (4 bytes), nonce (12), tag (16), text.
 */
export function sealText(keys: Keys, text: string, place: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', keys.sensitive, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from(keys.id, 'hex'), nonce, cipher.getAuthTag(), body]);
}

/** Refuses with SEALED_BY_OTHER_KEY or SEAL_BROKEN; says nothing of the content. */
export function unsealText(keys: Keys, sealed: Buffer, place: string): string {
  if (sealed.subarray(0, 4).toString('hex') !== keys.id)
    refuse('SEALED_BY_OTHER_KEY', 'This value was sealed under another master key.');
  try {
    const nonce = sealed.subarray(4, 4 + NONCE);
    const tag = sealed.subarray(4 + NONCE, 4 + NONCE + TAG);
    const decipher = createDecipheriv('aes-256-gcm', keys.sensitive, nonce, { authTagLength: TAG })
      .setAAD(Buffer.from(place))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(4 + NONCE + TAG)), decipher.final()]).toString('utf8');
  } catch {
    return refuse('SEAL_BROKEN', 'This value was altered or does not belong here.');
  }
}

/** Seals a value that `checkedValue` passed. Null stays nothing. */
export function sealValue(keys: Keys, kind: SensitiveKind, value: string | null, place: string): SensitiveValue {
  if (value === null) return noValue();
  return Object.assign(new SensitiveValue(), { sealed: sealText(keys, value, place), masked: maskOf(kind, value) });
}

/** A value in its normal form, or null. Refuses with SENSITIVE_VALUE_INVALID or SENSITIVE_VALUE_MASKED. */
export const checkedValue = (kind: SensitiveKind, value: string | null | undefined): string | null =>
  value === null || value === undefined ? null : checkSensitive(kind, value);

/** Names under which a sensitive value stands in an input, whichever the operation. */
const SENSITIVE_NAMES: Record<string, SensitiveKind | 'secret'> = {
  taxId: 'taxId',
  bankAccountNumber: 'bankAccountNumber',
  email: 'email',
  phone: 'phone',
  cardNumber: 'cardNumber',
  password: 'secret',
};

/** An input as it may be shown: every sensitive value within it masked, also inside free text. */
export const maskInput = (input: unknown): unknown =>
  mapTexts(input, (text, name) => {
    const kind = SENSITIVE_NAMES[name];
    if (kind === undefined) return maskText(text);
    return kind === 'secret' ? '••••••••' : maskOf(kind, text);
  });

/** Names under which people write in their own words. An invoice line's description is not one: it may hold an order number. */
const OWN_WORDS = new Set(['reason', 'note', 'comment', 'narrative', 'category', 'purpose', 'name', 'legalName']);

/** An input as it may be kept: card numbers and e-mail addresses masked for good in what people write in their own words. */
export const maskOwnWords = <I>(input: I): I =>
  mapTexts(input, (text, name) => (OWN_WORDS.has(name) ? maskText(text) : text)) as I;
