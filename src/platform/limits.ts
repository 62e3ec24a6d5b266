import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/** The longest document that is parsed. The introspection of an explorer has about 600 tokens. */
export const MAX_TOKENS = 10_000;

/** Root fields of one operation, aliases and those within fragments included. */
export const MAX_ROOT_FIELDS = 50;

/** What one read may fetch, estimated from its page sizes before anything runs. */
export const MAX_ROWS = 200_000;

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
