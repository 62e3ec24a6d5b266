/** Libraries that come without types: as much of them as is used. */

declare module 'bidi-js' {
  interface Levels {
    /** Of each UTF-16 unit: even from left to right, odd from right to left. */
    levels: Uint8Array;
    paragraphs: { start: number; end: number; level: number }[];
  }
  interface Bidi {
    getEmbeddingLevels(text: string, direction?: 'ltr' | 'rtl' | 'auto'): Levels;
    getMirroredCharacter(character: string): string | null;
  }
  export default function bidiFactory(): Bidi;
}

declare module 'linebreak' {
  export default class LineBreaker {
    constructor(text: string);
    nextBreak(): { position: number; required: boolean } | null;
  }
}

declare module 'harfbuzzjs' {
  type Blob = object;
  type Face = object;
  export type HarfBuzzFont = object;
  /** Numbers in units of the font. */
  export interface HarfBuzzGlyph {
    /** Of the glyph, once it is shaped. */
    codepoint: number;
    /** Its place in UTF-16. */
    cluster: number;
    x_advance: number;
    y_advance: number;
    x_offset: number;
    y_offset: number;
  }
  interface Buffer {
    addText(text: string): void;
    guessSegmentProperties(): void;
    setDirection(direction: 'ltr' | 'rtl'): void;
    getGlyphInfosAndPositions(): HarfBuzzGlyph[];
    destroy(): void;
  }
  export interface HarfBuzz {
    createBlob(bytes: Uint8Array): Blob;
    createFace(blob: Blob, index: number): Face;
    createFont(face: Face): HarfBuzzFont;
    createBuffer(): Buffer;
    shape(font: HarfBuzzFont, buffer: Buffer): void;
  }
  const ready: Promise<HarfBuzz>;
  export default ready;
}
