import { Column } from 'typeorm';
import type { Keys } from '../platform/keys';
import { checkSensitive, DOTS, maskOf, maskText, type SensitiveKind } from '../platform/masks';
import { sealText } from '../platform/sealed-text';
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
  oneTimeCode: 'secret',
  token: 'secret',
};

/** An input as it may be shown: every sensitive value within it masked, also inside free text. */
export const maskInput = (input: unknown): unknown =>
  mapTexts(input, (text, name) => {
    const kind = SENSITIVE_NAMES[name];
    if (kind === undefined) return maskText(text);
    return kind === 'secret' ? DOTS : maskOf(kind, text);
  });

/** Names under which people write in their own words. An invoice line's description is not one: it may hold an order number. */
const OWN_WORDS = new Set([
  'reason',
  'note',
  'comment',
  'narrative',
  'category',
  'whenCategories',
  'purpose',
  'name',
  'legalName',
]);

/** An input as it may be kept: card numbers and e-mail addresses masked for good in what people write in their own words. */
export const maskOwnWords = <I>(input: I): I =>
  mapTexts(input, (text, name) => (OWN_WORDS.has(name) ? maskText(text) : text)) as I;
