import { isEmail } from 'class-validator';
import { refuse } from './errors';

/**
 * What a sensitive value looks like to those who may not see it, and which values are let in. A mask shows at most a
 * third of the characters (a card: first six and last four, PCI DSS 3.4) and always as many dots, so that it does not
 * tell the length.
 */
export type SensitiveKind = 'taxId' | 'bankAccountNumber' | 'email' | 'phone' | 'cardNumber';

const DOT = '•';
export const DOTS = DOT.repeat(8);

/** No sensitive value is longer: RFC 5321 allows an e-mail address 254 characters. */
const MAX_LENGTH = 254;

/** Total lengths from the SWIFT IBAN registry (release 99, 2024): the countries in it are the registered ones. */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** The masked form of a value. It never throws: what is not of the kind at all shows nothing but dots. */
export function maskOf(kind: SensitiveKind, value: string): string {
  switch (kind) {
    case 'cardNumber':
      return maskCard(value.replace(/[ -]/g, ''));
    case 'email':
      return maskEmail(value);
    case 'phone':
      return maskPhone(value.replace(/[^0-9]/g, ''));
    case 'bankAccountNumber':
    case 'taxId':
      return maskTail(value.replace(/[^\p{L}\p{N}]/gu, ''));
  }
}

/**
 * The value in the form in which it is kept. Refuses SENSITIVE_VALUE_MASKED when a masked value was sent back, and
 * SENSITIVE_VALUE_INVALID otherwise; the details name the kind and nothing else.
 */
export function checkSensitive(kind: SensitiveKind, value: string): string {
  if (/[•*]|X{4,}/.test(value)) {
    return refuse('SENSITIVE_VALUE_MASKED', 'This is a masked value; send the real one or leave it out.', { kind });
  }
  const normal = value.length > MAX_LENGTH ? null : NORMALISE[kind](value.trim());
  return normal ?? refuse('SENSITIVE_VALUE_INVALID', 'The value is not valid for its kind.', { kind });
}

/**
 * The text with card numbers (12 to 19 digits, with spaces or hyphens between, that pass Luhn) and e-mail addresses
 * masked: for error messages and logs. UUIDs stay, request ids are looked up by them.
 */
export function maskText(text: string): string {
  return text.replace(UUID_EMAIL_OR_DIGITS, (found: string, email?: string, digits?: string) => {
    // What looks like a domain may hold a card number too.
    if (email !== undefined) return maskEmail(found).replace(DIGITS, maskCardsIn);
    return digits === undefined ? found : maskCardsIn(found);
  });
}

// Bounded repeats: unbounded ones make a long text without an @ take quadratic time.
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/;
const EMAIL = /[^\s@<>()[\]{},;:=|\\]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}[\p{L}][\p{L}\p{N}-]{1,62}/u;
const DIGITS = /[0-9](?:[ \u00a0-]{0,3}[0-9]){11,}/g;
const UUID_EMAIL_OR_DIGITS = new RegExp(`${UUID.source}|(${EMAIL.source})|(${DIGITS.source})`, 'giu');

/** Null: not valid. */
const NORMALISE: Readonly<Record<SensitiveKind, (value: string) => string | null>> = {
  cardNumber: (value) => {
    const digits = value.replace(/[ -]/g, '');
    return /^[0-9]{12,19}$/.test(digits) && passesLuhn(digits) ? digits : null;
  },
  bankAccountNumber: (value) => {
    const account = value.replace(/[ .-]/g, '').toUpperCase();
    if (!/^[A-Z0-9]{4,34}$/.test(account)) return null;
    return !looksLikeIban(account) || isIban(account) ? account : null;
  },
  // Its separators stay: in many countries they are part of how it is written, and of what they mean nothing is known.
  taxId: (value) => {
    const id = value.toUpperCase();
    return /^[A-Z0-9./ -]{4,32}$/.test(id) && id.replace(/[^A-Z0-9]/g, '').length >= 4 ? id : null;
  },
  // The local part may tell capitals apart (RFC 5321, 2.4), the domain never does.
  email: (value) => {
    if (!isEmail(value)) return null;
    const at = value.lastIndexOf('@');
    return value.slice(0, at) + value.slice(at).toLowerCase();
  },
  phone: (value) => {
    const number = value.replace(/[ ().-]/g, '');
    return /^(?:\+[1-9][0-9]{5,14}|[0-9]{6,15})$/.test(number) ? number : null;
  },
};

function maskCard(digits: string): string {
  if (!/^[0-9]{12,19}$/.test(digits)) return DOTS;
  const last = digits.slice(-4);
  // The dots of a card do tell its length, which its first six digits tell anyway.
  return digits.length < 13 ? DOTS + last : digits.slice(0, 6) + DOT.repeat(digits.length - 10) + last;
}

function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 1) return DOTS;
  const local = Array.from(address.slice(0, at));
  return (local.length < 3 ? '' : local[0]) + DOTS + address.slice(at);
}

function maskPhone(digits: string): string {
  return digits.length < 6 ? DOTS : DOTS + digits.slice(-2);
}

/** The last four, fewer when that were more than a third: 9 characters show three, 7 none. */
function maskTail(characters: string): string {
  const all = Array.from(characters);
  const shown = all.length < 8 ? 0 : Math.min(4, Math.floor(all.length / 3));
  return DOTS + all.slice(all.length - shown).join('');
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = digit * 2;
    if (place % 2 === 0) sum += digit;
    else sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function looksLikeIban(account: string): boolean {
  return /^[A-Z]{2}[0-9]{2}/.test(account) && IBAN_LENGTHS.has(account.slice(0, 2));
}

/** The length of its country, and ISO 13616's check: letters as 10..35, the first four moved to the end, mod 97 is 1. */
function isIban(account: string): boolean {
  if (account.length !== IBAN_LENGTHS.get(account.slice(0, 2))) return false;
  const moved = account.slice(4) + account.slice(0, 4);
  return BigInt(moved.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))) % 97n === 1n;
}

/** Masks the groups of digits that together are a card number; the longest reading wins, also beside other digits. */
function maskCardsIn(run: string): string {
  // Groups stand at even places, what is between them at odd ones.
  const parts = run.split(/([ \u00a0-]+)/);
  let out = '';
  for (let at = 0; at < parts.length;) {
    const card = at % 2 === 0 ? longestCardAt(parts, at) : null;
    out += card === null ? parts[at] : maskCard(card.digits);
    at = card === null ? at + 1 : card.end;
  }
  return out;
}

function longestCardAt(parts: readonly string[], from: number): { digits: string; end: number } | null {
  let end = -1;
  let length = 0;
  let cardLength = 0;
  // Luhn's sum for either parity of the length, kept up as digits come: adding them up anew for each length is slow.
  const sums: [even: number, odd: number] = [0, 0];
  for (let at = from; at < parts.length && length <= 19; at += 2) {
    const group = parts[at]!;
    if (length + group.length > 19) break;
    for (let place = 0; place < group.length; place += 1) {
      const digit = group.charCodeAt(place) - 48;
      const doubled = digit > 4 ? digit * 2 - 9 : digit * 2;
      // A digit is doubled where its distance from the last one is odd.
      const even = length % 2 === 0;
      sums[0] += even ? doubled : digit;
      sums[1] += even ? digit : doubled;
      length += 1;
    }
    if (length >= 12 && sums[length % 2]! % 10 === 0) [end, cardLength] = [at + 1, length];
  }
  if (cardLength === 0) return null;
  const digits = parts
    .slice(from, end)
    .filter((_, index) => index % 2 === 0)
    .join('');
  return { digits, end };
}
