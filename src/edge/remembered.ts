/**
 * What was found out about texts, by the text. Holds so many characters of texts at most; beyond that the oldest are forgotten.
 */
export class Remembered<T> {
  private readonly found = new Map<string, T>();
  private characters = 0;

  constructor(private readonly most: number) {}

  get size(): number {
    return this.found.size;
  }

  find(text: string): T | undefined {
    return this.found.get(text);
  }

  /** Of a text that is not known yet. */
  keep(text: string, what: T): T {
    this.found.set(text, what);
    this.characters += cost(text);
    for (const oldest of this.found.keys()) {
      if (this.characters <= this.most) break;
      this.found.delete(oldest);
      this.characters -= cost(oldest);
    }
    return what;
  }
}

/** A short text costs its place in the map. */
const cost = (text: string): number => text.length + 100;
