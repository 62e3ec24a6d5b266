import { readFileSync } from 'node:fs';
import path from 'node:path';
import { unwrapped } from './woff';

export type Weight = 'regular' | 'bold';

interface Face {
  /** What it was made for; without one it is for all that is common to scripts. */
  script: RegExp | null;
  files: Record<Weight, string>;
}

const noto = (folder: string, name: string, weight: string) =>
  path.join(path.dirname(require.resolve(`@embedpdf/${folder}`)), '../fonts', `${name}-${weight}`);

const embedpdf = (folder: string, name: string, script: RegExp | null, ending = 'ttf'): Face => ({
  script,
  files: { regular: noto(folder, name, `Regular.${ending}`), bold: noto(folder, name, `Bold.${ending}`) },
});

const subset = (script: string, weight: number) =>
  require.resolve(`@fontsource/noto-sans-${script}/files/noto-sans-${script}-${script}-${weight}-normal.woff`);

const fontsource = (script: string, characters: RegExp): Face => ({
  script: characters,
  files: { regular: subset(script, 400), bold: subset(script, 700) },
});

/** All of them Noto (SIL Open Font License): Latin, Greek and Cyrillic first, since whatever is common to scripts is taken from there. */
const FACES = {
  latin: embedpdf('fonts-latin', 'NotoSans', null),
  arabic: embedpdf('fonts-arabic', 'NotoNaskhArabic', /\p{Script=Arabic}/u),
  hebrew: embedpdf('fonts-hebrew', 'NotoSansHebrew', /\p{Script=Hebrew}/u),
  devanagari: fontsource('devanagari', /\p{Script=Devanagari}/u),
  bengali: fontsource('bengali', /\p{Script=Bengali}/u),
  tamil: fontsource('tamil', /\p{Script=Tamil}/u),
  telugu: fontsource('telugu', /\p{Script=Telugu}/u),
  gujarati: fontsource('gujarati', /\p{Script=Gujarati}/u),
  gurmukhi: fontsource('gurmukhi', /\p{Script=Gurmukhi}/u),
  kannada: fontsource('kannada', /\p{Script=Kannada}/u),
  malayalam: fontsource('malayalam', /\p{Script=Malayalam}/u),
  sinhala: fontsource('sinhala', /\p{Script=Sinhala}/u),
  thai: fontsource('thai', /\p{Script=Thai}/u),
  georgian: fontsource('georgian', /\p{Script=Georgian}/u),
  armenian: fontsource('armenian', /\p{Script=Armenian}/u),
  ethiopic: fontsource('ethiopic', /\p{Script=Ethiopic}/u),
  japanese: embedpdf('fonts-jp', 'NotoSansJP', /\p{Script=Hiragana}|\p{Script=Katakana}/u, 'otf'),
  korean: embedpdf('fonts-kr', 'NotoSansKR', /\p{Script=Hangul}/u, 'otf'),
  simplified: embedpdf('fonts-sc', 'NotoSansHans', null, 'otf'),
  traditional: embedpdf('fonts-tc', 'NotoSansHant', null, 'otf'),
} satisfies Record<string, Face>;

export type FaceName = keyof typeof FACES;

const HAN = /\p{Script=Han}/u;

/** Read once: the same few serve every document. */
const read = new Map<string, Buffer>();

export function fontFile(face: FaceName, weight: Weight): Buffer {
  const file = FACES[face].files[weight];
  const known = read.get(file) ?? opened(file);
  read.set(file, known);
  return known;
}

const opened = (file: string) => (file.endsWith('.woff') ? unwrapped(readFileSync(file)) : readFileSync(file));

/** What is shown of a character that no font has: the box of this one. */
export const BOXES: FaceName = 'latin';

const SCRIPTS = (Object.entries(FACES) as [FaceName, Face][]).filter(([, { script }]) => script !== null);

/**
 * The fonts to try for some characters that belong together, best first. `text` is all of the text that they stand in: Han is written
 * as Japanese beside Kana, as Korean beside Hangul, and by whether its characters are traditional ones where it stands alone.
 */
export function facesFor(characters: string, text: string): FaceName[] {
  if (HAN.test(characters)) return hanFaces(text);
  const made = SCRIPTS.filter(([, { script }]) => script!.test(characters)).map(([name]) => name);
  return [...made, 'latin', ...(IDEOGRAPHIC.test(characters) ? hanFaces(text) : [])];
}

/** Punctuation, widths and signs that Chinese, Japanese and Korean share. */
const IDEOGRAPHIC = /[\u2000-\u2bff\u3000-\u33ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]/u;

function hanFaces(text: string): FaceName[] {
  const all: FaceName[] = ['simplified', 'traditional', 'japanese', 'korean'];
  const first = ((): FaceName => {
    if (FACES.japanese.script!.test(text)) return 'japanese';
    if (FACES.korean.script!.test(text)) return 'korean';
    return isTraditional(text) ? 'traditional' : 'simplified';
  })();
  return [first, ...all.filter((face) => face !== first)];
}

/** Has it a character that Big5 has, and GB 2312 has not? */
function isTraditional(text: string): boolean {
  const { simplified, traditional } = (sets ??= { simplified: ofGb2312(), traditional: ofBig5() });
  return Array.from(text).some((character) => traditional.has(character) && !simplified.has(character));
}

let sets: { simplified: ReadonlySet<string>; traditional: ReadonlySet<string> } | undefined;

/** Rows and cells of GB 2312's characters, in EUC. */
const ofGb2312 = () => decoded('gbk', range(0xb0, 0xf7), range(0xa1, 0xfe));
const ofBig5 = () => decoded('big5', range(0xa4, 0xf9), [...range(0x40, 0x7e), ...range(0xa1, 0xfe)]);

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_each, index) => from + index);

const decoded = (encoding: string, leads: number[], trails: number[]): ReadonlySet<string> =>
  new Set(
    new TextDecoder(encoding).decode(
      Uint8Array.from(leads.flatMap((lead) => trails.flatMap((trail) => [lead, trail]))),
    ),
  );
