import harfbuzz, { type HarfBuzz, type HarfBuzzFont, type HarfBuzzGlyph } from 'harfbuzzjs';
import { type FaceName, fontFile, type Weight } from './fonts';

/** A glyph as it is drawn, in units of its font. */
export interface ShapedGlyph {
  id: number;
  /** What it stands for: all of what it is one of several for belongs to the first. */
  codePoints: number[];
  xAdvance: number;
  yAdvance: number;
  xOffset: number;
  yOffset: number;
}

/** Turns texts into glyphs, as the rules of their scripts and fonts have it. */
export interface Shaper {
  /** From left to right, whatever way it is read. */
  shape(face: FaceName, weight: Weight, text: string, rightToLeft: boolean): ShapedGlyph[];
}

let shaper: Promise<Shaper> | undefined;

/** The one of this process: what it has read of fonts serves every document. */
export const openShaper = (): Promise<Shaper> => (shaper ??= harfbuzz.then(shaperOf));

function shaperOf(hb: HarfBuzz): Shaper {
  const fonts = new Map<string, HarfBuzzFont>();
  const fontOf = (face: FaceName, weight: Weight): HarfBuzzFont => {
    const name = `${face} ${weight}`;
    const known = fonts.get(name) ?? hb.createFont(hb.createFace(hb.createBlob(fontFile(face, weight)), 0));
    fonts.set(name, known);
    return known;
  };
  return {
    shape(face, weight, text, rightToLeft) {
      const buffer = hb.createBuffer();
      try {
        buffer.addText(text);
        buffer.guessSegmentProperties();
        buffer.setDirection(rightToLeft ? 'rtl' : 'ltr');
        hb.shape(fontOf(face, weight), buffer);
        return glyphsOf(text, buffer.getGlyphInfosAndPositions());
      } finally {
        buffer.destroy();
      }
    },
  };
}

/** Glyphs with what each stands for. Those of a cluster have the place of its first character. */
function glyphsOf(text: string, glyphs: readonly HarfBuzzGlyph[]): ShapedGlyph[] {
  const begins = [...new Set(glyphs.map(({ cluster }) => cluster)), text.length].toSorted((one, other) => one - other);
  const ends = new Map(begins.map((begin, index) => [begin, begins[index + 1] ?? text.length]));
  const told = new Set<number>();
  return glyphs.map(({ codepoint, cluster, x_advance, y_advance, x_offset, y_offset }) => {
    const stoodFor = told.has(cluster) ? '' : text.slice(cluster, ends.get(cluster));
    told.add(cluster);
    return {
      id: codepoint,
      codePoints: Array.from(stoodFor, (character) => character.codePointAt(0)!),
      xAdvance: x_advance,
      yAdvance: y_advance,
      xOffset: x_offset,
      yOffset: y_offset,
    };
  });
}
