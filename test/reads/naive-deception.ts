import type { Row } from './naive-rows';

/* Which texts could deceive, character by character: nothing of it is taken from the functions of the database. */

const within = (ranges: [number, number][]) => (letter: string) =>
  ranges.some(([from, to]) => letter.codePointAt(0)! >= from && letter.codePointAt(0)! <= to);

const turns = within([
  [0x61c, 0x61c],
  [0x200e, 0x200f],
  [0x202a, 0x202e],
  [0x2066, 0x2069],
]);
const hides = within([
  [0x80, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200d],
  [0x2060, 0x2065],
  [0x206a, 0x206f],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0xe0000, 0xe0fff],
]);
const isLatin = within([
  [0x41, 0x5a],
  [0x61, 0x7a],
  [0xc0, 0x24f],
  [0x1e00, 0x1eff],
]);
const isAlike = within([
  [0x370, 0x52f],
  [0x530, 0x58f],
  [0x13a0, 0x13ff],
  [0xa4d0, 0xa4ff],
]);
const isStyled = within([
  [0xff01, 0xff5e],
  [0x1d400, 0x1d7ff],
  [0x2100, 0x214f],
]);

const ALIKE = Array.from('аеорсухіјѕһԁԛԝӏАВЕЗКМНОРСТУХІЈЅԌԚԜοανρυιχκΑΒΕΖΗΙΚΜΝΟΡΤΥΧ');
const LATIN = Array.from('aeopcyxijshdqwlABE3KMHOPCTYXIJSGQWoavpuixkABEZHIKMNOPTYX');

const lettersOf = (text: string): string[] => Array.from(text);

const lookOf = (text: string): string => {
  const left = lettersOf(text).filter((letter) => !turns(letter) && !hides(letter));
  const plain = lettersOf(left.join('').normalize('NFKC'));
  return plain.map((letter) => LATIN[ALIKE.indexOf(letter)] ?? letter).join('');
};

const markOf = (letter: string) => `⟨U+${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`;

function madeVisible(text: string): { visible: string; kinds: string[] } {
  const letters = lettersOf(text);
  const kinds = new Set<string>();
  if (letters.some(turns)) kinds.add('DIRECTION_MARK');
  if (letters.some(hides)) kinds.add('INVISIBLE');
  const words = text.split(/(\s+)/u).map((word) => {
    const own = lettersOf(word);
    const foreign = own.some(isAlike);
    const whole = letters.some(isLatin) && !lettersOf(lookOf(word)).some(isAlike);
    const strange = own.some(isStyled) || (foreign && (own.some(isLatin) || whole));
    if (strange) kinds.add('LOOK_ALIKE');
    if (!strange && !own.some((letter) => turns(letter) || hides(letter))) return word;
    return own
      .map((letter) => {
        if (turns(letter) || hides(letter)) return markOf(letter);
        return isStyled(letter) || isAlike(letter) ? `${letter}${markOf(letter)}` : letter;
      })
      .join('');
  });
  return { visible: words.join(''), kinds: [...kinds] };
}

/** Every text within a value, in the order of JSON. */
const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(textsIn);
};

export function deceptiveTexts(row: Row): object[] {
  const changes = row.changes as { path: string; before: unknown; after: unknown }[];
  const said = [
    { path: 'reason', side: 'after', value: row.reason as unknown, more: [] as string[] },
    ...changes.flatMap(({ path, before, after }) => {
      const same =
        typeof before === 'string' && typeof after === 'string' && before !== after && lookOf(before) === lookOf(after);
      return [
        { path, side: 'before', value: before, more: [] },
        { path, side: 'after', value: after, more: same ? ['LOOKS_UNCHANGED'] : [] },
      ];
    }),
  ];
  return said.flatMap(({ path, side, value, more }) =>
    textsIn(value).flatMap((text) => {
      const { visible, kinds } = madeVisible(text);
      return kinds.length + more.length > 0 ? [{ path, side, visible, kinds: [...kinds, ...more] }] : [];
    }),
  );
}
