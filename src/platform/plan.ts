import {
  type FragmentDefinitionNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type GraphQLResolveInfo,
  isInputObjectType,
  isLeafType,
  isNonNullType,
  isScalarType,
  type OperationDefinitionNode,
} from 'graphql';
import { collectFields } from 'graphql/execution/collectFields';
import { fits } from './arguments';
import { Planned } from './asked';
import { Hidden } from './compile';
import type { Context } from './context';
import { DomainError } from './errors';
import { type JsonText, objectText } from './json-text';
import { Slot, supply, type Supplied } from './slot';
import type { Sql } from './sql';
import { nameOf, type Statement } from './statements';

/** What cannot be planned is answered the ordinary way, by graphql-js; the reason is counted. */
export class Unplanned extends Error {
  constructor(readonly reason: 'introspection' | 'refused' | 'hidden' | 'variables' | 'no read') {
    super(`A document cannot be planned: ${reason}.`);
  }
}

export type Variables = Readonly<Record<string, unknown>>;
export type VariableTypes = readonly (readonly [name: string, type: GraphQLInputType])[];
type Path = readonly string[];

/** What a plan is made of: its statement, and values that do not stand in it but may be refused. */
export interface Compiled {
  readonly statement: Sql;
  readonly heeded: readonly unknown[];
  /** Whether it reads what is told when it is read. */
  readonly told: boolean;
}

/** A document as one statement, for every request of its kind. */
export class Plan implements Statement {
  /** How often it was run. */
  uses = 0;
  readonly name: string;
  readonly text: string;
  private readonly values: readonly unknown[];
  private readonly slots: readonly (readonly [index: number, value: unknown])[];
  private readonly heeded: readonly unknown[];
  readonly told: boolean;

  constructor({ statement, heeded, told }: Compiled) {
    this.told = told;
    const { text, values } = statement.toQuery();
    this.text = text;
    this.name = nameOf(text);
    this.values = values;
    this.slots = values.flatMap((value, index) => (hasSlot(value) ? [[index, value] as const] : []));
    this.heeded = heeded.filter(hasSlot);
  }

  /** The parameters of one request. Throws what a value of it is refused with. */
  bind(supplied: Supplied): unknown[] {
    for (const value of this.heeded) supply(value, supplied);
    const bound = [...this.values];
    for (const [index, value] of this.slots) bound[index] = supply(value, supplied);
    return bound;
  }
}

const hasSlot = (value: unknown): boolean => value instanceof Slot || (Array.isArray(value) && value.some(hasSlot));

/**
 * What of the variables the text of a statement may always depend on: which are there, which are null, members of input
 * objects, and booleans. Null when a text among them could not be an argument.
 */
export function shapeOf(types: VariableTypes, variables: Variables): string | null {
  let shape = '';
  for (const [name, type] of types) {
    const part = shapeOfValue(type, variables[name]);
    if (part === null) return null;
    shape += `${part};`;
  }
  return shape;
}

function shapeOfValue(type: GraphQLInputType, value: unknown): string | null {
  if (value === undefined) return '-';
  if (value === null) return '0';
  const named = isNonNullType(type) ? type.ofType : type;
  if (isInputObjectType(named)) {
    let shape = '{';
    for (const [key, member] of Object.entries(value)) {
      const part = shapeOfValue(named.getFields()[key]!.type, member);
      if (part === null) return null;
      shape += `${key}:${part},`;
    }
    return `${shape}}`;
  }
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'string') return fits(value) ? 'v' : null;
  return isLeafType(named) && typeof value !== 'object' ? 'v' : JSON.stringify(value);
}

/**
 * The variables as a plan sees them: leaves are slots. `fixed` is told the path of each leaf that the statement's text
 * turns out to depend on.
 */
export function slotted(types: VariableTypes, variables: Variables, fixed: (path: Path) => void): Variables {
  const walk = (type: GraphQLInputType, value: unknown, path: Path): unknown => {
    if (value === null || value === undefined || typeof value === 'boolean') return value;
    const named = isNonNullType(type) ? type.ofType : type;
    if (isInputObjectType(named))
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => [key, walk(named.getFields()[key]!.type, member, [...path, key])]),
      );
    // The shape holds anything else as a whole.
    if (!isLeafType(named) || (isScalarType(named) && typeof value === 'object')) return value;
    return new Slot(
      ({ variables: given }) => at(given, path),
      () => (fixed(path), value),
    );
  };
  return Object.fromEntries(
    types.filter(([name]) => name in variables).map(([name, type]) => [name, walk(type, variables[name], [name])]),
  );
}

/** The leaf at a path; undefined where the variables have another shape. */
export const at = (variables: Variables, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], variables);

/** A query to plan, or a subscription: what one event of it tells. */
export interface Planable {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  fragments: Record<string, FragmentDefinitionNode>;
  variables: Variables;
  /** Whose actor, instant and variables are slots. */
  context: Context;
}

/**
 * Runs every root field's resolver behind its door, and gathers what each would read. Throws Unplanned, or QUERY_TOO_LARGE
 * for the document as a whole.
 */
export async function planned(planable: Planable): Promise<JsonText> {
  const { schema, operation, fragments, variables, context } = planable;
  const type = schema.getRootType(operation.operation)!;
  const members: [key: string, value: JsonText][] = [];
  for (const [key, fieldNodes] of collectFields(schema, fragments, variables, type, operation.selectionSet)) {
    const fieldName = fieldNodes[0]!.name.value;
    const field = type.getFields()[fieldName];
    if (fieldName === '__typename') members.push([key, [`"${type.name}"`]]);
    else if (!field?.resolve) throw new Unplanned('introspection');
    else {
      const info: GraphQLResolveInfo = {
        fieldName,
        fieldNodes,
        returnType: field.type,
        parentType: type,
        path: { key, prev: undefined, typename: type.name },
        schema,
        fragments,
        rootValue: undefined,
        operation,
        variableValues: variables,
      };
      members.push([key, await readOf(() => field.resolve!(undefined, {}, context, info))]);
    }
  }
  return objectText(members);
}

async function readOf(resolve: () => unknown): Promise<JsonText> {
  const answer = await Promise.resolve()
    .then(resolve)
    .catch((error: unknown) => error);
  if (answer instanceof Planned) return answer.json;
  if (answer instanceof Hidden) throw new Unplanned('hidden');
  if (answer instanceof DomainError) throw answer.code === 'QUERY_TOO_LARGE' ? answer : new Unplanned('refused');
  if (answer instanceof Error) throw answer;
  throw new Unplanned('no read');
}
