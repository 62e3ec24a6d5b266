import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLInputType,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { at, type Compiled, Plan, shapeOf, slotted, Unplanned, type Variables, type VariableTypes } from './plan';

/** What is known of an operation of a document for a kind of viewer. */
interface Known {
  readonly id: number;
  readonly types: VariableTypes;
  readonly fragments: Record<string, FragmentDefinitionNode>;
  /** Leaves of variables that the text of the statement depends on: page sizes and orders. */
  readonly fixed: Map<string, readonly string[]>;
}

/** A query that was validated, and the kind of viewer who sends it. */
export interface Sent {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  /** Viewers of one kind differ in values alone: see access/identify.ts. */
  kind: string;
  variables: Variables;
}

export type Compile<S extends Sent> = (
  sent: S,
  fragments: Known['fragments'],
  variables: Variables,
) => Promise<Compiled>;

/** How many operations, and how many statements, are kept; the least recently used go first. */
const OPERATIONS = 1000;
const PLANS = 2000;

/** The plans of one process: one for each document, operation, kind of viewer, and whatever else shapes the statement. */
export class Plans<S extends Sent> {
  private readonly documents = new WeakMap<DocumentNode, number>();
  private readonly operations = new LRUCache<string, Known>({ max: OPERATIONS });
  private readonly plans = new LRUCache<string, Plan | Unplanned>({ max: PLANS });
  private ids = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly compile: Compile<S>,
  ) {}

  get size(): number {
    return this.plans.size;
  }

  /** The plan, if it is there already, or why there is none. */
  find(sent: Sent): Plan | Unplanned | undefined {
    const known = this.knownOf(sent);
    const shape = shapeOf(known.types, sent.variables);
    return shape === null ? UNUSUAL : this.plans.get(keyOf(known, shape, sent.variables));
  }

  /** Makes the plan and keeps it, or keeps why there is none. Throws QUERY_TOO_LARGE. */
  async make(sent: S): Promise<Plan | Unplanned> {
    const known = this.knownOf(sent);
    const variables = slotted(known.types, sent.variables, (path) => known.fixed.set(path.join('.'), path));
    const made = await this.compile(sent, known.fragments, variables).then(
      (compiled) => new Plan(compiled),
      (error: unknown) => {
        if (error instanceof Unplanned) return error;
        throw error;
      },
    );
    // Only now is it known what its text depends on.
    this.plans.set(keyOf(known, shapeOf(known.types, sent.variables)!, sent.variables), made);
    return made;
  }

  private knownOf({ document, operation, kind }: Sent): Known {
    const key = `${this.idOf(document)} ${operation.name?.value ?? ''} ${kind}`;
    let known = this.operations.get(key);
    if (!known) {
      known = { id: (this.ids += 1), ...this.declaredIn(document, operation), fixed: new Map() };
      this.operations.set(key, known);
    }
    return known;
  }

  private idOf(document: DocumentNode): number {
    let id = this.documents.get(document);
    if (id === undefined) this.documents.set(document, (id = this.ids += 1));
    return id;
  }

  private declaredIn(document: DocumentNode, operation: OperationDefinitionNode): Pick<Known, 'types' | 'fragments'> {
    const types = (operation.variableDefinitions ?? []).map(
      ({ variable, type }) => [variable.name.value, typeFromAST(this.schema, type) as GraphQLInputType] as const,
    );
    return { types, fragments: fragmentsIn(document) };
  }
}

/** The fragments of a document by their names. */
export function fragmentsIn({ definitions }: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((each) => [each.name.value, each]));
}

const UNUSUAL = new Unplanned('variables');

function keyOf({ id, fixed }: Known, shape: string, variables: Variables): string {
  if (fixed.size === 0) return `${id} ${shape}`;
  const values = [...fixed.values()].map((path) => at(variables, path) ?? null);
  return `${id} ${shape} ${JSON.stringify(values)}`;
}
