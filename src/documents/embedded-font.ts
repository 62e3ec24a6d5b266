import type { FaceName, Weight } from './fonts';
import type { ShapedGlyph, Shaper } from './shaping';
import type { Run } from './text-runs';

/** What pdfkit knows of a font that it embeds, beyond its types. */
export interface PdfFont {
  readonly id: string;
  ref(): object;
  readonly font: {
    hasGlyphForCodePoint(codePoint: number): boolean;
    getGlyph(id: number, codePoints: number[]): { advanceWidth: number };
    glyphForCodePoint(codePoint: number): { id: number };
    readonly characterSet: number[];
  };
  readonly subset: { includeGlyph(id: number): number };
  /** By a glyph's number in the file. */
  readonly widths: (number | undefined)[];
  readonly unicode: (number[] | undefined)[];
  /** 1/1000 of the size for one unit of the font. */
  readonly scale: number;
}

interface Laid {
  glyphs: (ShapedGlyph & { means: number[] })[];
  /** In 1/1000 of the size. */
  width: number;
}

/** Fonts with more characters than this draw each with a glyph of its own: none of them need be looked up. */
const MANY = 5_000;
/** Forms of letters that have characters of their own, for the sake of older encodings. */
const PRESENTATION = /[\ufb1d-\ufdff\ufe70-\ufefc]/u;

/**
 * A font in a document. Texts are shaped by HarfBuzz instead of pdfkit's own fontkit, which fails at some texts and knows fewer scripts, and are
 * written as glyphs; pdfkit embeds those of them that were used.
 */
export class EmbeddedFont {
  private readonly laid = new Map<string, Laid>();
  private readonly known: ReadonlyMap<number, number>;

  constructor(
    private readonly pdf: PdfFont,
    private readonly shaper: Shaper,
    private readonly face: FaceName,
    private readonly weight: Weight,
  ) {
    this.known = knownOf(face, weight, pdf);
  }

  covers(codePoint: number): boolean {
    return this.pdf.font.hasGlyphForCodePoint(codePoint);
  }

  /** In points. */
  width(run: Run, size: number): number {
    return (this.layout(run).width * size) / 1000;
  }

  /** What stands in the content of a page that counts from its top, to draw a run from a place on its baseline. */
  content(run: Run, x: number, y: number, size: number): string {
    const { glyphs } = this.layout(run);
    const { scale } = this.pdf;
    const points = (units: number) => (units * scale * size) / 1000;
    const parts: string[] = [];
    let pen = x;
    let line: string[] = [];
    let from = x;
    const flush = () => {
      if (line.length > 0) parts.push(`1 0 0 -1 ${number(from)} ${number(y)} Tm [${line.join('')}] TJ`);
      line = [];
    };
    for (const glyph of glyphs) {
      const { code, advance } = this.include(glyph);
      if (glyph.xOffset !== 0 || glyph.yOffset !== 0) {
        flush();
        const at = `${number(pen + points(glyph.xOffset))} ${number(y - points(glyph.yOffset))}`;
        parts.push(`1 0 0 -1 ${at} Tm <${code}> Tj`);
      } else {
        if (line.length === 0) from = pen;
        const kern = Math.round((advance - glyph.xAdvance) * scale);
        line.push(`<${code}>${kern === 0 ? '' : kern}`);
      }
      pen += points(glyph.xAdvance);
    }
    flush();
    const text = `BT /${this.pdf.id} ${number(size)} Tf ${parts.join(' ')} ET`;
    // Where glyphs alone do not say what is written, the text stands beside them: for searching, copying and reading aloud.
    const inOrder = run.rightToLeft ? glyphs.toReversed() : glyphs;
    const told = String.fromCodePoint(...inOrder.flatMap(({ means }) => means));
    return told === run.text ? text : `/Span <</ActualText <${hexOf(run.text)}>>> BDC ${text} EMC`;
  }

  private include({ id, means }: Laid['glyphs'][number]): { code: string; advance: number } {
    const { subset, widths, unicode, font, scale } = this.pdf;
    const at = subset.includeGlyph(id);
    const { advanceWidth: advance } = font.getGlyph(id, means);
    widths[at] ??= advance * scale;
    unicode[at] ??= means;
    return { code: at.toString(16).padStart(4, '0'), advance };
  }

  private layout({ text, rightToLeft }: Run): Laid {
    const key = `${rightToLeft ? '<' : '>'}${text}`;
    const known = this.laid.get(key);
    if (known) return known;
    const glyphs = this.shaper.shape(this.face, this.weight, text, rightToLeft).map((glyph) => {
      const own = this.known.get(glyph.id);
      return { ...glyph, means: own === undefined ? glyph.codePoints : [own] };
    });
    const width = glyphs.reduce((sum, { xAdvance }) => sum + xAdvance, 0) * this.pdf.scale;
    this.laid.set(key, { glyphs, width });
    return { glyphs, width };
  }
}

/** Found out once: it is the same in each document. */
const found = new Map<string, ReadonlyMap<number, number>>();

function knownOf(face: FaceName, weight: Weight, pdf: PdfFont): ReadonlyMap<number, number> {
  const name = `${face} ${weight}`;
  const known = found.get(name) ?? charactersOf(pdf);
  found.set(name, known);
  return known;
}

/** What each glyph stands for wherever it stands: a PDF has one meaning of it. */
function charactersOf({ font }: PdfFont): ReadonlyMap<number, number> {
  const { characterSet } = font;
  if (characterSet.length > MANY) return new Map();
  const plain = characterSet.filter((codePoint) => !PRESENTATION.test(String.fromCodePoint(codePoint)));
  return new Map(plain.toReversed().map((codePoint) => [font.glyphForCodePoint(codePoint).id, codePoint]));
}

const number = (value: number): string => String(Math.round(value * 1000) / 1000);

/** UTF-16, as texts stand in a PDF. */
const hexOf = (text: string): string => Buffer.from(`\ufeff${text}`, 'utf16le').swap16().toString('hex');
