import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  parse,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { scanDocument } from './document-scan';
import { refuse } from './errors';

/**
 * What a body and a document may be at most, counted before anything is validated or run. Each can be raised by the
 * setting LIMITS; docs/EDGE.md explains them one by one. What a document costs to answer is limits.ts's to say.
 */
export const DEFAULT_LIMITS = {
  /** Bytes of a request's body. */
  body: 1_000_000,
  /** Brackets within each other in a body's JSON: those of variables, mostly. A body of twice as many bytes needs no look. */
  bodyNesting: 2_000,
  /** UTF-16 units of a document: what is long belongs into variables. */
  characters: 100_000,
  /** UTF-16 units of one name: messages of errors repeat names. */
  name: 128,
  /** The introspection of an explorer has about 600. */
  tokens: 10_000,
  /** Brackets of any kind within each other. */
  nesting: 64,
  /** Fields within each other. The introspection of graphql-js has 15. */
  depth: 20,
  /** Over all operations and fragments, each fragment as often as it is spread. */
  aliases: 100,
  directives: 50,
  operations: 50,
  variables: 250,
  /** Definitions of fragments. */
  fragments: 100,
  /** With every fragment put in wherever it is spread. */
  fields: 5_000,
  /** Of one operation: each is work of its own, and a refused one an event of the trail. */
  rootFields: 50,
  /** Work to merge fields of one name in one place: the fields, times how often the name is repeated there. */
  merges: 20_000,
} as const satisfies Record<string, number>;

export type DocumentLimits = Readonly<Record<keyof typeof DEFAULT_LIMITS, number>>;

const CODES = {
  characters: 'DOCUMENT_TOO_LONG',
  name: 'DOCUMENT_NAME_TOO_LONG',
  tokens: 'DOCUMENT_TOO_MANY_TOKENS',
  nesting: 'DOCUMENT_TOO_DEEP',
  depth: 'DOCUMENT_TOO_DEEP',
  aliases: 'DOCUMENT_TOO_MANY_ALIASES',
  directives: 'DOCUMENT_TOO_MANY_DIRECTIVES',
  operations: 'DOCUMENT_TOO_MANY_OPERATIONS',
  variables: 'DOCUMENT_TOO_MANY_VARIABLES',
  fragments: 'DOCUMENT_TOO_MANY_FRAGMENTS',
  fields: 'DOCUMENT_TOO_MANY_FIELDS',
  rootFields: 'DOCUMENT_TOO_MANY_ROOT_FIELDS',
  merges: 'DOCUMENT_TOO_MANY_REPEATS',
} as const satisfies Partial<Record<keyof DocumentLimits, string>>;

const WHAT: Record<keyof typeof CODES, string> = {
  characters: 'characters',
  name: 'characters in a name',
  tokens: 'tokens',
  nesting: 'brackets within each other',
  depth: 'fields within each other',
  aliases: 'aliases',
  directives: 'directives',
  operations: 'operations',
  variables: 'variables',
  fragments: 'fragments',
  fields: 'fields, its fragments put in',
  rootFields: 'root fields in an operation',
  merges: 'units of work to merge repeated fields',
};

/** Refuses when there is more than the limit says. */
function atMost(limits: DocumentLimits, kind: keyof typeof CODES, count: number): void {
  if (count <= limits[kind]) return;
  const limit = limits[kind];
  refuse(CODES[kind], `A document has at most ${limit} ${WHAT[kind]}.`, { limit, setting: `LIMITS=${kind}` });
}

/**
 * Parses a document that keeps within the limits. Takes time in proportion to its length, whatever stands in it, and no
 * more stack than the limits allow. Refuses with one of CODES; throws the GraphQLError of a syntax error.
 */
export function parseWithin(text: string, limits: DocumentLimits): DocumentNode {
  atMost(limits, 'characters', text.length);
  scanDocument(text, (kind, count) => atMost(limits, kind, count));
  const document = parse(text, { maxLexicalTokens: limits.tokens });
  new Measure(document, limits).check();
  return document;
}

/** Of selections with their fragments put in. */
interface Size {
  fields: number;
  aliases: number;
  /** Fields within each other. */
  depth: number;
  /** Selection sets within each other, those of fragments included: how deep whoever walks has to go. */
  nesting: number;
}

const NOTHING: Size = { fields: 0, aliases: 0, depth: 0, nesting: 0 };
const MANY = Number.MAX_SAFE_INTEGER / 4;

/** Looks at each fragment once; what it adds up is exact until it is beyond any limit. */
class Measure {
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  private readonly sizes = new Map<FragmentDefinitionNode, Size | 'under way'>();
  private fields = 0;
  private aliases = 0;
  private merges = 0;

  constructor(
    private readonly document: DocumentNode,
    private readonly limits: DocumentLimits,
  ) {
    this.fragments = fragmentsOf(document);
  }

  check(): void {
    const { limits } = this;
    const fragments = this.document.definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
    const others = this.document.definitions.filter((each) => each.kind !== Kind.FRAGMENT_DEFINITION);
    atMost(limits, 'fragments', fragments.length);
    atMost(limits, 'operations', others.length);
    const operations = others.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    for (const { variableDefinitions, selectionSet } of operations) {
      atMost(limits, 'variables', variableDefinitions?.length ?? 0);
      this.add(this.sizeOf(selectionSet, NOTHING));
      atMost(limits, 'rootFields', fieldsOf([selectionSet], this.fragments).length);
    }
    // A fragment that was reached from an operation is in that one's sum.
    const apart = fragments.filter((each) => {
      const reached = this.sizes.has(each);
      if (!reached) this.add(this.sizeOf(each.selectionSet, NOTHING));
      return !reached;
    });
    // Only now is it known that this comes to an end soon.
    for (const { selectionSet } of [...operations, ...apart]) this.merge([selectionSet]);
  }

  private add({ fields, aliases }: Size): void {
    atMost(this.limits, 'fields', (this.fields += fields));
    atMost(this.limits, 'aliases', (this.aliases += aliases));
  }

  /** `above` is where the selections stand: how deep. */
  private sizeOf({ selections }: SelectionSetNode, above: Pick<Size, 'depth' | 'nesting'>): Size {
    const here = { depth: above.depth, nesting: above.nesting + 1 };
    atMost(this.limits, 'nesting', here.nesting);
    const sum = { ...NOTHING };
    for (const selection of selections) {
      const { fields, aliases, depth, nesting } = this.sizeOfOne(selection, here);
      sum.fields = Math.min(sum.fields + fields, MANY);
      sum.aliases = Math.min(sum.aliases + aliases, MANY);
      sum.depth = Math.max(sum.depth, depth);
      sum.nesting = Math.max(sum.nesting, nesting);
    }
    atMost(this.limits, 'depth', here.depth + sum.depth);
    atMost(this.limits, 'nesting', here.nesting + sum.nesting);
    return { ...sum, nesting: sum.nesting + 1 };
  }

  private sizeOfOne(selection: SelectionNode, above: Pick<Size, 'depth' | 'nesting'>): Size {
    if (selection.kind === Kind.INLINE_FRAGMENT) return this.sizeOf(selection.selectionSet, above);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.sizeOfFragment(selection.name.value, above);
    const { alias, selectionSet } = selection;
    const below = selectionSet ? this.sizeOf(selectionSet, { ...above, depth: above.depth + 1 }) : NOTHING;
    return { ...below, fields: below.fields + 1, aliases: below.aliases + (alias ? 1 : 0), depth: below.depth + 1 };
  }

  /** One that there is not counts as nothing: validation refuses it. */
  private sizeOfFragment(name: string, above: Pick<Size, 'depth' | 'nesting'>): Size {
    const fragment = this.fragments.get(name);
    if (!fragment) return NOTHING;
    const known = this.sizes.get(fragment);
    if (known === 'under way') throw withinItself(name);
    if (known) return known;
    this.sizes.set(fragment, 'under way');
    const size = this.sizeOf(fragment.selectionSet, above);
    this.sizes.set(fragment, size);
    return size;
  }

  /** What validation and execution do with fields that stand in one place under one name: compare each with each. */
  private merge(sets: readonly SelectionSetNode[]): void {
    // Most keys stand once, and are not worth a list.
    const together = new Map<string, FieldNode | FieldNode[]>();
    for (const field of fieldsOf(sets, this.fragments)) {
      const key = (field.alias ?? field.name).value;
      const same = together.get(key);
      if (!same) together.set(key, field);
      else if (Array.isArray(same)) same.push(field);
      else together.set(key, [same, field]);
    }
    for (const same of together.values()) {
      if (!Array.isArray(same)) {
        if (same.selectionSet) this.merge([same.selectionSet]);
        continue;
      }
      this.merges += (same.length - 1) * same.reduce((sum, each) => sum + weight(each), 0);
      atMost(this.limits, 'merges', this.merges);
      const below = same.flatMap(({ selectionSet }) => selectionSet ?? []);
      if (below.length > 0) this.merge(below);
    }
  }
}

/** Arguments are compared by their text. */
const weight = ({ arguments: given }: FieldNode): number =>
  given?.length ? 1 + Math.ceil((given.at(-1)!.loc!.end - given[0]!.loc!.start) / 16) : 1;

/** Here, since it is what keeps every later walk from coming to an end; validation would say the same. */
const withinItself = (name: string) =>
  new GraphQLError(`Cannot spread fragment "${name}" within itself.`, {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });

/** As graphql-js looks them up: of two that share a name, the last. */
const fragmentsOf = ({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])));

/** The root fields of every operation, those of fragments included. */
export function rootFieldsOf(document: DocumentNode): FieldNode[] {
  const fragments = fragmentsOf(document);
  return document.definitions.flatMap((each) =>
    each.kind === Kind.OPERATION_DEFINITION ? fieldsOf([each.selectionSet], fragments) : [],
  );
}

/** The fields of one place, those of fragments included, each fragment once. */
function fieldsOf(
  sets: readonly SelectionSetNode[],
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): FieldNode[] {
  const found: FieldNode[] = [];
  const seen = new Set<string>();
  const look = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) found.push(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT) look(selection.selectionSet);
      else {
        const { value: name } = selection.name;
        const fragment = seen.has(name) ? undefined : fragments.get(name);
        seen.add(name);
        if (fragment) look(fragment.selectionSet);
      }
    }
  };
  sets.forEach(look);
  return found;
}
