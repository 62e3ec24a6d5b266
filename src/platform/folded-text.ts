/** A text as it is searched: one way to write each letter and digit, and where each of its characters stood. */
export interface Folded {
  readonly text: string;
  /** Where in the text as it was given that character begins; of the length, the end. */
  at(index: number): number;
}

// oxlint-disable-next-line no-control-regex -- ASCII is what it says
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * Small letters without accents, ASCII digits for those of any script, `-` for every dash, a space for every space, and nothing for what nobody sees (zero width, soft
 * hyphens, marks): so that a number is found however it is written. In time proportional to the text.
 */
export function fold(given: string): Folded {
  if (ASCII.test(given)) return { text: given.toLowerCase(), at: (index) => index };
  const pieces: string[] = [];
  const places: number[] = [];
  let place = 0;
  for (const character of given) {
    const folded = foldCharacter(character);
    pieces.push(folded);
    for (let each = 0; each < folded.length; each += 1) places.push(place);
    place += character.length;
  }
  places.push(place);
  return { text: pieces.join(''), at: (index) => places[index]! };
}

/** The text alone. */
export const foldedText = (given: string): string => fold(given).text;

const known = new Map<string, string>();

/** There are no more characters than Unicode has, and a process meets few of them. */
function foldCharacter(character: string): string {
  const found = known.get(character);
  if (found !== undefined) return found;
  const folded = Array.from(character.normalize('NFKD'), foldPart).join('').toLowerCase();
  known.set(character, folded);
  return folded;
}

function foldPart(part: string): string {
  if (/\p{Default_Ignorable_Code_Point}|\p{Mn}|\p{Me}|\p{Cf}/u.test(part)) return '';
  if (/\p{Nd}/u.test(part)) return String(digitOf(part.codePointAt(0)!));
  if (/\p{Pd}|\u2212/u.test(part)) return '-';
  return /\p{Zs}/u.test(part) ? ' ' : part;
}

/** Digits stand in runs of tens (Unicode, 4.6): how far it is from the beginning of its run. */
function digitOf(code: number): number {
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(code - before - 1))) before += 1;
  return before % 10;
}
