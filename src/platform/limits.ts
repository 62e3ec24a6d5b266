import { refuse } from './errors';

/**
 * What the reads of one request may cost together, estimated from page sizes before anything runs: rows fetched, values
 * written, and fields compiled, aliases included.
 */
export const BUDGET = { rows: 200_000, values: 500_000, pairs: 2_000 } as const;

/** What a list without a page size is counted as. */
export const ROWS_OF_A_LIST = 10;

/** What is left of a request's budget. */
export class Budget {
  private readonly spent = { rows: 0, values: 0, pairs: 0 };

  /** Refuses with QUERY_TOO_LARGE what would go beyond. */
  spend(more: Partial<Record<keyof typeof BUDGET, number>>): void {
    for (const kind of Object.keys(BUDGET) as (keyof typeof BUDGET)[]) {
      this.spent[kind] += more[kind] ?? 0;
      if (this.spent[kind] > BUDGET[kind])
        refuse('QUERY_TOO_LARGE', 'A request asks for too much at once: ask for smaller pages, or less often.', {
          limits: BUDGET,
        });
    }
  }
}

const budgets = new WeakMap<object, Budget>();

/** The budget that all root fields of a request share. */
export function budgetOf(request: object): Budget {
  const budget = budgets.get(request) ?? new Budget();
  budgets.set(request, budget);
  return budget;
}
