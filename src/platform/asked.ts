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
import { Budget } from './limits';
import type { Submitted } from './operation';
import type { PageArgs } from './pagination';
import { column, idOrNothing, type Read, type Viewing } from './read';
import { join, literal, raw, sql, type Sql } from './sql';
import { asRefusal } from './transaction';

/** Every read of the schema by the GraphQL type that it answers. */
export type Reads = ReadonlyMap<string, Read>;

/** Errors of reading a payload whose operation was carried out: no refusals, whatever their code. */
export const afterTheFact = new WeakSet<Error>();

/** What a root field was asked: who asks, and what is selected below. A resolver is one line on it. */
export class Asked {
  private readonly selection: Selection;

  constructor(
    readonly context: Context,
    private readonly info: GraphQLResolveInfo,
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
    this.assertReadable();
    const submitted = await this.context.app.submit(this.context, operation, input);
    try {
      return await this.payload(submitted);
    } catch (error) {
      if (error instanceof Error) afterTheFact.add(error);
      throw error;
    }
  }

  /** Compiles what is asked of the payload before anything is done: a mutation that was carried out must not look refused. */
  private assertReadable(): void {
    const { compiler } = this;
    for (const nodes of compiler.fieldsOf(this.selection).values()) {
      const below = compiler.below(this.selection, nodes);
      const read = below && this.reads.get((getNamedType(below.type) as GraphQLObjectType).name);
      if (below && read) compiler.one(read, () => raw('false'), below);
    }
  }

  /**
   * A payload: `outcome` and other plain values as they are, objects by the ids that the operation gave. All objects of
   * it come from one statement.
   */
  private async payload(submitted: Submitted): Promise<unknown> {
    // What it costs was spent before it was submitted.
    const compiler = new Compiler(this.info, this.context, new Budget());
    const given: Record<string, unknown> = {
      outcome: submitted.outcome,
      changeRequest: submitted.changeRequestId,
      ...submitted.result,
    };
    const answer = Object.create(null) as Record<string, unknown>;
    const objects: Sql[] = [];
    for (const [key, nodes] of compiler.fieldsOf(this.selection)) {
      const below = compiler.below(this.selection, nodes);
      if (!below) continue;
      const value = given[nodes[0]!.name.value] ?? null;
      const read = this.reads.get((getNamedType(below.type) as GraphQLObjectType).name);
      if (read && value !== null) objects.push(sql`${literal(key)}, ${byIds(compiler, read, value, below)}`);
      else answer[key] = rekey(compiler, value, below);
    }
    const read = objects.length > 0 ? await this.select(sql`json_build_object(${join(objects, ', ')})`) : {};
    return { ...answer, ...(read as object) };
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

const byIds = (compiler: Compiler, read: Read, ids: unknown, selection: Selection): Sql =>
  Array.isArray(ids)
    ? compiler.list(read, (row) => sql`${column(row, 'id')} = any(${ids}::uuid[])`, 'id', selection)
    : compiler.one(read, (row) => sql`${column(row, 'id')} = ${ids}::uuid`, selection);
