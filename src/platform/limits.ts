import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { refuse } from './errors';

/** The longest document that is parsed. The introspection of an explorer has about 600 tokens. */
export const MAX_TOKENS = 10_000;

/** Root fields of one operation, aliases and those within fragments included. */
export const MAX_ROOT_FIELDS = 50;

/**
 * What the reads of one request may cost together, estimated from page sizes before anything runs: rows fetched, values
 * written, and fields compiled, aliases included.
 */
export const BUDGET = { rows: 200_000, values: 500_000, pairs: 2_000 } as const;

/** What a list without a page size is counted as. */
export const ROWS_OF_A_LIST = 10;

/** A validation rule: each root field is work of its own, and a refused one an event of the trail. */
export function limitRootFields(context: ValidationContext): ASTVisitor {
  // Each fragment is counted once: it may be spread any number of times, also within itself.
  const known = new Map<FragmentDefinitionNode, number>();
  const countOf = (fragment: FragmentDefinitionNode | null | undefined): number => {
    if (!fragment) return 0;
    if (!known.has(fragment)) {
      known.set(fragment, 0);
      known.set(fragment, count(fragment.selectionSet));
    }
    return known.get(fragment)!;
  };
  const count = (set: SelectionSetNode): number =>
    set.selections.reduce((fields, selection) => {
      if (selection.kind === Kind.FIELD) return fields + 1;
      if (selection.kind === Kind.INLINE_FRAGMENT) return fields + count(selection.selectionSet);
      return fields + countOf(context.getFragment(selection.name.value));
    }, 0);
  return {
    OperationDefinition(operation) {
      if (count(operation.selectionSet) > MAX_ROOT_FIELDS)
        context.reportError(new GraphQLError(`An operation has at most ${MAX_ROOT_FIELDS} root fields.`));
    },
  };
}

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
