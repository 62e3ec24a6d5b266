import type { Figures } from './billing-run.entity';
import { type Draft, minorOf } from './draft.rules';
import { sumOf } from '../platform/money';

/** What was billed of such periods before, latest first. */
export interface Usual {
  readonly subtotalMinor: bigint;
  readonly lines: number;
}

/** How far off is too far. */
export interface Fuse {
  /** Percent by which a subtotal may lie above or below the average. */
  readonly percent: number;
}

/** So many invoices are looked back at; with fewer than so many nothing is usual yet. */
export const LOOKED_BACK = 6;
const NEEDED = 3;
/** Far more lines: more than twice as many as usual, and so many beside. */
const LINES = { times: 2, more: 10 };

/** What the fuse makes of a draft: whether its subtotal is far off the average of the last invoices, or it has far more lines. */
export function figuresOf(draft: Draft, usual: readonly Usual[], { percent }: Fuse): Figures {
  const subtotal = sumOf(draft.cycles.map(minorOf));
  const lines = draft.cycles.reduce((sum, cycle) => sum + cycle.lines.length, 0);
  const known = usual.length >= NEEDED;
  const count = BigInt(usual.length);
  const sum = sumOf(usual.map(({ subtotalMinor }) => subtotalMinor));
  const usualLines = known ? usual.reduce((all, each) => all + each.lines, 0) / usual.length : null;
  // Sums, so that nothing is divided: |subtotal × n − sum| × 100 > sum × percent.
  const off = subtotal * count - sum;
  const isFarOff = known && (off < 0n ? -off : off) * 100n > sum * BigInt(percent);
  return {
    currency: draft.currency,
    periodFrom: draft.from,
    periodUntil: draft.until,
    subtotalMinor: String(subtotal),
    lines,
    usualMinor: known ? String(sum / count) : null,
    usualLines: usualLines === null ? null : Math.round(usualLines),
    blown: isFarOff || (usualLines !== null && lines > usualLines * LINES.times + LINES.more),
  };
}
