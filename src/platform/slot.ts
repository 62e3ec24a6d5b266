/** What one request brings to a plan that was compiled for many: the bearer of the session, the instant, its variables. */
export interface Supplied {
  readonly viewer: object;
  readonly now: Date;
  /** The id of the row that a subscriber is to be told of. */
  readonly about?: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * A place for a value that each request brings anew: a leaf of a variable, an id of the viewer, the instant. What is
 * compiled cannot look into it, so that what was compiled for one request holds for every other of its kind.
 */
export class Slot<T = unknown> {
  /**
   * @param of The value, at each request.
   * @param fix The value of the request that it is compiled for, where the text of the statement may depend on it. Whoever
   *   asks makes the plan one for this value alone.
   */
  constructor(
    readonly of: (supplied: Supplied) => T,
    private readonly fix?: () => T,
  ) {}

  map<U>(change: (value: T) => U): Slot<U> {
    return new Slot((supplied) => change(this.of(supplied)));
  }

  fixed(): T {
    if (!this.fix) throw new Error('The text of a statement cannot depend on this value.');
    return this.fix();
  }
}

/** The value itself, where the statement's text depends on it: a page size, an order. */
export const known = <T>(value: T | Slot<T>): T => (value instanceof Slot ? value.fixed() : value);

/** A change to a value, whether it is here or comes with each request. */
export const lift = <T, U>(value: T | Slot<T>, change: (value: T) => U): U | Slot<U> =>
  value instanceof Slot ? value.map(change) : change(value);

/** A value as a request brings it, lists of slots included. */
export function supply(value: unknown, supplied: Supplied): unknown {
  if (value instanceof Slot) return value.of(supplied);
  return Array.isArray(value) ? value.map((each) => supply(each, supplied)) : value;
}

/** The instant of the request. */
export const NOW = new Slot(({ now }) => now.toISOString());

/** The row that a subscriber is to be told of. */
export const ABOUT = new Slot(({ about }) => about);
