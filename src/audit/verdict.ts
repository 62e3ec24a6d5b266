import type { Finding } from './findings';

/** A finding with the instants that it lies between, as signed heads say them; null where none does. */
export interface TimedFinding extends Finding {
  readonly between: readonly [after: string | null, before: string | null];
}

/** What a verification came to. */
export interface Verdict {
  /** Of all findings those at the first places. */
  readonly findings: readonly TimedFinding[];
  /** How many there are. */
  readonly total: number;
  /** How much was looked at, by what it is. */
  readonly checked: Readonly<Record<string, number>>;
  /** What whoever reads the verdict has to know: above all, what was not looked at. */
  readonly notes: readonly string[];
}
