import { passesLuhn } from './card-numbers';
import { fold, type Folded, foldedText } from './folded-text';
import { saysCode, SPELLED } from './spelled-digits';

/*
 * What proves that somebody holds a card: the three or four digits on it, its PIN, and what is on its stripe or chip. None is kept after a payment was authorised, however
 * encrypted (PCI DSS 4.0.1, 3.3.1), and no payment is authorised here: so they are refused where they come in, and hidden where they slip through.
 */

/** What they are called, by whom a call centre hears it from. Written as people write it; searched for as `fold` writes it. */
const NAMES = [
  String.raw`c[ .]?v[ .]?v[ .]?2?|c[ .]?v[ .]?c[ .]?2?|cvn2?|cvd2?|csc|cid|cav2?|(?:c|s)ee? vee? vee?|si vi vi`,
  String.raw`security (?:code|digits?)(?: number)?`,
  String.raw`card (?:security|verification|validation|identification) (?:code|value|digits?|number|no)(?: (?:number|code))?`,
  String.raw`(?:3|4|three|four)[ -]digits?(?: security)? (?:code|number)`,
  String.raw`(?:(?:3|4|three|four) )?(?:digits?|numbers?|code) (?:on|at|from) (?:the )?(?:back|reverse|rear)`,
  'código de seguridad|clave de seguridad|código de verificación de (?:la|mi|su) tarjeta|(?:tres|3) (?:dígitos|números) (?:de atrás|al dorso|del (?:reverso|dorso))',
  'código de segurança|código de verificação do cartão|(?:três|3) (?:dígitos|números) (?:de trás|do verso|atrás)|codice di sicurezza',
  'code de sécurité|code de vérification de (?:la|ma) carte|cryptogramme(?: visuel)?|(?:trois|3) chiffres (?:au dos|derrière)',
  'Kartenprüfnummer|Kartenprüfziffer|Prüfnummer|Prüfziffer|Prüfcode|Kartensicherheitscode|Sicherheitscode|(?:drei|3) (?:Ziffern|Zahlen) auf der Rückseite',
  'beveiligingscode|veiligheidscode|(?:numero|code|numero ng card) sa likod|tatlong (?:numero|digit) sa likod',
  'kod zabezpieczający|kod bezpieczeństwa|güvenlik kodu|kode keamanan|mã bảo mật|код безопасности',
  'सीवीवी|सी वी वी|सीवीसी|सी वी सी|सुरक्षा (?:कोड|अंक|नंबर)|सिक्योरिटी कोड|suraksha (?:code|kod|ank)',
  'رمز (?:الأمان|الحماية|التحقق من البطاقة|أمان البطاقة)|كود الأمان|سي في في',
].map(foldedText);

/** What the secret number of a card is called; a PIN code without a card may be a postal one, of six digits. */
const PIN_NAMES = [
  String.raw`(?:(?:atm|card|debit|credit|bank|upi|m-?) ?)?pin(?: (?:number|no|nr|code|num))?`,
  'code pin|code secret(?: de ma carte)?|code confidentiel|Geheimzahl|clave del cajero|senha do cartão|número secreto',
  'पिन(?: (?:नंबर|कोड))?|الرقم السري(?: للبطاقة)?|رمز (?:pin|البين)',
].map(foldedText);

/** Where words are not parted. */
const UNPARTED = foldedText('安全码|安全碼|校验码|セキュリティコード|セキュリティーコード|보안코드|보안 코드');
// A verification code without a card is what is sent to a phone; a social security number is another matter.
const NAME = String.raw`(?:(?<![\p{L}\p{N}])(?<!social |e-?mail |phone |sms |text )(?:${NAMES.join('|')})(?!\p{L})|${UNPARTED})`;

/** What stands between the name and the digits. One character or one word at a time, so that there is one way to read it. */
const BETWEEN =
  String.raw`(?:[\s"'` +
  '`' +
  String.raw`()[\]{}:=#.,;*|/>_是为為は-]|(?<!\p{L})(?:` +
  foldedText(
    'is|was|are|it|its|it is|number|no|nr|num|code|value|digits?|of|on|for|the|my|his|her|their|your|this|card|back|reverse|reads?|being|es|son|era|de|la|mi|su|del|tarjeta|est|sont|était|ma|mon|sa|carte|ist|sind|lautet|war|der|die|meine|meiner|karte|do|da|meu|minha|são|cartao|è|é|hai|hain|tha|ka|ke|ki|mera|mere|uska|है|हैं|था|का|के|की|मेरा|मेरे|मेरी|उसका|कार्ड|नंबर|ay|ang|ng|ko|niya|nya|yung|po|هو|هي|كان|في|على|بطاقتي|البطاقة|للبطاقة|الخاص|الخاصة|بي',
  ) +
  String.raw`)(?!\p{L})){0,24}`;
const DIGITS = String.raw`(?<![\p{N}])(?:\d[ .-]?\d[ .-]?\d(?:[ .-]?\d)?(?![ .,:/-]?\d|%))(?!\p{L})`;
const PIN = String.raw`(?<![\p{L}\p{N}])(?:${PIN_NAMES.join('|')})(?![\p{L}\p{M}])`;
const IS = foldedText('is|was|as|es|son|est|ist|é|hai|है|ay|هو');

/** `CVV is 123`; `123 is the CVV`; `PIN 1234`; and each of them in words. */
const NUMERIC = [
  new RegExp(`${NAME}${BETWEEN}(${DIGITS})`, 'dgu'),
  new RegExp(
    String.raw`(?<![\p{N}][ .,:/-]?)(?<!\p{L})(\d{3,4})\s{0,2}(?:[(=]|${IS})\s{0,2}(?:(?:the|my|his|her|their|our|your|el|mi|der|card|card's)\s){0,3}${NAME}`,
    'dgu',
  ),
  new RegExp(String.raw`${PIN}${BETWEEN}(?<![\p{N}])(\d[ .-]?\d[ .-]?\d[ .-]?\d(?![ .,:/-]?\d|%)(?!\p{L}))`, 'dgu'),
];
const IN_WORDS = [
  new RegExp(`(?:${NAME}|${PIN})${BETWEEN}?(${SPELLED})`, 'dgu'),
  new RegExp(
    String.raw`(${SPELLED})\s{0,2}(?:[(=]|${IS})\s{0,2}(?:(?:the|my|his|her|their|our|your|el|mi|der|le|mon|o|meu|mera|ang|card|card's)\s){0,3}${NAME}`,
    'dgu',
  ),
];

/** What a reader of stripes says: the number, `^` and the name, or `=`, and then when the card ends and what it may (ISO/IEC 7813). */
const TRACK = /(?<!\p{N})(?:[%;]?b?)(\d{12,19})(?:\^[^^\n]{2,26}\^\d{4}[^\s?]{0,60}|=\d{7}[^\s?]{0,40})\??/dgu;

/** What has no such name in it: most texts, looked at once. */
const HINT = new RegExp(`${NAMES.join('|')}|${PIN_NAMES.join('|')}|${UNPARTED}`, 'u');

/** Where in a folded text security codes, PINs and the content of stripes stand. */
export function securityCodesIn({ text }: Folded): [from: number, to: number][] {
  return [...tracksIn(text), ...(HINT.test(text) ? codesIn(text) : [])];
}

const tracksIn = (text: string): [number, number][] =>
  text.includes('=') || text.includes('^')
    ? Array.from(text.matchAll(TRACK)).flatMap(({ 1: number, indices }) => (passesLuhn(number!) ? [indices![0]!] : []))
    : [];

const codesIn = (text: string): [number, number][] => [
  ...NUMERIC.flatMap((pattern) => Array.from(text.matchAll(pattern), ({ indices }) => indices![1]!)),
  ...IN_WORDS.flatMap((pattern) =>
    Array.from(text.matchAll(pattern)).flatMap(({ 1: said, indices }) => (saysCode(said!) ? [indices![1]!] : [])),
  ),
];

export const holdsSecurityCode = (text: string): boolean => securityCodesIn(fold(text)).length > 0;
