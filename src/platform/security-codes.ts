import { fold, type Folded, foldedText } from './folded-text';

/*
 * The three or four digits on a card that prove that somebody holds it. They are not kept after a payment was authorised, however
 * encrypted (PCI DSS 4.0.1, 3.3.1), and no payment is authorised here: so they are refused where they come in, and hidden where they slip through.
 */

/** What they are called, by whom a call centre hears it from. Written as people write it; searched for as `fold` writes it. */
const NAMES = [
  String.raw`c[ .]?v[ .]?v[ .]?2?|c[ .]?v[ .]?c[ .]?2?|cvn2?|cvd2?|csc|cid|cav2?`,
  String.raw`security (?:code|digits?)(?: number)?`,
  String.raw`card (?:security|verification|validation|identification) (?:code|value|digits?|number|no)(?: (?:number|code))?`,
  String.raw`(?:3|4|three|four)[ -]digits?(?: security)? (?:code|number)`,
  String.raw`(?:(?:3|4|three|four) )?(?:digits?|numbers?|code) (?:on|at|from) (?:the )?(?:back|reverse|rear)`,
  'código de seguridad|clave de seguridad|código de segurança|code de sécurité|cryptogramme(?: visuel)?|codice di sicurezza',
  'Kartenprüfnummer|Kartenprüfziffer|Prüfnummer|Prüfziffer|Kartensicherheitscode|Sicherheitscode|beveiligingscode|veiligheidscode',
  'kod zabezpieczający|kod bezpieczeństwa|güvenlik kodu|kode keamanan|mã bảo mật|код безопасности',
  'सीवीवी|सी वी वी|सुरक्षा कोड|رمز الأمان',
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
    'is|was|are|it|its|it is|number|no|nr|num|code|value|digits?|of|on|for|the|my|his|her|their|your|this|card|back|reverse|reads?|being|es|era|de|la|mi|del|tarjeta|est|ma|carte|ist|lautet|war|der|meiner|karte|do|meu|cartao|è|é|hai|है',
  ) +
  String.raw`)(?!\p{L})){0,24}`;
const SPELLED = '(?:one|two|three|four|five|six|seven|eight|nine|zero|oh)';
const DIGITS = String.raw`(?<![\p{N}])(?:\d[ .-]?\d[ .-]?\d(?:[ .-]?\d)?(?![ .,:/-]?\d|%)|${SPELLED}(?:[ ,-]{1,2}${SPELLED}){2,3}(?![ ,-]{1,2}${SPELLED}))(?!\p{L})`;

/** `CVV is 123`; and `123 is the CVV`. */
const AFTER = new RegExp(`${NAME}${BETWEEN}(${DIGITS})`, 'dgu');
const BEFORE = new RegExp(
  String.raw`(?<![\p{N}][ .,:/-]?)(?<!\p{L})(\d{3,4})\s{0,2}(?:[(=]|is|was|as|es|ist)\s{0,2}(?:(?:the|my|his|her|their|our|your|el|mi|der|card|card's)\s){0,3}${NAME}`,
  'dgu',
);

/** What has no such name in it: most texts, looked at once. */
const HINT = new RegExp(`${NAMES.join('|')}|${UNPARTED}`, 'u');

/** Where in a folded text the digits of security codes stand. */
export function securityCodesIn({ text }: Folded): [from: number, to: number][] {
  if (!HINT.test(text)) return [];
  return [AFTER, BEFORE].flatMap((pattern) => Array.from(text.matchAll(pattern), ({ indices }) => indices![1]!));
}

export const holdsSecurityCode = (text: string): boolean => securityCodesIn(fold(text)).length > 0;
