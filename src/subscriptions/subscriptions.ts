import {
  createSourceEventStream,
  type DocumentNode,
  execute,
  type ExecutionArgs,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  validate,
} from 'graphql';
import { collectFields } from 'graphql/execution/collectFields';
import { getVariableValues } from 'graphql/execution/values';
import { LRUCache } from 'lru-cache';
import { identify, type Identity } from '../access/identify';
import { compilerFor, identityOf, isGivenUp, type SentBy, type ServedContext } from '../answer';
import { type Reads, Untold } from '../platform/asked';
import type { App } from '../platform/context';
import { DomainError, refuse } from '../platform/errors';
import { Plan, type Unplanned, type Variables } from '../platform/plan';
import { fragmentsIn, Plans } from '../platform/plans';
import { shownError } from '../platform/shown-error';
import { textFrom } from '../platform/statements';
import { asRefusal } from '../platform/transaction';
import { Turns } from '../platform/turns';
import { LiveSessions } from './live-sessions';
import { Telling } from './telling';

/** How many documents are kept that fit the schema. */
const DOCUMENTS = 1_000;

/** A subscription as it came. */
export interface Subscribing {
  readonly text: string;
  readonly operationName?: string | null;
  readonly variables?: Record<string, unknown> | null;
}

/** Somebody who is told something. Who they are is only a guess: each statement answers nothing unless it still holds. */
interface Told {
  readonly args: ExecutionArgs & { contextValue: ServedContext };
  readonly sent: Omit<SentBy, 'kind' | 'viewer'>;
  identity: Identity | null;
}

/** What a viewer is told who is not (any more) who we took them for. */
const OUTDATED = Symbol('outdated');

/**
 * Answers subscriptions: whatever its source names is read as a query of that instant would read it, by the plan of the document for their kind
 * of viewer, and told only if it is for them.
 */
export class Subscriptions {
  private readonly documents = new LRUCache<string, DocumentNode>({ max: DOCUMENTS });
  private readonly plans: Plans<SentBy>;
  /** Telling many must not take every connection from whoever asks. */
  private readonly turns: Turns;
  private readonly sessions: LiveSessions;

  constructor(
    private readonly app: App,
    private readonly schema: GraphQLSchema,
    reads: Reads,
  ) {
    this.plans = new Plans(schema, compilerFor(app, schema, reads));
    this.sessions = new LiveSessions(app);
    this.turns = new Turns(Math.max(1, Math.floor(app.config.databasePool / 4)));
  }

  stop(): void {
    this.sessions.stop();
  }

  /**
   * Subscribes the bearer of a session, or nobody. Refuses what the door refuses, which leaves its event; with TRANSPORT_UNSUITABLE what is no
   * subscription; a document, variables and arguments as a query's are refused. Throws a GraphQLError or a DomainError.
   */
  async open(context: ServedContext, identity: Identity | null, subscribing: Subscribing): Promise<Telling> {
    const document = this.documentOf(subscribing.text);
    const operation = operationOf(document, subscribing.operationName);
    const variables = subscribing.variables ?? {};
    const definitions = operation.variableDefinitions ?? [];
    const { coerced, errors } = getVariableValues(this.schema, definitions, variables, { maxErrors: 1 });
    if (!coerced) throw coded(errors[0]!, 'BAD_USER_INPUT');
    this.assertOne(document, operation, coerced);
    const asked = { document: subscribing.text, variables };
    const args = {
      schema: this.schema,
      document,
      operationName: subscribing.operationName,
      variableValues: variables,
      contextValue: { ...context, ...(identity && identityOf(identity)), asked },
    };
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) throw ownOf(source.errors![0]!);
    const told: Told = { args, sent: { document, operation, variables: coerced }, identity };
    const telling = new Telling(
      source as AsyncIterableIterator<string>,
      (about) => this.turns.take(() => this.tell(told, about)),
      (error) => this.textOf(undefined, [ownOf(error)]),
    );
    if (identity) this.sessions.watch(identity.tokenHash, telling);
    return telling;
  }

  /** Validation sees to it that there are not several; none, since it is skipped, is more than graphql-js can take. */
  private assertOne(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables): void {
    const type = this.schema.getSubscriptionType()!;
    const fields = collectFields(this.schema, fragmentsIn(document), variables, type, operation.selectionSet);
    if (fields.size !== 1) throw coded(new GraphQLError('A subscription has one field.'), 'GRAPHQL_VALIDATION_FAILED');
  }

  private documentOf(text: string): DocumentNode {
    const known = this.documents.get(text);
    if (known) return known;
    const document = parse(text);
    const [wrong] = validate(this.schema, document, undefined, { maxErrors: 1 });
    if (wrong) throw coded(wrong, 'GRAPHQL_VALIDATION_FAILED');
    this.documents.set(text, document);
    return document;
  }

  /** The JSON of an answer, or null: this is not for them. Throws what ends it all. */
  private async tell(told: Told, about: string): Promise<string | null> {
    const first = told.identity ? await this.read(told, told.identity, about) : OUTDATED;
    if (first !== OUTDATED) return first;
    const identity = await this.bearerOf(told);
    const second = await this.read(told, identity, about);
    return second === OUTDATED ? this.ordinarily(told, about) : second;
  }

  private async bearerOf(told: Told): Promise<Identity> {
    const { token } = told.args.contextValue;
    told.identity = token ? await identify(this.app, token) : null;
    return told.identity ?? refuse('UNAUTHENTICATED', 'Your session has ended: sign in again.');
  }

  private async read(told: Told, viewer: Identity, about: string): Promise<string | null | typeof OUTDATED> {
    const sent: SentBy = { ...told.sent, kind: viewer.kind, viewer };
    const plan: Plan | Unplanned = this.plans.find(sent) ?? (await this.plans.make(sent));
    if (!(plan instanceof Plan)) return this.ordinarily(told, about);
    const { contextValue } = told.args;
    try {
      const now = this.app.clock();
      const values = plan.bind({ viewer, now, variables: told.sent.variables, about });
      const json = await textFrom(this.app.database.pool, plan, values);
      if (json === null) return OUTDATED;
      if (NOTHING.test(json)) return null;
      if (plan.told) this.app.readings.note({ ...contextValue, ...identityOf(viewer) }, contextValue.asked!);
      return json;
    } catch (error) {
      if (isGivenUp(error)) return this.ordinarily(told, about);
      throw asRefusal(error);
    }
  }

  /** By graphql-js: what cannot be planned, and what the door refuses by now, so that it leaves its event. */
  private async ordinarily(told: Told, about: string): Promise<string | null> {
    const identity = await this.bearerOf(told);
    const { args } = told;
    const { data, errors } = await execute({
      ...args,
      contextValue: { ...args.contextValue, ...identityOf(identity), about },
    });
    const [error] = errors ?? [];
    if (error?.originalError instanceof Untold) return null;
    // Of the root field itself: it is not theirs any more.
    if (error?.path?.length === 1) throw ownOf(error);
    return this.textOf(data, errors);
  }

  private textOf(data: unknown, errors: readonly unknown[] = []): string {
    const { config, log } = this.app;
    const shown = errors.map((error) =>
      shownError(error instanceof GraphQLError ? error.toJSON() : { message: '' }, error, config.production, log),
    );
    return JSON.stringify({ data, ...(shown.length > 0 && { errors: shown }) });
  }
}

/** An answer without the row: a plan writes null where there is none. */
const NOTHING = /^\{"data":\{"\w+":null\}\}$/;

function operationOf(document: DocumentNode, name: string | null | undefined): OperationDefinitionNode {
  const operation =
    getOperationAST(document, name) ??
    refuse('OPERATION_RESOLUTION_FAILURE', 'The document has no such operation, or several.');
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION)
    refuse('TRANSPORT_UNSUITABLE', 'Queries and mutations are answered at POST /graphql.');
  return operation;
}

const coded = ({ message, nodes, source, positions, originalError }: GraphQLError, code: string) =>
  new GraphQLError(message, { nodes, source, positions, originalError, extensions: { code } });

/** What was thrown in a resolver, instead of what graphql-js made of it. */
const ownOf = (error: unknown): unknown =>
  error instanceof GraphQLError && error.originalError instanceof Error ? error.originalError : error;

/** Whether that is the end of whoever is told: their session is over. */
export const isUnauthenticated = (error: unknown): boolean =>
  error instanceof DomainError && error.code === 'UNAUTHENTICATED';
