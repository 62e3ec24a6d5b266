import { addDays } from '../platform/business-time';
import { taxed, taxesFor, taxOf, type TaxedLine, type TaxTotal } from '../taxes/tax.rules';
import type { AccountTerms } from './account-terms';
import type { RatedLine } from './billed-lines.rules';
import type { Draft } from './draft.rules';
import type { RatedCycle } from './rate-account';

/** A line of a draft, with its number, the cycle that it is of, and its taxes. */
export type DraftLine = RatedLine & TaxedLine & { readonly lineNumber: number; readonly cycle: RatedCycle };

/**
 * The lines of a draft and its taxes: what the agreement says, else what tax rules say of the account on the last day of the period. Where rates have
 * the tax in them, it is taken out of what was rated.
 */
export function taxedDraft(
  { cycles, until }: Draft,
  { account: { id: accountId, ...account }, taxRules }: Pick<AccountTerms, 'account' | 'taxRules'>,
): { lines: DraftLine[]; taxes: TaxTotal[] } {
  const byRule = taxesFor(taxRules, { ...account, accountId, on: addDays(until, -1) });
  const lines = cycles.flatMap((cycle) => cycle.lines.map((line) => ({ ...line, cycle })));
  const done = taxed(
    lines.map(({ minor, version: { taxRate, taxInclusive } }) => ({
      amountMinor: minor,
      components: taxRate === null ? byRule : taxOf(taxRate),
      taxInclusive,
    })),
  );
  return {
    lines: lines.map((line, index) => ({ ...line, ...done.lines[index]!, lineNumber: index + 1 })),
    taxes: done.taxes,
  };
}
