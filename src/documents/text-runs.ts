import bidiFactory from 'bidi-js';
import { BOXES, type FaceName, facesFor } from './fonts';

/** Some of a line that is drawn with one font in one direction, in the order in which it is read. */
export interface Run {
  face: FaceName;
  text: string;
  rightToLeft: boolean;
}

/** Has a font all of these characters? */
export type Covers = (face: FaceName, codePoint: number) => boolean;

const bidi = bidiFactory();
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Most of what is written: nothing of it has a direction, or belongs to what stands before it. */
const PLAIN = /^[\x20-\x7e]*$/;
/** Nothing is drawn for it where it stands alone. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}]/u;

/** Characters that would turn what follows round, or are no text at all: each is shown as a box, so that nothing is said unseen. */
const HIDDEN = /[\p{Cc}\u202a-\u202e\u2066-\u2069\u{e0001}-\u{e007f}\ufff9-\ufffb]/gu;
/** No font has it. */
const BOX = '\uffff';

/** A text as it is drawn: well-formed, on lines, composed, and with boxes for whatever is hidden in it. */
export const drawable = (text: string): string =>
  text
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replaceAll('\t', ' ')
    .replaceAll(HIDDEN, (hidden) => (hidden === '\n' ? hidden : BOX));

/** Levels of the paragraph that a line is of: see Unicode's annex 9. */
export function directionsOf(paragraph: string): { levels: Uint8Array; rightToLeft: boolean } {
  if (PLAIN.test(paragraph)) return { levels: new Uint8Array(paragraph.length), rightToLeft: false };
  const { levels, paragraphs } = bidi.getEmbeddingLevels(paragraph, 'auto');
  return { levels, rightToLeft: (paragraphs[0]?.level ?? 0) % 2 === 1 };
}

/** The runs of `paragraph` from one place to another, in the order in which they stand from left to right. */
export function runsOf(
  paragraph: string,
  { levels, rightToLeft }: { levels: Uint8Array; rightToLeft: boolean },
  from: number,
  to: number,
  covers: Covers,
): Run[] {
  if (PLAIN.test(paragraph)) {
    const text = paragraph.slice(from, to).trimEnd();
    return text === '' ? [] : [{ face: 'latin', text, rightToLeft: false }];
  }
  const base = rightToLeft ? 1 : 0;
  const end = from + paragraph.slice(from, to).trimEnd().length;
  const runs: (Run & { level: number })[] = [];
  for (const { segment, index } of graphemes.segment(paragraph.slice(from, end))) {
    const level = levels[from + index] ?? base;
    for (const { face, text } of facesOf(segment, paragraph, covers)) {
      const last = runs.at(-1);
      if (last?.level === level && last.face === face) last.text += text;
      else runs.push({ face, text, level, rightToLeft: level % 2 === 1 });
    }
  }
  return inOrder(runs);
}

/** From the highest level down to the lowest odd one, whatever is at least as high is turned round (rule L2). */
function inOrder<T extends { level: number }>(runs: T[]): T[] {
  const ordered = [...runs];
  const highest = Math.max(0, ...runs.map(({ level }) => level));
  for (let level = highest; level >= 1; level -= 1)
    for (let begin = 0; begin < ordered.length; begin += 1) {
      let end = begin;
      while (end < ordered.length && ordered[end]!.level >= level) end += 1;
      if (end > begin) ordered.splice(begin, end - begin, ...ordered.slice(begin, end).toReversed());
      begin = Math.max(begin, end);
    }
  return ordered;
}

/** Which font some characters that belong together are drawn with: one that has all of them, else each by itself. */
function facesOf(cluster: string, text: string, covers: Covers): { face: FaceName; text: string }[] {
  const seen = Array.from(cluster).filter((character) => !INVISIBLE.test(character));
  if (seen.length === 0) return [];
  const has = (face: FaceName) => seen.every((character) => covers(face, character.codePointAt(0)!));
  const face = facesFor(cluster, text).find(has);
  if (face) return [{ face, text: cluster.replaceAll(/[\ufe00-\ufe0f\u00ad\u200b\u2060\ufeff]/g, '') }];
  if (seen.length === 1) return [{ face: BOXES, text: seen[0]! }];
  return seen.flatMap((character) => facesOf(character, text, covers));
}
