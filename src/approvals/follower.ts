import { DomainError } from '../platform/errors';

/** A change request that waits, and for what: a word that moves with it. */
export interface Awaiting {
  readonly id: string;
  readonly waitsFor: string;
}

/**
 * The ids that somebody is still to be told, each once however often it was named meanwhile. Who takes them more slowly than they come is let go: the next
 * that is taken throws SUBSCRIBER_TOO_SLOW.
 */
export class Follower implements AsyncIterableIterator<string> {
  private readonly waiting = new Set<string>();
  /** What was handed over at the beginning. */
  private readonly first = new Map<string, string>();
  private wake: () => void = () => undefined;
  private ended = false;
  private fault: DomainError | null = null;

  constructor(
    /** How many may wait at most. */
    private readonly most: number,
    private readonly onEnd: (follower: Follower) => void,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What waited already when this began, in that order; what came in between follows. */
  begin(already: readonly Awaiting[]): void {
    const since = [...this.waiting];
    this.waiting.clear();
    for (const { id, waitsFor } of already) {
      this.first.set(id, waitsFor);
      this.waiting.add(id);
    }
    for (const id of since) this.waiting.add(id);
  }

  tell({ id, waitsFor }: Awaiting): void {
    if (this.ended || this.first.get(id) === waitsFor) return;
    this.first.delete(id);
    this.waiting.add(id);
    if (this.waiting.size > this.most)
      this.fail(new DomainError('SUBSCRIBER_TOO_SLOW', 'You took what you were told more slowly than it came.'));
    this.wake();
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    while (!this.ended && this.waiting.size === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    if (this.fault) throw this.fault;
    const [id] = this.waiting;
    if (this.ended || id === undefined) return { done: true, value: undefined };
    this.waiting.delete(id);
    return { done: false, value: id };
  }

  /** Ends at once, also whoever waits for the next. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  /** The next that is taken throws this, whatever still waits. */
  fail(fault: DomainError): void {
    this.fault ??= fault;
    this.end();
  }

  private end(): void {
    this.ended = true;
    this.waiting.clear();
    this.onEnd(this);
    this.wake();
  }
}
