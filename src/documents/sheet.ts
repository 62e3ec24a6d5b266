// oxlint-disable-next-line import/no-named-as-default -- its types know the default alone
import PDFDocument from 'pdfkit';
import { EmbeddedFont, type PdfFont } from './embedded-font';
import { type FaceName, fontFile, type Weight } from './fonts';
import { openShaper, type Shaper } from './shaping';
import { type Line, linesOf, type Measure } from './text-lines';

/** Points. A4. */
export const PAGE = { width: 595.28, height: 841.89, left: 48, right: 547.28, top: 48, bottom: 790 } as const;
export const WIDE = PAGE.right - PAGE.left;

export const INK = '#1b2430';
export const FAINT = '#66707d';
export const RULE = '#c9d0d8';
export const ACCENT = '#1f4e79';

export interface Style {
  /** Points; 9 unless told. */
  size?: number;
  weight?: Weight;
  colour?: string;
  /** Within the width: `start` unless told, which is the right for what is written from right to left. */
  align?: 'start' | 'left' | 'right';
}

/** Of a font's size: from one baseline to the next, and from the top of a line to its baseline. */
const LEADING = 1.36;
const RISE = 1.02;

interface About {
  title: string;
  author: string;
  /** Stands in the file as the instant of its making: the same document makes the same bytes, at any time. */
  asOf: Date;
}

/** A PDF under way: pages of A4, texts in any script, and nothing that a clock or chance has a say in. */
export class Sheet {
  private readonly pdf: PDFKit.PDFDocument;
  private readonly parts: Buffer[] = [];
  private readonly finished: Promise<void>;
  private readonly opened = new Map<string, { embedded: EmbeddedFont; pdf: PdfFont }>();
  /** Where the next thing begins, in points from the top. */
  y: number = PAGE.top;

  /** A sheet with an empty first page. */
  static async open(about: About): Promise<Sheet> {
    return new Sheet(about, await openShaper());
  }

  private constructor(
    { title, author, asOf }: About,
    private readonly shaper: Shaper,
  ) {
    this.pdf = new PDFDocument({
      size: 'A4',
      margin: 0,
      bufferPages: true,
      lang: 'en',
      displayTitle: true,
      pdfVersion: '1.7',
      font: null as unknown as string,
      info: { Title: title, Author: author, Creator: 'Countersign', Producer: 'Countersign', CreationDate: asOf },
    });
    this.pdf.on('data', (part: Buffer) => this.parts.push(part));
    this.finished = new Promise((resolve, reject) => {
      this.pdf.once('end', resolve);
      this.pdf.once('error', reject);
    });
  }

  /** All of it, once `foot` has written under every page. */
  async finish(foot: (page: number, pages: number) => void): Promise<Buffer> {
    const { count } = this.pdf.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      this.pdf.switchToPage(page);
      foot(page + 1, count);
    }
    this.pdf.end();
    await this.finished;
    return Buffer.concat(this.parts);
  }

  addPage(): void {
    this.pdf.addPage();
    this.y = PAGE.top;
  }

  /** Whether so much fits on what is left of the page. */
  hasRoom(height: number): boolean {
    return this.y + height <= PAGE.bottom;
  }

  lines(text: string, width: number, { size = 9, weight = 'regular' }: Style = {}): Line[] {
    return linesOf(text, width, this.measure(size, weight));
  }

  heightOf(lines: readonly Line[], { size = 9 }: Style = {}): number {
    return lines.length * size * LEADING;
  }

  /** Draws lines one under the other from a top left corner. Returns the height that they took. */
  draw(lines: readonly Line[], x: number, y: number, width: number, style: Style = {}): number {
    const { size = 9, weight = 'regular', colour = INK, align = 'start' } = style;
    lines.forEach((line, index) => {
      const toRight = align === 'right' || (align === 'start' && line.rightToLeft);
      let at = toRight ? x + width - line.width : x;
      const baseline = y + size * (RISE + index * LEADING);
      for (const run of line.runs) {
        const { embedded, pdf } = this.open(run.face, weight);
        (this.pdf.page.fonts as Record<string, object>)[pdf.id] ??= pdf.ref();
        this.pdf.fillColor(colour).addContent(embedded.content(run, at, baseline, size));
        at += run.width;
      }
    });
    return this.heightOf(lines, style);
  }

  /** Writes a text in a box. Returns the height that it took. */
  text(text: string, x: number, y: number, width: number, style: Style = {}): number {
    return this.draw(this.lines(text, width, style), x, y, width, style);
  }

  /** Writes one line that ends at the right, smaller where it would be too wide: for figures and headings, which must not break. */
  figure(text: string, x: number, y: number, width: number, style: Style = {}): void {
    const size = style.size ?? 9;
    const natural = this.lines(text, Infinity, style)[0]?.width ?? 0;
    const fitting = Math.max(4, size * Math.min(1, width / (natural || 1)));
    this.draw(this.lines(text, Infinity, { ...style, size: fitting }), x, y + (size - fitting) * RISE, width, {
      ...style,
      size: fitting,
      align: 'right',
    });
  }

  rule(
    y: number,
    { colour = RULE, from = PAGE.left, width = 0.6 }: { colour?: string; from?: number; width?: number } = {},
  ): void {
    this.pdf.moveTo(from, y).lineTo(PAGE.right, y).lineWidth(width).strokeColor(colour).stroke();
  }

  box(x: number, y: number, width: number, height: number, colour: string): void {
    this.pdf.rect(x, y, width, height).fillColor(colour).fill();
  }

  /** Across the page, behind what is written next. */
  stamp(text: string): void {
    this.pdf.save();
    this.pdf.rotate(-35, { origin: [PAGE.width / 2, PAGE.height / 2] });
    const [line] = this.lines(text, Infinity, { size: 110, weight: 'bold' });
    this.draw([line!], (PAGE.width - line!.width) / 2, PAGE.height / 2 - 60, line!.width, {
      size: 110,
      weight: 'bold',
      colour: '#eef1f4',
    });
    this.pdf.restore();
  }

  private measure(size: number, weight: Weight): Measure {
    return {
      covers: (face, codePoint) => this.open(face, weight).embedded.covers(codePoint),
      width: (run) => this.open(run.face, weight).embedded.width(run, size),
    };
  }

  private open(face: FaceName, weight: Weight): { embedded: EmbeddedFont; pdf: PdfFont } {
    const name = `${face} ${weight}`;
    const known = this.opened.get(name);
    if (known) return known;
    this.pdf.registerFont(name, fontFile(face, weight));
    this.pdf.font(name);
    const { _font: pdf } = this.pdf as unknown as { _font: PdfFont };
    const opened = { pdf, embedded: new EmbeddedFont(pdf, this.shaper, face, weight) };
    this.opened.set(name, opened);
    return opened;
  }
}
