import {
  getNamedType,
  getNullableType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  isLeafType,
  isListType,
} from 'graphql';
import { createParameterDecorator, type ResolverData } from 'type-graphql';
import { Compiler, type ConnectionArguments, type Selection } from './compile';
import type { Context, Planning } from './context';
import { type JsonText, leafValue, objectText, textOf } from './json-text';
import { Budget, budgetOf } from './limits';
import type { Submitted } from './operation';
import { column, idOrNothing, type Read, type Viewing } from './read';
import { ask } from './pooled';
import { viewingOf } from './scope';
import { ABOUT } from './slot';
import { and, raw, sql, type Sql } from './sql';

/** Every read of the schema by the GraphQL type that it answers. */
export type Reads = ReadonlyMap<string, Read>;

/** Errors of reading a payload whose operation was carried out: no refusals, whatever their code. */
export const afterTheFact = new WeakSet<Error>();

/** A subscriber is not told of this row: it is not for them, or not (any more) what they asked for. */
export class Untold extends Error {}

/** What a root field answers while its document is planned: the expression that will be its JSON. */
export class Planned {
  constructor(readonly json: JsonText) {}
}

/**
 * What a root field was asked: who asks, and what is selected below. A resolver is one line on it. While a document is
 * planned the same resolver runs, behind the same door, and answers what it would read instead of reading it.
 */
export class Asked {
  private readonly selection: Selection;
  private readonly planning: Planning | undefined;

  constructor(
    readonly context: Context,
    private readonly info: GraphQLResolveInfo,
    readonly reads: Reads,
    private readonly compiler = compilerOf(context, info),
  ) {
    this.selection = { nodes: info.fieldNodes, type: info.returnType };
    this.planning = context.planning;
  }

  private get args(): Record<string, unknown> {
    return this.compiler.argumentsOf(this.info.parentType, this.info.fieldNodes);
  }

  /** The row whose id is the argument `id`, or null: unknown and foreign ids are answered alike. */
  one(read: Read): Promise<unknown> {
    const { id } = this.args;
    return this.select(
      this.compiler.one(read, (row) => sql`${column(row, 'id')} = ${idOrNothing(id)}::uuid`, this.selection),
    );
  }

  /** A page, by the field's arguments, of the rows that the viewer may see, or of those that satisfy a condition of ours, too. */
  page(read: Read, where: (row: string, viewing: Viewing) => Sql = () => raw('true')): Promise<unknown> {
    const { viewing } = this.compiler;
    const args = this.args as ConnectionArguments;
    return this.select(this.compiler.connection(read, (row) => where(row, viewing), args, this.selection));
  }

  /**
   * The row that a subscriber is to be told of, if they may see it and it satisfies a condition of ours; rejects with Untold if not, where a plan answers
   * null. Of whoever only knocks (`about` is not there yet) everything is checked and nothing is read.
   */
  async told(read: Read, where: (row: string, viewing: Viewing) => Sql): Promise<unknown> {
    const { viewing } = this.compiler;
    const about = this.planning ? ABOUT : this.context.about;
    const condition = (row: string) => and([sql`${column(row, 'id')} = ${about}::uuid`, where(row, viewing)]);
    const json = this.compiler.one(read, condition, { ...this.selection, type: getNullableType(this.selection.type) });
    if (about === undefined) return null;
    return (await this.select(json)) ?? Promise.reject(new Untold());
  }

  /** A value of ours. */
  value(value: unknown): unknown {
    return this.planning
      ? new Planned(valueText(this.compiler, value, this.selection))
      : rekey(this.compiler, value, this.selection);
  }

  /** A value of ours that has to be looked up or worked out: never part of a plan. */
  async worked(work: (args: Record<string, unknown>) => Promise<unknown>): Promise<unknown> {
    return this.planning ? undefined : this.value(await work(this.args));
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
    const compiler = compilerOf(this.context, this.info, new Budget());
    const given: Record<string, unknown> = {
      outcome: submitted.outcome,
      changeRequest: submitted.changeRequestId,
      ...submitted.result,
    };
    const answer = Object.create(null) as Record<string, unknown>;
    const objects: [key: string, value: JsonText][] = [];
    for (const [key, nodes] of compiler.fieldsOf(this.selection)) {
      const below = compiler.below(this.selection, nodes);
      if (!below) continue;
      const value = given[nodes[0]!.name.value] ?? null;
      const read = this.reads.get((getNamedType(below.type) as GraphQLObjectType).name);
      if (read && value !== null) objects.push([key, byIds(compiler, read, value, below)]);
      else answer[key] = rekey(compiler, value, below);
    }
    const read = objects.length > 0 ? await this.select(objectText(objects)) : {};
    return { ...answer, ...(read as object) };
  }

  private async select(json: JsonText): Promise<unknown> {
    if (this.planning) return new Planned(json);
    const [row] = await ask<{ data: string }>(this.context.app, sql`select ${textOf(json)} as data`.toQuery());
    return JSON.parse(row!.data);
  }
}

/** The parameter of a resolver's method that holds what was asked. */
export const Ask = (): ParameterDecorator =>
  createParameterDecorator(
    ({ context, info }: ResolverData<Context & { reads: Reads }>) => new Asked(context, info, context.reads),
  ) as ParameterDecorator;

function compilerOf(context: Context, info: GraphQLResolveInfo, budget = budgetOf(context)): Compiler {
  const { actor, app, planning, sessionId } = context;
  return new Compiler({
    info,
    cursorKey: app.keys.cursor,
    budget: planning?.budget ?? budget,
    final: planning !== undefined,
    heed: planning?.heed ?? (() => undefined),
    tell: planning?.tell ?? (() => context.asked && app.readings.note(context, context.asked)),
    viewing: viewingOf(actor, planning?.now ?? app.clock(), sessionId),
  });
}

/**
 * A plain value of ours (a payload's outcome, the viewer) keyed by response keys, like everything that a compiled read
 * answers, so that one rule holds for all fields: what is under the response key is the value.
 */
function rekey(compiler: Compiler, value: unknown, selection: Selection): unknown {
  const type = getNullableType(selection.type);
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

/** The same as JSON for a plan: what differs from viewer to viewer are slots. */
function valueText(compiler: Compiler, value: unknown, selection: Selection): JsonText {
  const type = getNullableType(selection.type);
  if (value === null || value === undefined) return ['null'];
  if (isListType(type)) {
    const items = (value as unknown[]).map((each) => valueText(compiler, each, { ...selection, type: type.ofType }));
    return ['[', ...items.flatMap((item, index) => (index === 0 ? item : [',', ...item])), ']'];
  }
  if (isLeafType(type)) return leafValue(value);
  return compiler.build(selection, (field, below) =>
    valueText(compiler, (value as Record<string, unknown>)[field], below),
  );
}

const byIds = (compiler: Compiler, read: Read, ids: unknown, selection: Selection): JsonText =>
  Array.isArray(ids)
    ? compiler.list(
        { read, parent: null, where: (row) => sql`${column(row, 'id')} = any(${ids}::uuid[])`, order: 'id' },
        selection,
      )
    : compiler.one(read, (row) => sql`${column(row, 'id')} = ${ids}::uuid`, selection);
