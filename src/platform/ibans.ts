/** Total lengths from the SWIFT IBAN registry (release 99, 2024): the countries in it are the registered ones. */
const LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** How long an IBAN that begins so is; undefined where no country begins so. */
export const ibanLength = (beginning: string): number | undefined => LENGTHS.get(beginning.slice(0, 2).toUpperCase());

export const looksLikeIban = (account: string): boolean =>
  /^[A-Z]{2}[0-9]{2}/.test(account) && LENGTHS.has(account.slice(0, 2));

/** The length of its country, and ISO 13616's check: letters as 10..35, the first four moved to the end, mod 97 is 1. */
export function isIban(account: string): boolean {
  if (account.length !== ibanLength(account)) return false;
  const moved = account.slice(4) + account.slice(0, 4);
  return BigInt(moved.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))) % 97n === 1n;
}

/** The IBAN that begins at a place of a folded text, with single spaces or hyphens within; how long it is there, or 0. */
export function ibanAt(text: string, from: number): number {
  const length = ibanLength(text.slice(from, from + 2));
  if (length === undefined) return 0;
  let account = '';
  let at = from;
  for (; account.length < length && at < text.length; at += 1) {
    const character = text[at]!;
    if (/[a-z0-9]/.test(character)) account += character.toUpperCase();
    else if (!/[ -]/.test(character) || !/[a-z0-9]/.test(text[at - 1]!)) return 0;
  }
  return isIban(account) && !/[a-z0-9]/.test(text[at] ?? '') ? at - from : 0;
}
