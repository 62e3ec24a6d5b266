import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  parse,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import type { Written } from './write-document';

/** What stays far from every limit, so that no document is refused for its size, and none takes long. */
const MOST = {
  /** Estimated from page sizes. */
  rows: 4_000,
  values: 20_000,
  /** With every fragment put in wherever it is spread, like all that follows. */
  fields: 400,
  aliases: 60,
  directives: 40,
  depth: 12,
  variables: 60,
  fragments: 40,
};
type Cost = typeof MOST;

/** A page without a size. */
const USUAL = 20;
const LISTED = 10;
const PAGED = /^(nodes|edges)$/;
const LISTS = new Set([
  'pendingChanges',
  'lines',
  'items',
  'decisions',
  'revisions',
  'timeline',
  'steps',
  'deceptiveTexts',
  'assignments',
  'roleGrants',
  'changes',
  'permissions',
]);

export function isModest({ text, runs }: Written): boolean {
  const cost = costOf(parse(text), runs);
  return (Object.keys(MOST) as (keyof Cost)[]).every((what) => cost[what] <= MOST[what]);
}

function costOf(document: DocumentNode, runs: Record<string, unknown>[]): Cost {
  const fragments = new Map(
    document.definitions
      .filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION)
      .map((each) => [each.name.value, each]),
  );
  const cost = Object.fromEntries(Object.keys(MOST).map((what) => [what, 0])) as Cost;
  cost.fragments = fragments.size;
  const sizeOf = (node: ValueNode): number =>
    node.kind === Kind.INT
      ? Number(node.value)
      : node.kind === Kind.VARIABLE
        ? Math.max(...runs.map((run) => (run[node.name.value] as number | null | undefined) ?? USUAL))
        : USUAL;
  const page = (field: FieldNode): number => {
    const sizes = (field.arguments ?? []).filter(({ name }) => ['first', 'last'].includes(name.value));
    return sizes.length === 0 ? USUAL : Math.max(...sizes.map(({ value }) => sizeOf(value)));
  };
  const walk = (set: SelectionSetNode, times: number, size: number, depth: number): void => {
    cost.depth = Math.max(cost.depth, depth);
    for (const each of set.selections) {
      cost.directives += each.directives?.length ?? 0;
      if (each.kind === Kind.INLINE_FRAGMENT) walk(each.selectionSet, times, size, depth);
      else if (each.kind === Kind.FRAGMENT_SPREAD)
        walk(fragments.get(each.name.value)!.selectionSet, times, size, depth);
      else {
        const name = each.name.value;
        const below = PAGED.test(name) ? times * (size + 1) : LISTS.has(name) ? times * LISTED : times;
        cost.fields += 1;
        cost.values += times;
        if (each.alias) cost.aliases += 1;
        if (!each.selectionSet) continue;
        cost.rows += below;
        walk(each.selectionSet, below, page(each), depth + 1);
      }
    }
  };
  for (const each of document.definitions)
    if (each.kind === Kind.OPERATION_DEFINITION) {
      cost.variables += each.variableDefinitions?.length ?? 0;
      walk(each.selectionSet, 1, 1, 1);
    }
  return cost;
}
