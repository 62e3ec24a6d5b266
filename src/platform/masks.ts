import { maskCard } from './card-numbers';
import { refuse } from './errors';
import { NORMAL_FORMS, type SensitiveKind, taxIdForm } from './normal-forms';
import { hideNumbers } from './numbers-in-text';

/**
 * What a sensitive value looks like to those who may not see it, and which values are let in. A mask shows at most a
 * third of the characters (a card: first six and last four, PCI DSS 3.4.1) and always as many dots, so that it does not
 * tell the length.
 */
export type { SensitiveKind } from './normal-forms';

const DOT = '•';
export const DOTS = DOT.repeat(8);

/** No sensitive value is longer: RFC 5321 allows an e-mail address 254 characters. */
const MAX_LENGTH = 254;

/** The masked form of a value. It never throws: what is not of the kind at all shows nothing but dots. */
export function maskOf(kind: SensitiveKind, value: string): string {
  switch (kind) {
    case 'cardNumber': {
      const digits = value.replace(/[ -]/g, '');
      return /^[0-9]{12,19}$/.test(digits) ? maskCard(digits) : DOTS;
    }
    case 'email':
      return maskEmail(value);
    case 'phone':
      return maskPhone(value.replace(/[^0-9]/g, ''));
    case 'taxId':
      return taxIdForm(value) === 'aadhaar' ? maskAadhaar(value) : maskTail(value.replace(/[^\p{L}\p{N}]/gu, ''));
    case 'bankAccountNumber':
      return maskTail(value.replace(/[^\p{L}\p{N}]/gu, ''));
  }
}

/**
 * The value in the form in which it is kept. Refuses SENSITIVE_VALUE_MASKED when a masked value was sent back, and
 * SENSITIVE_VALUE_INVALID otherwise; the details name the kind and nothing else.
 */
export function checkSensitive(kind: SensitiveKind, value: string): string {
  assertUnmasked(kind, value);
  const normal = value.length > MAX_LENGTH ? null : NORMAL_FORMS[kind](value.trim());
  return normal ?? refuse('SENSITIVE_VALUE_INVALID', 'The value is not valid for its kind.', { kind });
}

/** Dots and stars of any make, and what stands for digits in others' masks. No value of ours has them. */
const MASKED = /[•●∙⋅·*∗＊※█]|X{4,}/;

/** Refuses SENSITIVE_VALUE_MASKED. */
export function assertUnmasked(kind: SensitiveKind, value: string): void {
  if (MASKED.test(value) || (kind !== 'email' && /x{4,}/.test(value)))
    refuse('SENSITIVE_VALUE_MASKED', 'This is a masked value; send the real one or leave it out.', { kind });
}

/**
 * The text with whatever could be a card number (12 to 19 digits that pass Luhn) masked, and e-mail addresses, IBANs, Aadhaar numbers and security codes:
 * for error messages and logs. UUIDs stay, request ids are looked up by them.
 */
export const maskText = (text: string): string => hidden(text, 'any');

/** The same for what people write and we keep: of numbers that pass Luhn only those that are likely a card's, so that order numbers stay. */
export const maskWords = (text: string): string => hidden(text, 'likely');

const hidden = (text: string, wariness: 'any' | 'likely'): string =>
  hideNumbers(text.includes('@') ? text.replace(EMAIL, maskEmail) : text, wariness);

// Bounded repeats: unbounded ones make a long text without an @ take quadratic time.
const EMAIL = /[^\s@<>()[\]{},;:=|\\]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}[\p{L}][\p{L}\p{N}-]{1,62}/giu;

function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 1) return DOTS;
  const local = Array.from(address.slice(0, at));
  return (local.length < 3 ? '' : local[0]) + DOTS + address.slice(at);
}

/** As UIDAI prints it. */
const maskAadhaar = (value: string): string => `XXXX XXXX ${value.replace(/[^0-9]/g, '').slice(-4)}`;

function maskPhone(digits: string): string {
  return digits.length < 6 ? DOTS : DOTS + digits.slice(-2);
}

/** The last four, fewer when that were more than a third: 9 characters show three, 7 none. */
function maskTail(characters: string): string {
  const all = Array.from(characters);
  const shown = all.length < 8 ? 0 : Math.min(4, Math.floor(all.length / 3));
  return DOTS + all.slice(all.length - shown).join('');
}
