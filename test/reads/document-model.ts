import fc from 'fast-check';
import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from 'graphql';
import { WORKED_OUT } from './everything';
import type { Samples } from './samples';

/**
 * A document before it is written: what is chosen at random, from the schema alone, so that a new type or field is asked
 * for without a word here. Which response keys, variables and fragments it comes to is the writer's to decide.
 */
export interface DocumentModel {
  operations: { named: boolean; selections: SelectionModel[] }[];
  /** Which one is asked for, where there are several. */
  chosen: number;
}

export type SelectionModel =
  | {
      kind: 'field';
      name: string;
      alias: string;
      directives: DirectiveModel[];
      args: Args;
      below: SelectionModel[];
      /** What is asked below it when it is named once more, under the same key: the two are one field. */
      again: SelectionModel[];
    }
  | { kind: 'inline'; typed: boolean; directives: DirectiveModel[]; below: SelectionModel[] }
  | { kind: 'fragment'; reuse: boolean; directives: DirectiveModel[]; below: SelectionModel[] };

export interface DirectiveModel {
  name: 'include' | 'skip';
  when: ValueModel;
}

export type Args = Record<string, ValueModel>;

/** A JSON value, as a literal, as a variable, or an object with variables within it. `given: false` is an absent one. */
export type ValueModel =
  | { kind: 'literal'; value: unknown }
  | { kind: 'object'; fields: Args }
  | { kind: 'variable'; strict: boolean; shared: boolean; fallback: Maybe; runs: Maybe[] }
  // The cursor of some row of the list, in the order that its page has.
  | { kind: 'cursor'; row: number; variable: boolean; foreign: boolean };

export type Maybe = { given: true; value: unknown } | { given: false };

/** How many sets of values a variable has. */
export const RUNS = 2;

/** How deep objects lie within each other at most. */
export const DEPTH = 9;

const PAGING = ['first', 'last', 'after', 'before'];

/** Lists that are as long as the schema, whose order the specification leaves open; and what is worked out instead of read. */
const LEFT_OUT = new Set(['__Schema.types', '__Type.possibleTypes', '__Schema.directives', ...WORKED_OUT]);

/** Aliases that might mean something else to somebody. */
const ALIASES =
  `a b c id code nodes node edges cursor totalCount pageInfo status amount data errors n t1 node_0 o then constructor
  toString __proto__ hasOwnProperty`.split(/\s+/);

const NOTHING = fc.constant<SelectionModel[]>([]);

const leafless = (type: GraphQLOutputType) => /(Connection|Edge)$/.test(getNamedType(type).name);

/** Makes documents of a schema, with values from what there is. */
export class DocumentModels {
  private readonly known = new Map<string, fc.Arbitrary<SelectionModel[]>>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly samples: Samples,
  ) {}

  readonly document = (): fc.Arbitrary<DocumentModel> => {
    const query = this.schema.getQueryType()!;
    // Mostly one root field: where there are many, somebody is refused one of them.
    const root = this.selection(query, DEPTH);
    const selections = fc.oneof(
      { weight: 2, arbitrary: fc.tuple(root) },
      { weight: 1, arbitrary: fc.array(root, { minLength: 2, maxLength: 4, size: 'max' }) },
    );
    const operation = fc.record({ named: fc.boolean(), selections });
    return fc.record({
      operations: fc.oneof(
        { weight: 6, arbitrary: fc.tuple(operation) },
        { weight: 1, arbitrary: fc.array(operation, { minLength: 2, maxLength: 3 }) },
      ),
      chosen: fc.nat(2),
    });
  };

  private selections(type: GraphQLObjectType, depth: number): fc.Arbitrary<SelectionModel[]> {
    const key = `${type.name}/${depth}`;
    const known = this.known.get(key);
    if (known) return known;
    const maxLength = depth > 3 ? 4 : 3;
    const made = fc.array(this.selection(type, depth), { minLength: 1, maxLength, size: 'max' });
    this.known.set(key, made);
    return made;
  }

  private selection(type: GraphQLObjectType, depth: number): fc.Arbitrary<SelectionModel> {
    const fields = Object.values(type.getFields()).filter(({ name }) => !LEFT_OUT.has(`${type.name}.${name}`));
    const isQuery = type === this.schema.getQueryType();
    const leaves = fields.filter(({ type: of }) => !isObjectType(getNamedType(of)));
    const objects = fields.filter(({ type: of }) => isObjectType(getNamedType(of)));
    const typename = this.field('__typename', '', [], NOTHING);
    const of = (field: GraphQLField<unknown, unknown>) => {
      const named = getNamedType(field.type);
      // graphql-js refuses an introspection that goes round in circles.
      const deepest = named.name.startsWith('__') ? Math.min(depth - 1, 2) : depth - 1;
      const below = isObjectType(named) ? this.selections(named, deepest) : NOTHING;
      return this.field(field.name, named.name, field.args, below);
    };
    const choices: fc.WeightedArbitrary<SelectionModel>[] = [{ weight: 1, arbitrary: typename }];
    if (leaves.length > 0) choices.push({ weight: 8, arbitrary: fc.oneof(...leaves.map(of)) });
    if (depth > 0) {
      const weight = leafless(type) ? 20 : isQuery ? 20 : 7;
      if (objects.length > 0) choices.push({ weight, arbitrary: fc.oneof(...objects.map(of)) });
      const below = this.selections(type, Math.min(depth - 1, 5));
      const directives = this.directives();
      choices.push(
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('inline'), typed: fc.boolean(), directives, below }) },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('fragment'), reuse: fc.boolean(), directives, below }) },
      );
    }
    if (isQuery) choices.push({ weight: 1, arbitrary: fc.oneof(of(SchemaMetaFieldDef), of(TypeMetaFieldDef)) });
    return fc.oneof(...choices);
  }

  private field(name: string, named: string, args: readonly GraphQLArgument[], below: fc.Arbitrary<SelectionModel[]>) {
    const alias = fc.oneof(
      { weight: 3, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constantFrom(...ALIASES) },
    );
    const directives = this.directives();
    const kind = fc.constant('field' as const);
    const again = fc.oneof({ weight: 12, arbitrary: NOTHING }, { weight: 1, arbitrary: below });
    return fc.record({ kind, name: fc.constant(name), alias, directives, args: this.args(named, args), below, again });
  }

  private directives(): fc.Arbitrary<DirectiveModel[]> {
    const when = this.value(this.schema.getDirective('include')!.args[0]!.type, 'if', '');
    const one = fc.record({ name: fc.constantFrom('include' as const, 'skip' as const), when });
    return fc.oneof(
      { weight: 12, arbitrary: fc.constant<DirectiveModel[]>([]) },
      { weight: 1, arbitrary: fc.uniqueArray(one, { minLength: 1, maxLength: 2, selector: ({ name }) => name }) },
    );
  }

  private args(named: string, args: readonly GraphQLArgument[]): fc.Arbitrary<Args> {
    const paged = PAGING.every((name) => args.some((arg) => arg.name === name));
    const of = ({ name, type }: GraphQLArgument): fc.Arbitrary<ValueModel> =>
      paged && (name === 'after' || name === 'before') ? this.cursor() : this.value(type, name, named);
    const needed = args.filter(({ type }) => isNonNullType(type)).map(({ name }) => name);
    const seldom = args.filter(({ name }) => paged && ['after', 'before', 'last'].includes(name));
    const often = args.filter((arg) => !seldom.includes(arg));
    const some = (those: readonly GraphQLArgument[]) =>
      fc.record(Object.fromEntries(those.map((arg) => [arg.name, of(arg)])), {
        requiredKeys: needed.filter((name) => those.some((arg) => arg.name === name)),
      }) as fc.Arbitrary<Args>;
    if (seldom.length === 0) return some(often);
    return fc
      .tuple(some(often), fc.oneof({ weight: 1, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: some(seldom) }))
      .map(([one, other]) => ({ ...one, ...other }));
  }

  private cursor(): fc.Arbitrary<ValueModel> {
    const foreign = fc.oneof(
      { weight: 40, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    );
    return fc.record({ kind: fc.constant('cursor'), row: fc.nat(200), variable: fc.boolean(), foreign });
  }

  private value(type: GraphQLInputType, name: string, of: string): fc.Arbitrary<ValueModel> {
    const inner = isNonNullType(type) ? type.ofType : type;
    const nullable = inner === type;
    const plain = this.plain(inner, name, of);
    const orNull = nullable
      ? fc.oneof({ weight: 9, arbitrary: plain }, { weight: 1, arbitrary: fc.constant(null) })
      : plain;
    const given = (values: fc.Arbitrary<unknown>): fc.Arbitrary<Maybe> =>
      values.map((value) => ({ given: true as const, value }));
    const absent = fc.constant<Maybe>({ given: false });
    const runs = (values: fc.Arbitrary<Maybe>) => fc.array(values, { minLength: RUNS, maxLength: RUNS });
    const base = { kind: fc.constant('variable' as const), shared: fc.boolean() };
    const choices: fc.WeightedArbitrary<ValueModel>[] = [
      { weight: 4, arbitrary: orNull.map((value) => ({ kind: 'literal' as const, value })) },
      // `T!`, always given.
      {
        weight: 1,
        arbitrary: fc.record({ ...base, strict: fc.constant(true), fallback: absent, runs: runs(given(plain)) }),
      },
      // `T! = …`, and `T = …` where null is no value: given or not.
      {
        weight: 1,
        arbitrary: fc.record({
          ...base,
          strict: fc.boolean(),
          fallback: given(plain),
          runs: runs(fc.oneof(given(plain), absent)),
        }),
      },
    ];
    if (nullable)
      choices.push({
        weight: 3,
        arbitrary: fc.record({
          ...base,
          strict: fc.constant(false),
          fallback: fc.oneof(absent, given(orNull)),
          runs: runs(fc.oneof({ weight: 3, arbitrary: given(orNull) }, { weight: 1, arbitrary: absent })),
        }),
      });
    if (isInputObjectType(inner)) {
      const fields = Object.values(inner.getFields());
      const within = fc.record(
        Object.fromEntries(fields.map((each) => [each.name, this.value(each.type, each.name, of)])),
        {
          requiredKeys: fields.filter((each) => isNonNullType(each.type)).map((each) => each.name),
        },
      ) as fc.Arbitrary<Args>;
      choices.push({
        weight: 5,
        arbitrary: few(within).map((object) => ({ kind: 'object' as const, fields: object })),
      });
    }
    return fc.oneof(...choices);
  }

  /** A JSON value of an input type. */
  private plain(type: GraphQLInputType, name: string, of: string): fc.Arbitrary<unknown> {
    if (isNonNullType(type)) return this.plain(type.ofType, name, of);
    // A list of one may be written as the one.
    if (isListType(type)) {
      const item = this.plain(type.ofType, name, of);
      return fc.oneof(fc.array(item, { maxLength: 3 }), item);
    }
    if (isEnumType(type)) return fc.constantFrom(...type.getValues().map((each) => each.name));
    if (!isInputObjectType(type)) return fc.constantFrom(...this.samples.of(type.name, name, of));
    const fields = Object.values(type.getFields());
    const required = fields.filter((each) => isNonNullType(each.type)).map((each) => each.name);
    const values = fields.map((each): [string, fc.Arbitrary<unknown>] => [
      each.name,
      isNonNullType(each.type)
        ? this.plain(each.type, each.name, of)
        : fc.oneof(
            { weight: 6, arbitrary: this.plain(each.type, each.name, of) },
            { weight: 1, arbitrary: fc.constant(null) },
          ),
    ]);
    return few(
      fc.record(Object.fromEntries(values), { requiredKeys: required }) as fc.Arbitrary<Record<string, unknown>>,
    );
  }
}

/** Some fields of an object, mostly one: all that is given must hold, and rarely does. */
const few = <T>(objects: fc.Arbitrary<Record<string, T>>): fc.Arbitrary<Record<string, T>> =>
  fc
    .tuple(objects, fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(3) }), fc.nat(20))
    .map(([object, count, from]) => {
      const entries = Object.entries(object);
      const start = entries.length === 0 ? 0 : from % entries.length;
      return Object.fromEntries([...entries.slice(start), ...entries.slice(0, start)].slice(0, count));
    });
