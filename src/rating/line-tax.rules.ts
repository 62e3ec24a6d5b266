import { fractionOf, whole } from '../platform/exact';
import { exact, percentOfMinor } from '../platform/money';
import type { RatedLine } from './billed-lines.rules';

/** A line with its number, and its amount and tax: where rates have the tax in them, taken out of what was rated. */
export type TaxedLine = RatedLine & {
  readonly lineNumber: number;
  readonly taxRate: string;
  readonly amountMinor: bigint;
  readonly taxMinor: bigint;
  readonly totalMinor: bigint;
};

export const taxed = <L extends RatedLine>(lines: readonly L[]): (L & TaxedLine)[] =>
  lines.map((line, index) => {
    const { taxRate, taxInclusive } = line.version;
    const amountMinor = taxInclusive ? netOf(line.minor, taxRate) : line.minor;
    const taxMinor = taxInclusive ? line.minor - amountMinor : percentOfMinor(line.minor, taxRate);
    return { ...line, lineNumber: index + 1, taxRate, amountMinor, taxMinor, totalMinor: amountMinor + taxMinor };
  });

const netOf = (grossMinor: bigint, taxRate: string): bigint =>
  whole(fractionOf(grossMinor).div(exact(taxRate).div(100).add(1)), 'HALF_EVEN');
