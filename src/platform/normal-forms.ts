import { isEmail } from 'class-validator';
import { getCountries, getCountryCallingCode } from 'libphonenumber-js';
import { validate as validateAadhaar } from 'stdnum/lib/cjs/in/aadhaar';
import { validate as validateGstin } from 'stdnum/lib/cjs/in/gstin';
import { validate as validatePan } from 'stdnum/lib/cjs/in/pan';
import { isCardLength, passesLuhn } from './card-numbers';
import { isIban, looksLikeIban } from './ibans';

/** Kinds of sensitive values: each has a check, a form in which it is kept, and a mask. docs/SENSITIVE.md lists them with the source of each rule. */
export type SensitiveKind = 'taxId' | 'bankAccountNumber' | 'email' | 'phone' | 'cardNumber';

/** What a tax id is, as far as its form tells: Aadhaar, PAN and GSTIN have check rules of their own, those of other countries none that we know. */
export type TaxIdForm = 'aadhaar' | 'pan' | 'gstin' | 'other';

/** Twelve digits that do not pass Verhoeff are no Aadhaar; they may be another country's. */
export function taxIdForm(id: string): TaxIdForm {
  const plain = id.replace(/[ -]/g, '');
  if (isAadhaar(plain)) return 'aadhaar';
  if (/^[A-Z]{5}[0-9]{4}[A-Z]$/.test(plain)) return 'pan';
  // The first two are the number of a state.
  return /^(?:0[1-9]|[1-3][0-9]|9[79])[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]{3}$/.test(plain) ? 'gstin' : 'other';
}

/** Twelve digits, the first of them 2 to 9, that pass Verhoeff and do not read the same backwards (UIDAI). */
export const isAadhaar = (digits: string): boolean =>
  /^[2-9][0-9]{11}$/.test(digits) && validateAadhaar(digits).isValid;

const CHECKS: Readonly<Record<TaxIdForm, (plain: string) => boolean>> = {
  aadhaar: () => true,
  pan: (plain) => validatePan(plain).isValid,
  gstin: (plain) => validateGstin(plain).isValid,
  other: () => true,
};

/** A tax id as it is kept. Separators stay in those of which nothing is known: in many countries they are part of how it is written. */
function normalTaxId(value: string): string | null {
  const id = value.toUpperCase();
  if (!/^[A-Z0-9./ -]{4,32}$/.test(id) || id.replace(/[^A-Z0-9]/g, '').length < 4) return null;
  const form = taxIdForm(id);
  const plain = form === 'other' ? id : id.replace(/[ -]/g, '');
  return CHECKS[form](plain) ? plain : null;
}

/** Those of countries, and those that belong to none (ITU-T E.164, annex D). */
const CALLING_CODES = new Set<string>([
  ...getCountries().map((country) => getCountryCallingCode(country)),
  '800',
  '808',
  '870',
  '878',
  '881',
  '882',
  '883',
  '888',
  '979',
]);

/** E.164: a calling code that exists, at most 15 digits. How long a number is within its country changes too often to be checked here. */
const isE164 = (digits: string): boolean =>
  /^[1-9][0-9]{5,14}$/.test(digits) && [1, 2, 3].some((length) => CALLING_CODES.has(digits.slice(0, length)));

/** The value in the form in which it is kept; null: it is not valid. */
export const NORMAL_FORMS: Readonly<Record<SensitiveKind, (value: string) => string | null>> = {
  cardNumber: (value) => {
    const digits = value.replace(/[ -]/g, '');
    return /^[0-9]+$/.test(digits) && isCardLength(digits.length) && passesLuhn(digits) ? digits : null;
  },
  bankAccountNumber: (value) => {
    const account = value.replace(/[ .-]/g, '').toUpperCase();
    if (!/^[A-Z0-9]{4,34}$/.test(account)) return null;
    return !looksLikeIban(account) || isIban(account) ? account : null;
  },
  taxId: normalTaxId,
  // The local part may tell capitals apart (RFC 5321, 2.4), the domain never does.
  email: (value) => {
    if (!isEmail(value)) return null;
    const at = value.lastIndexOf('@');
    return value.slice(0, at) + value.slice(at).toLowerCase();
  },
  phone: (value) => {
    const number = value.replace(/[ ()./-]/g, '');
    const international = number.startsWith('+') ? isE164(number.slice(1)) : /^[0-9]{6,15}$/.test(number);
    return international ? number : null;
  },
};

/**
 * A value in the form in which it is looked for: two that are the same to people are the same here. Of a normal form drops separators, and capitals of
 * an e-mail address.
 */
export const lookupForm = (kind: SensitiveKind, normal: string): string =>
  kind === 'email' ? normal.toLowerCase() : normal.replace(/[^\p{L}\p{N}]/gu, '').toUpperCase();
