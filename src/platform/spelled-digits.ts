import { foldedText } from './folded-text';

/*
 * Three or four digits as people say them, in the languages that calls are noted in: one by one ("four two three", "double four three"), or as a number
 * ("four twenty-three", "quatre cent vingt-trois", "vierhundertdreiundzwanzig"). Written as people write them; searched for as `fold` writes them.
 */

/** One digit. The second of Tagalog are those that are counted with in shops; Hindi also has those of English, in its own letters. */
const UNITS = [
  'zero|oh|o|one|two|three|four|five|six|seven|eight|nine',
  'शून्य|ज़ीरो|जीरो|एक|दो|तीन|चार|पांच|छह|छः|छे|छै|छ|सात|आठ|नौ|वन|टू|थ्री|फोर|फाइव|सिक्स|सेवन|एट|नाइन',
  'shunya|shoonya|sunya|jiro|ek|do|teen|tin|char|chaar|panch|paanch|chhe|chhah|chhai|che|cheh|chah|saat|sat|aath|ath|aat|nau',
  'cero|uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve',
  'zéro|un|une|deux|trois|quatre|cinq|six|sept|huit|neuf',
  'null|eins|ein|eine|zwei|zwo|drei|vier|fünf|fuenf|sechs|sieben|acht|neun',
  'um|uma|dois|duas|três|quatro|meia|sete|oito|nove',
  'sero|isa|isang|dalawa|dalawang|tatlo|tatlong|apat|lima|limang|anim|pito|pitong|walo|walong|siyam|kwatro|kuwatro|singko|sais|syete|siyete|otso|nuwebe|nuebe|nwebe',
  'صفر|واحد|واحدة|واحده|اثنان|اثنين|اثنتان|اثنتين|اتنين|ثلاثة|ثلاثه|ثلاث|تلاتة|تلاته|أربعة|أربعه|أربع|خمسة|خمسه|خمس|ستة|سته|ست|سبعة|سبعه|سبع|ثمانية|ثمانيه|ثماني|ثمان|تمانية|تمانيه|تسعة|تسعه|تسع',
  'due|tre|quattro|cinque|sei|sette|otto',
];

/** From ten on, in one word that no other follows. */
const PAIRS = [
  'ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen',
  'diez|once|doce|trece|catorce|quince|dieciséis|diecisiete|dieciocho|diecinueve|veinte|veintiuno|veintiún|veintidós|veintitrés|veinticuatro|veinticinco|veintiséis|veintisiete|veintiocho|veintinueve',
  'dix|onze|douze|treize|quatorze|quinze|seize',
  'zehn|elf|zwölf|zwoelf|dreizehn|vierzehn|fünfzehn|fuenfzehn|sechzehn|siebzehn|achtzehn|neunzehn',
  'dez|doze|treze|dezesseis|dezasseis|dezessete|dezassete|dezoito|dezenove|dezanove',
];

/** Tens, which a digit may follow. */
const TENS = [
  'twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety',
  'treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa',
  'vingt|vingts|trente|quarante|cinquante|soixante|septante|octante|huitante|nonante',
  'zwanzig|dreißig|dreissig|vierzig|fünfzig|fuenfzig|sechzig|siebzig|achtzig|neunzig',
  'vinte|trinta|quarenta|cinquenta|sessenta|oitenta',
];

/** Hundreds: of the digit before them, or by themselves. */
const HUNDREDS = [
  'hundred|cent|cents|hundert|सौ|sau|daan|raan|daang|raang',
  'cien|ciento|doscientos|trescientos|cuatrocientos|quinientos|seiscientos|setecientos|ochocientos|novecientos',
  'cem|cento|duzentos|trezentos|quatrocentos|quinhentos|seiscentos|setecentos|oitocentos|novecentos',
];

const TIMES: Readonly<Record<string, number>> = { double: 2, doble: 2, डबल: 2, triple: 3, ट्रिपल: 3 };
const AND = 'and|y|e|et|und|aur|और|at|و';

const GERMAN_UNIT = '(?:ein|zwei|drei|vier|funf|fuenf|sechs|sieben|acht|neun)';
const GERMAN_TENS = '(?:zwanzig|dreissig|dreißig|vierzig|funfzig|fuenfzig|sechzig|siebzig|achtzig|neunzig)';
const GERMAN_PAIR = `${GERMAN_UNIT}und${GERMAN_TENS}`;
const GERMAN_HUNDREDS = String.raw`${GERMAN_UNIT}?hundert(?:und)?(?:${GERMAN_PAIR}|\p{L}{0,6}zehn|elf|zwolf|zwoelf|${GERMAN_TENS}|${GERMAN_UNIT}s?)?`;

type Kind = 'unit' | 'pair' | 'tens' | 'hundred';

const kinds = new Map<string, Kind>(
  (
    [
      ['unit', UNITS],
      ['pair', PAIRS],
      ['tens', TENS],
      ['hundred', HUNDREDS],
    ] as const
  ).flatMap(([kind, lists]) =>
    lists.flatMap((list) =>
      foldedText(list)
        .split('|')
        .map((word) => [word, kind] as const),
    ),
  ),
);
const times = new Map(Object.entries(TIMES).map(([word, count]) => [foldedText(word), count]));

const anyOf = (words: Iterable<string>) => [...words].toSorted((one, other) => other.length - one.length).join('|');
const END = String.raw`(?![\p{L}\p{M}])`;
const DIGIT = String.raw`\d(?![\p{L}\p{N}])`;
const GERMAN = `(?:${GERMAN_HUNDREDS}|${GERMAN_PAIR})${END}`;
const NUMBER = String.raw`(?:(?:${anyOf(times.keys())})[ -])?(?:و?(?:${anyOf(kinds.keys())})${END}|${GERMAN}|${DIGIT})`;
// One or two characters at a time, and so many words at most: a text is read once.
const GAP = String.raw`[\s,.-]{1,2}`;

/** A run of words that may say digits; `saysCode` tells whether it does. Of one word alone only what may be a whole number. */
export const SPELLED = String.raw`(?<![\p{L}\p{M}\p{N}])(?:${NUMBER}(?:${GAP}(?:(?:${foldedText(AND)})${GAP})?${NUMBER}){1,7}|(?:${GERMAN}|${anyOf(
  foldedText(HUNDREDS.join('|')).split('|'),
)})${END})`;

const PARTS = new RegExp(String.raw`(?<double>${anyOf(times.keys())})${END}|(?<word>[\p{L}\p{M}]+)|(?<digit>\d)`, 'gu');

/** Whether a run of words says three or four digits. */
export function saysCode(run: string): boolean {
  const count = digitsSaid(run);
  return count === 3 || count === 4;
}

function digitsSaid(run: string): number {
  let count = 0;
  let factor = 1;
  let before: Kind | null = null;
  for (const { groups } of run.matchAll(PARTS)) {
    if (groups!.double !== undefined) {
      factor = times.get(groups!.double)!;
      continue;
    }
    const kind = groups!.digit === undefined ? kindOf(groups!.word!) : 'unit';
    if (kind === null) continue;
    count += added(kind, before) * factor;
    // A digit that belongs to the tens before it ends them.
    before = kind === 'unit' && before !== null && before !== 'unit' ? null : kind;
    factor = 1;
  }
  return count;
}

/** How many digits a word adds to those that were said. */
function added(kind: Kind, before: Kind | null): number {
  if (kind === 'hundred') return before === 'unit' ? 2 : 3;
  if (kind === 'unit') return before === 'tens' || before === 'hundred' ? 0 : 1;
  return before === 'hundred' || (before === 'tens' && kind === 'pair') ? 0 : 2;
}

const WHOLE = new RegExp(`^${GERMAN_HUNDREDS}$`, 'u');
const COMPOUND = new RegExp(`^${GERMAN_PAIR}$`, 'u');

/** Null for what stands between numbers. */
function kindOf(word: string): Kind | null {
  const known = kinds.get(word) ?? kinds.get(word.replace(/^و/u, ''));
  if (known) return known;
  return WHOLE.test(word) ? 'hundred' : COMPOUND.test(word) ? 'pair' : null;
}

/** Words of the Latin alphabet that say digits: a text without any, without digits and without other letters says none. */
export const LATIN_WORDS = anyOf(Array.from(kinds.keys()).filter((word) => /^[a-z]+$/.test(word)));
export const LATIN_GERMAN = 'hundert|und(?:zwanzig|drei|vier|f|sech|sieb|acht|neun)';
