import {
  getNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';
import { createParameterDecorator, type ResolverData } from 'type-graphql';
import { Compiler, type Selection } from './compile';
import type { Context } from './context';
import type { Submitted } from './operation';
import type { PageArgs } from './pagination';
import { column, idOrNothing, type Read, type Viewing } from './read';
import { join, literal, raw, sql, type Sql } from './sql';
import { asRefusal } from './transaction';

/** Every read of the schema by the GraphQL type that it answers. */
export type Reads = ReadonlyMap<string, Read>;

/** What a root field was asked: who asks, and what is selected below. A resolver is one line on it. */
export class Asked {
  private readonly selection: Selection;

  constructor(
    readonly context: Context,
    info: GraphQLResolveInfo,
    private readonly reads: Reads,
    private readonly compiler = new Compiler(info, context),
  ) {
    this.selection = { nodes: info.fieldNodes, type: info.returnType };
  }

  /** The row of that id, or null: unknown and foreign ids are answered alike. */
  one(read: Read, id: string): Promise<unknown> {
    return this.select(
      this.compiler.one(read, (row) => sql`${column(row, 'id')} = ${idOrNothing(id)}::uuid`, this.selection),
    );
  }

  /** A page of the rows that the viewer may see, or of those that satisfy a condition of ours, too. */
  page(
    read: Read,
    args: PageArgs,
    where: (row: string, viewing: Viewing) => Sql = () => raw('true'),
  ): Promise<unknown> {
    return this.select(
      this.compiler.connection(read, (row) => where(row, this.compiler.viewing), args, this.selection),
    );
  }

  /** A value of ours. */
  value(value: unknown): unknown {
    return rekey(this.compiler, value, this.selection);
  }

  /** Submits an operation and answers its payload, whose objects are read with the submitter's rights afterwards. */
  async submit(operation: string, input: object): Promise<unknown> {
    return this.payload(await this.context.app.submit(this.context, operation, input));
  }

  /**
   * A payload: `outcome` and other plain values as they are, objects by the ids that the operation gave. All objects of
   * it come from one statement.
   */
  async payload(submitted: Submitted): Promise<unknown> {
    const given: Record<string, unknown> = {
      outcome: submitted.outcome,
      changeRequest: submitted.changeRequestId,
      ...submitted.result,
    };
    const answer = Object.create(null) as Record<string, unknown>;
    const objects: Sql[] = [];
    for (const [key, nodes] of this.compiler.fieldsOf(this.selection)) {
      const below = this.compiler.below(this.selection, nodes);
      if (!below) continue;
      const value = given[nodes[0]!.name.value] ?? null;
      const read = this.reads.get((getNamedType(below.type) as GraphQLObjectType).name);
      if (read && value !== null) objects.push(sql`${literal(key)}, ${this.byIds(read, value, below)}`);
      else answer[key] = rekey(this.compiler, value, below);
    }
    const read = objects.length > 0 ? await this.select(sql`json_build_object(${join(objects, ', ')})`) : {};
    return { ...answer, ...(read as object) };
  }

  private byIds(read: Read, ids: unknown, selection: Selection): Sql {
    return Array.isArray(ids)
      ? this.compiler.list(read, (row) => sql`${column(row, 'id')} = any(${ids}::uuid[])`, 'id', selection)
      : this.compiler.one(read, (row) => sql`${column(row, 'id')} = ${ids}::uuid`, selection);
  }

  private async select(expression: Sql): Promise<unknown> {
    try {
      const { rows } = await this.context.app.database.pool.query<{ data: unknown }>(
        sql`select ${expression} as data`.toQuery(),
      );
      return rows[0]!.data;
    } catch (error) {
      throw asRefusal(error);
    }
  }
}

/** The parameter of a resolver's method that holds what was asked. */
export const Ask = (): ParameterDecorator =>
  createParameterDecorator(
    ({ context, info }: ResolverData<Context & { reads: Reads }>) => new Asked(context, info, context.reads),
  ) as ParameterDecorator;

/**
 * A plain value of ours (a payload's outcome, the viewer) keyed by response keys, like everything that a compiled read
 * answers, so that one rule holds for all fields: what is under the response key is the value.
 */
function rekey(compiler: Compiler, value: unknown, selection: Selection): unknown {
  const type = isNonNullType(selection.type) ? selection.type.ofType : selection.type;
  if (value === null || value === undefined) return null;
  if (isListType(type))
    return (value as unknown[]).map((each) => rekey(compiler, each, { ...selection, type: type.ofType }));
  if (isLeafType(type)) return value;
  const answer = Object.create(null) as Record<string, unknown>;
  for (const [key, nodes] of compiler.fieldsOf(selection)) {
    const below = compiler.below(selection, nodes);
    if (below) answer[key] = rekey(compiler, (value as Record<string, unknown>)[nodes[0]!.name.value], below);
  }
  return answer;
}
