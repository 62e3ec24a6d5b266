import type { Head } from './heads';

/** Heads in the order of their sizes, taken as the tree grows. */
export class HeadStream<H extends Head> {
  private next: H | null | undefined;

  constructor(private readonly heads: AsyncIterator<H, void, undefined>) {}

  /** Of heads that are at hand, in that order. */
  static of<H extends Head>(heads: readonly H[]): HeadStream<H> {
    return new HeadStream(each(heads));
  }

  /** Those that are left of at most this size. */
  async upTo(size: number): Promise<H[]> {
    const taken: H[] = [];
    for (;;) {
      this.next ??= (await this.heads.next()).value ?? null;
      if (this.next === null || this.next.size > size) return taken;
      taken.push(this.next);
      this.next = undefined;
    }
  }
}

/** Items that are at hand, taken as one takes those of a stream. */
// oxlint-disable-next-line typescript/require-await -- nothing to wait for
export async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}
