/**
 * What one subscription is told: the JSON of one answer after another. Whatever is thrown on the way is told, too, as the last of them. Nothing is read before it is
 * asked for.
 */
export class Telling implements AsyncIterableIterator<string> {
  /** What ended it, if it was an error. */
  endedBy: unknown;
  private over = false;
  /** What is still to be told of its end. */
  private farewell: string | null = null;
  private ended: () => void = () => undefined;

  constructor(
    private readonly source: AsyncIterableIterator<string>,
    private readonly tell: (about: string) => Promise<string | null>,
    private readonly textOf: (error: unknown) => string,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    while (!this.over) {
      try {
        const named = await this.source.next();
        if (named.done) break;
        const text = await this.tell(named.value);
        if (text !== null && !this.over) return { done: false, value: text };
      } catch (error) {
        await this.endWith(error);
      }
    }
    const value = this.farewell;
    this.farewell = null;
    if (value !== null) return { done: false, value };
    await this.return();
    return { done: true, value: undefined };
  }

  /** Ends at once, also whoever waits for the next. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.over = true;
    this.ended();
    await this.source.return!();
    return { done: true, value: undefined };
  }

  /** Ends at once with an error, which is the last that is told. */
  async endWith(error: unknown): Promise<void> {
    if (this.over) return;
    this.endedBy = error;
    this.farewell = this.textOf(error);
    await this.return();
  }

  /** Called when it has ended, however. */
  onEnd(then: () => void): void {
    this.ended = then;
  }
}
