import { cardAt, maskCard, type Wariness } from './card-numbers';
import { fold, type Folded } from './folded-text';
import { ibanAt } from './ibans';
import { isAadhaar } from './normal-forms';
import { securityCodesIn } from './security-codes';
import { LATIN_GERMAN, LATIN_WORDS } from './spelled-digits';

/** A part of a text, and what is shown in its place. */
interface Part {
  from: number;
  to: number;
  instead: string;
}

// UUIDs and digests stay: what they name is looked up by them, and they are nobody's number.
const KNOWN = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9a-z])[0-9a-f]{64}(?![0-9a-z])';
const IBAN = '(?<![0-9a-z])(?<iban>[a-z]{2}[0-9]{2}(?=[ -]?[0-9a-z]))';
// Bounded repeats: unbounded ones make a long text take quadratic time.
const DIGITS = '(?<digits>[0-9](?:[\\s._,/-]{0,3}[0-9]){11,})';
const NUMBERS = new RegExp(`${KNOWN}|${IBAN}|${DIGITS}`, 'g');

/**
 * The text with card numbers, IBANs, Aadhaar numbers and security codes in it hidden, in whatever script and with whatever between their digits. In
 * time proportional to the text.
 */
export function hideNumbers(text: string, wariness: Wariness): string {
  if (!COULD_HOLD_ANY.test(text)) return text;
  const folded = fold(text);
  const codes = securityCodesIn(folded).map(([from, to]) => ({ from, to, instead: '•••' }));
  const parts = [...numbersIn(folded.text, wariness), ...codes].toSorted((one, other) => one.from - other.from);
  let out = '';
  let place = 0;
  for (const { from, to, instead } of parts) {
    // What is within another part is hidden with it.
    if (folded.at(from) < place) continue;
    out += text.slice(place, folded.at(from)) + instead;
    place = folded.at(to);
  }
  return out + text.slice(place);
}

/** Three digits, or words for some, or letters of another alphabet: most of what an event says has none, and every event is looked at. */
const COULD_HOLD_ANY = new RegExp(
  String.raw`[0-9][^0-9]*[0-9][^0-9]*[0-9]|[^\u0000-\u007f]|\b(?:${LATIN_WORDS})[ ,.\n-]|${LATIN_GERMAN}`,
  'i',
);

/** Whether there is a card number in it. */
export const holdsCard = (text: string): boolean => numbersIn(fold(text).text, 'likely').some(({ card }) => card);

function numbersIn(text: Folded['text'], wariness: Wariness): (Part & { card: boolean })[] {
  const found: (Part & { card: boolean })[] = [];
  const pattern = new RegExp(NUMBERS);
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const { iban, digits } = match.groups!;
    if (iban !== undefined) {
      const length = ibanAt(text, match.index);
      // Its letters were none of an IBAN's: the digits behind them may be a card's.
      pattern.lastIndex = match.index + (length || 2);
      if (length > 0) found.push({ ...ibanMask(text, match.index, length), card: false });
    } else if (digits !== undefined) found.push(...cardsIn(text, match.index, digits, wariness));
  }
  return found;
}

const ibanMask = (text: string, from: number, length: number): Part => ({
  from,
  to: from + length,
  instead: `••••••••${text
    .slice(from, from + length)
    .replace(/[ -]/g, '')
    .slice(-4)
    .toUpperCase()}`,
});

/** The groups of digits that together are a card's number, or an Aadhaar; also beside other digits. */
function cardsIn(text: string, from: number, run: string, wariness: Wariness): (Part & { card: boolean })[] {
  // Groups stand at even places, what is between them at odd ones.
  const parts = run.split(/([\s._,/-]+)/);
  const found: (Part & { card: boolean })[] = [];
  let place = from;
  for (let at = 0; at < parts.length;) {
    const before = place;
    const said = () => SAID.test(text.slice(Math.max(0, before - NEAR), before));
    const card = at % 2 === 0 ? cardAt(parts, at, wariness, said) : null;
    const taken = card?.parts ?? (at % 2 === 0 ? aadhaarAt(text, parts, at, place) : 0);
    const to = place + parts.slice(at, at + Math.max(taken, 1)).join('').length;
    if (taken > 0) {
      const instead = card ? maskCard(card.digits) : `XXXX XXXX ${text.slice(to - 4, to)}`;
      found.push({ from: place, to, instead, card: card !== null });
    }
    place = to;
    at += Math.max(taken, 1);
  }
  return found;
}

/** So many characters before a number say what it is. */
const NEAR = 40;

const SAID =
  /\b(?:cards?|visa|master ?card|amex|american express|maestro|rupay|diners|discover|unionpay|jcb|debit|credit|tarjeta|carte|kreditkarte|karte|cartao|carta)\b|कर्ड|कार्ड|البطاقة|卡|カド|카드/u;
const SAID_AADHAAR = /\baad?ha?ar\b|\buidai\b|\buid\b|आधार/u;

/** Twelve digits alone in fours, or said to be one: how many parts it takes up, or 0. */
function aadhaarAt(text: string, parts: readonly string[], from: number, place: number): number {
  const [one = '', between, two = '', again, three = ''] = parts.slice(from, from + 5);
  const inFours = [one, two, three].every(({ length }) => length === 4) && between === again && between === ' ';
  if (inFours && parts.length === 5) return isAadhaar(one + two + three) ? 5 : 0;
  const said = () => SAID_AADHAAR.test(text.slice(Math.max(0, place - NEAR), place));
  if (one.length === 12) return said() && isAadhaar(one) ? 1 : 0;
  return [one, two, three].every(({ length }) => length === 4) && said() && isAadhaar(one + two + three) ? 5 : 0;
}
