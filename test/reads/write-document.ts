import {
  getNamedType,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import {
  type Args,
  DEPTH,
  type DirectiveModel,
  type DocumentModel,
  type Maybe,
  RUNS,
  type SelectionModel,
  type ValueModel,
} from './document-model';
import type { Samples } from './samples';

/** A document as it is sent, with several sets of variables. */
export interface Written {
  text: string;
  runs: Record<string, unknown>[];
  operationName: string | undefined;
}

interface Fragment {
  name: string;
  text: string;
  /** How many objects lie within each other below it. */
  height: number;
}

type Variable = Extract<ValueModel, { kind: 'variable' }>;

/** Writes one document: keys that mean one thing each, variables with types that fit, fragments without circles. */
class Writer {
  private readonly fragments = new Map<string, Fragment[]>();
  private readonly variables = new Map<string, { type: string; fallback: string; runs: Maybe[] }>();
  private readonly shared = new Map<string, string>();
  /** What each response key of a type stands for: two selections of one key must be one field with the same arguments. */
  private readonly keys = new Map<string, Map<string, string>>();
  private height = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly samples: Samples,
  ) {}

  write({ operations, chosen }: DocumentModel): Written {
    const bodies = operations.map(({ selections }) => this.selections(selections, this.schema.getQueryType()!, 0));
    const fragments = [...this.fragments.values()].flat();
    const texts = new Map(fragments.map(({ name, text }) => [name, text]));
    const several = operations.length > 1;
    const names = operations.map(({ named }, index) => (several || named ? ` Q${index}` : ''));
    const written = bodies.map((body, index) => {
      const used = [...this.used(body, texts)].map((name) => {
        const { type, fallback } = this.variables.get(name)!;
        return `$${name}: ${type}${fallback}`;
      });
      const variables = used.length > 0 ? ` (${used.join(', ')})` : '';
      return names[index] === '' && variables === '' ? body : `query${names[index]}${variables} ${body}`;
    });
    return {
      text: [...written, ...fragments.map(({ text }) => text)].join('\n'),
      runs: this.runs(),
      operationName: several ? names[chosen % operations.length]!.trim() : undefined,
    };
  }

  /** One set of values, the same with the leaves of another, so that all but values is alike, and that other one. */
  private runs(): Record<string, unknown>[] {
    const [one, other] = [this.run(0), this.run(1)] as const;
    const alike = Object.entries(one).map(([name, value]) => [name, isAlike(value, other[name]) ? other[name] : value]);
    return [one, Object.fromEntries(alike), other];
  }

  private run(run: number): Record<string, unknown> {
    const given = [...this.variables].flatMap(([name, { runs }]) => {
      const maybe = runs[run]!;
      return maybe.given ? [[name, maybe.value] as const] : [];
    });
    return Object.fromEntries(given);
  }

  /** The variables that a text uses, also within its fragments. */
  private used(text: string, fragments: Map<string, string>, met = new Set<string>()): Set<string> {
    for (const [, name] of text.matchAll(/\$(v\d+)/g)) met.add(name!);
    for (const [, name] of text.matchAll(/\.\.\.(F\d+)/g)) {
      const body = fragments.get(name!)!;
      this.used(body, fragments, met);
    }
    return met;
  }

  private selections(models: readonly SelectionModel[], type: GraphQLObjectType, level: number): string {
    this.height = Math.max(this.height, level);
    return `{ ${models.map((model) => this.selection(model, type, level)).join(' ')} }`;
  }

  private selection(model: SelectionModel, type: GraphQLObjectType, level: number): string {
    const directives = model.directives.map((each) => this.directive(each)).join('');
    if (model.kind === 'field') return this.field(model, type, level, directives);
    if (model.kind === 'inline')
      return `...${model.typed ? ` on ${type.name}` : ''}${directives} ${this.selections(model.below, type, level)}`;
    return `...${this.fragment(model, type, level).name}${directives}`;
  }

  private directive({ name, when }: DirectiveModel): string {
    return ` @${name}(if: ${this.value(when, this.schema.getDirective(name)!.args[0]!.type, 'if')})`;
  }

  private fragment(model: Extract<SelectionModel, { kind: 'fragment' }>, type: GraphQLObjectType, level: number) {
    const known = this.fragments.get(type.name) ?? [];
    // Finished fragments alone, so that none spreads itself.
    const fits = known.filter(({ height }) => level + height <= DEPTH);
    if (model.reuse && fits.length > 0 && !type.name.startsWith('__')) {
      const chosen = fits[model.below.length % fits.length]!;
      this.height = Math.max(this.height, level + chosen.height);
      return chosen;
    }
    const outside = this.height;
    this.height = level;
    const body = this.selections(model.below, type, level);
    const name = `F${[...this.fragments.values()].flat().length}`;
    const made = { name, height: this.height - level, text: `fragment ${name} on ${type.name} ${body}` };
    this.height = Math.max(outside, this.height);
    // Others may have come into the list while this one was written.
    this.fragments.set(type.name, [...(this.fragments.get(type.name) ?? []), made]);
    return made;
  }

  private field(
    model: Extract<SelectionModel, { kind: 'field' }>,
    type: GraphQLObjectType,
    level: number,
    directives: string,
  ): string {
    const definition =
      type.getFields()[model.name] ??
      [TypeNameMetaFieldDef, SchemaMetaFieldDef, TypeMetaFieldDef].find(({ name }) => name === model.name)!;
    const named = getNamedType(definition.type);
    const args = definition.args.flatMap((arg) => {
      const value = model.args[arg.name];
      return value
        ? [`${arg.name}: ${this.value(value, arg.type, arg.name, { of: named.name, args: model.args })}`]
        : [];
    });
    const asked = `${model.name}${args.length > 0 ? `(${args.join(', ')})` : ''}`;
    const key = this.key(type.name, model.alias || model.name, asked);
    const written = `${key === model.name ? '' : `${key}: `}${asked}`;
    const below = (models: SelectionModel[]) =>
      models.length > 0 ? ` ${this.selections(models, named as GraphQLObjectType, level + 1)}` : '';
    const again = model.again.length > 0 ? ` ${written}${below(model.again)}` : '';
    return `${written}${directives}${below(model.below)}${again}`;
  }

  /** The response key that was wished for, if it means nothing else yet; else one of its own. */
  private key(type: string, wished: string, asked: string): string {
    const keys = this.keys.get(type) ?? new Map<string, string>();
    this.keys.set(type, keys);
    const before = keys.get(wished) ?? asked;
    const key = before === asked ? wished : ([...keys].find(([, each]) => each === asked)?.[0] ?? `k${keys.size}`);
    keys.set(key, asked);
    return key;
  }

  private value(model: ValueModel, type: GraphQLInputType, name: string, page?: { of: string; args: Args }): string {
    switch (model.kind) {
      case 'literal':
        return literal(model.value, type);
      case 'variable':
        // A page that begins at a cursor keeps its order to itself.
        return this.variable(
          name === 'orderBy' && hasCursor(page?.args) ? { ...model, shared: false } : model,
          type,
          name,
        );
      case 'cursor':
        return this.cursor(model, page!);
      case 'object': {
        const object = isNonNullType(type) ? type.ofType : type;
        const fields = isInputObjectType(object) ? object.getFields() : {};
        return `{ ${Object.entries(model.fields)
          .map(([field, value]) => `${field}: ${this.value(value, fields[field]!.type, field)}`)
          .join(', ')} }`;
      }
    }
  }

  private variable({ strict, shared, fallback, runs }: Variable, type: GraphQLInputType, name: string): string {
    const inner = isNonNullType(type) ? type.ofType : type;
    const key = `${name} ${String(inner)}${strict ? '!' : ''}`;
    // Where null is no value, only such a variable is taken again that never is null.
    const known = isNonNullType(type) && !strict ? undefined : this.shared.get(key);
    if (shared && known) return known;
    const text = this.declare(
      `${String(inner)}${strict ? '!' : ''}`,
      fallback.given ? ` = ${literal(fallback.value, inner)}` : '',
      runs,
    );
    this.shared.set(key, text);
    return text;
  }

  private declare(type: string, fallback: string, runs: Maybe[]): string {
    const name = `v${this.variables.size}`;
    this.variables.set(name, { type, fallback, runs });
    return `$${name}`;
  }

  private cursor(model: Extract<ValueModel, { kind: 'cursor' }>, { of, args }: { of: string; args: Args }): string {
    const cursors = Array.from({ length: RUNS }, (_, run) =>
      this.samples.cursor(of.replace(/Connection$/, ''), orderIn(args.orderBy, run), model.row, model.foreign),
    );
    if (!model.variable && new Set(cursors).size === 1) return JSON.stringify(cursors[0]);
    return this.declare(
      'String',
      '',
      cursors.map((value) => ({ given: true, value })),
    );
  }
}

/** Leaves of one type that differ at most by their value; booleans may change what is asked. */
const isAlike = (one: unknown, other: unknown) =>
  typeof one === typeof other && ['string', 'number'].includes(typeof one);

const hasCursor = (args: Args | undefined) => args?.after !== undefined || args?.before !== undefined;

/** The order that a page has in a run: a variable's own value, else its default. */
function orderIn(model: ValueModel | undefined, run: number): string | null {
  if (model?.kind === 'literal') return model.value as string | null;
  if (model?.kind !== 'variable') return null;
  const own = model.runs[run]!;
  const value = own.given ? own : model.fallback;
  return value.given ? (value.value as string | null) : null;
}

/** A JSON value as GraphQL writes it. */
function literal(value: unknown, type: GraphQLInputType): string {
  if (isNonNullType(type)) return literal(value, type.ofType);
  if (value === null) return 'null';
  if (isListType(type))
    return Array.isArray(value)
      ? `[${value.map((each) => literal(each, type.ofType)).join(', ')}]`
      : literal(value, type.ofType);
  if (isEnumType(type)) return value as string;
  if (!isInputObjectType(type)) return JSON.stringify(value);
  const fields = type.getFields();
  return `{ ${Object.entries(value as Record<string, unknown>)
    .map(([name, each]) => `${name}: ${literal(each, fields[name]!.type)}`)
    .join(', ')} }`;
}

export const written = (model: DocumentModel, schema: GraphQLSchema, samples: Samples): Written =>
  new Writer(schema, samples).write(model);
