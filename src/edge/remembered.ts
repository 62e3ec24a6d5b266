/**
 * What was found out about texts, by the text. Holds so many characters at most; beyond that the oldest are forgotten.
 */
export class Remembered<T> {
  private readonly found = new Map<string, { what: T; cost: number }>();
  private characters = 0;

  constructor(private readonly most: number) {}

  get size(): number {
    return this.found.size;
  }

  find(text: string): T | undefined {
    return this.found.get(text)?.what;
  }

  /** Of a text that is not known yet. `more` is how many characters are kept beside it. */
  keep(text: string, what: T, more = 0): T {
    const cost = text.length + more + PLACE;
    this.found.set(text, { what, cost });
    this.characters += cost;
    for (const [oldest, kept] of this.found) {
      if (this.characters <= this.most) break;
      this.found.delete(oldest);
      this.characters -= kept.cost;
    }
    return what;
  }
}

/** A short text costs its place in the map. */
const PLACE = 100;
