import {
  type ApolloServerPlugin,
  type GraphQLRequestContextDidResolveOperation,
  type GraphQLRequestListener,
  HeaderMap,
} from '@apollo/server';
import { type GraphQLSchema, OperationTypeNode } from 'graphql';
import { getVariableValues } from 'graphql/execution/values';
import { LRUCache } from 'lru-cache';
import { bearerOf, noteUse } from './access/bearer';
import { anyOfKind, hashToken, type Identity, POSITION, TO_VIEWER } from './access/identify';
import { onReplica, valuesOnReplica } from './access/on-replica';
import type { Reads } from './platform/asked';
import type { App, Context } from './platform/context';
import { DomainError, refuse } from './platform/errors';
import { textOf } from './platform/json-text';
import { Budget } from './platform/limits';
import { Plan, planned, Unplanned } from './platform/plan';
import { type Compile, Plans, type Sent } from './platform/plans';
import { toGraphQLError } from './platform/shown-error';
import { NOW, type Supplied } from './platform/slot';
import { sql } from './platform/sql';
import { textFrom } from './platform/statements';
import { asRefusal } from './platform/transaction';

/** A request's context. Who asks is found out when it is known what for. */
export type ServedContext = Context & {
  reads: Reads;
  /** The bearer's, as it came. */
  readonly token: string | null;
  finished?: Finished;
};

/** A whole answer as PostgreSQL wrote it. */
export class Finished {
  constructor(readonly text: string) {}
}

/** What Apollo sends: a finished answer as it is, everything else as JSON. */
export const written = (answer: { data?: unknown }): string =>
  answer.data instanceof Finished ? answer.data.text : `${JSON.stringify(answer)}\n`;

/** How many bearers are remembered. */
const BEARERS = 10_000;

type Request = GraphQLRequestContextDidResolveOperation<ServedContext>;

/**
 * Answers queries of whoever is signed in by one statement: the plan of the document for their kind of viewer, made when
 * it first comes. Everything else is left to graphql-js, for which the bearer is identified first.
 */
export function answering(app: App, schema: GraphQLSchema, reads: Reads): ApolloServerPlugin<ServedContext> {
  const answers = new Answers(app, schema, reads);
  const listener: GraphQLRequestListener<ServedContext> = {
    async didResolveOperation(request) {
      try {
        await answers.receive(request);
      } catch (error) {
        throw toGraphQLError(error);
      }
    },
    responseForOperation: ({ contextValue: { finished } }) =>
      Promise.resolve(
        finished
          ? {
              http: { status: undefined, headers: new HeaderMap() },
              body: { kind: 'single', singleResult: { data: finished as never } },
            }
          : null,
      ),
  };
  const listening = Promise.resolve(listener);
  return { requestDidStart: () => listening };
}

class Answers {
  /**
   * Who bore a token when the database was last asked. Only a guess: the statement answers nothing unless it still holds.
   */
  private readonly remembered = new LRUCache<string, Identity>({ max: BEARERS });
  private readonly plans: Plans<SentBy>;
  private readonly position = new Plan({ statement: POSITION, heeded: [], told: false });
  private readonly cached;

  constructor(
    private readonly app: App,
    private readonly schema: GraphQLSchema,
    reads: Reads,
  ) {
    this.cached = app.metrics.reads.labels('cached');
    this.plans = new Plans(schema, compilerFor(app, schema, reads));
  }

  /** Leaves in the request's context the finished answer, or else whoever asks. */
  async receive(request: Request): Promise<void> {
    const { contextValue: context, operation } = request;
    const { token } = context;
    const query = operation?.operation === OperationTypeNode.QUERY;
    if (operation?.operation === OperationTypeNode.SUBSCRIPTION)
      refuse('TRANSPORT_UNSUITABLE', 'Subscribe over a WebSocket, or with POST /graphql/stream.');
    if (!token) {
      if (query) this.ordinary('nobody');
      return;
    }
    const guess = this.remembered.get(keyOf(token));
    if (guess) this.app.rates.user(guess.actor.id);
    const first = guess && query ? await this.dataFor(guess, request) : OUTDATED;
    if (first instanceof Finished) return this.finish(context, guess!, first);
    const identity = await this.ask(context, token);
    if (!identity) return;
    noteUse(context, identity);
    if (!guess) this.app.rates.user(identity.actor.id);
    Object.assign(context, { ...identityOf(identity), asked: askedOf(request) });
    if (!query || first !== OUTDATED) return;
    const second = await this.dataFor(identity, request);
    if (second instanceof Finished) context.finished = second;
  }

  private finish(context: ServedContext, identity: Identity, finished: Finished): void {
    noteUse(context, identity);
    context.finished = finished;
  }

  /** The data of a query; OUTDATED when whoever asks is not (any more) who we took them for; null for the ordinary way. */
  private async dataFor(identity: Identity, sentBy: Request): Promise<Finished | typeof OUTDATED | null> {
    const { document, operation, request, contextValue: context } = sentBy;
    const { coerced } = getVariableValues(this.schema, operation!.variableDefinitions ?? [], request.variables ?? {}, {
      maxErrors: 1,
    });
    if (!coerced) return this.ordinary('variables');
    const sent = { document, operation: operation!, kind: identity.kind, variables: coerced, viewer: identity };
    const plan = await this.planFor(sent);
    if (plan instanceof Unplanned) return this.ordinary(plan.reason);
    try {
      const json = await this.read(plan, { viewer: identity, now: this.app.clock(), variables: coerced });
      if (json === null) return OUTDATED;
      if (plan.told) this.app.readings.note({ ...context, ...identityOf(identity) }, askedOf(sentBy));
      return new Finished(json);
    } catch (error) {
      if (isGivenUp(error)) return this.ordinary('may be null');
      const refusal = asRefusal(error);
      // Nobody is helped by asking an overloaded database once more, field by field.
      if (refusal instanceof DomainError && TO_ALL.has(refusal.code)) throw refusal;
      return this.ordinary(refusal instanceof DomainError ? 'refused' : 'failed');
    }
  }

  /**
   * From a replica that has caught up with the viewer, if there is one, else from the primary; who they are is the primary's
   * to say in any case. Null when they are not who we take them for.
   */
  private async read(plan: Plan, supplied: Supplied & { viewer: Identity }): Promise<string | null> {
    const { pool, replicas } = this.app.database;
    const values = plan.bind(supplied);
    const replica = replicas?.next();
    if (replica) {
      const own = await textFrom(pool, this.position, this.position.bind(supplied));
      if (own === null) return null;
      const reached = { userId: supplied.viewer.actor.id, own, common: replicas!.position };
      const answer = await replica.ask(onReplica(plan), valuesOnReplica(values, reached));
      this.app.metrics.replicas.inc({ to: answer.to });
      if (answer.to === 'replica') return answer.json;
      if (answer.to === 'failed') this.app.log.warn({ err: answer.error }, 'a replica failed');
    }
    return textFrom(pool, plan, values);
  }

  private async planFor(sent: SentBy): Promise<Plan | Unplanned> {
    const found = this.plans.find(sent);
    if (found) {
      if (found instanceof Plan) this.cached.inc();
      return found;
    }
    const made = await this.plans.make(sent);
    if (made instanceof Plan) this.app.metrics.reads.inc({ way: 'compiled' });
    this.app.metrics.plans.set(this.plans.size);
    return made;
  }

  private ordinary(reason: string): null {
    this.app.metrics.reads.inc({ way: 'ordinary' });
    this.app.metrics.ordinary.inc({ reason });
    return null;
  }

  /** Who bears a token now, asked of the database. */
  private async ask(context: ServedContext, token: string): Promise<Identity | null> {
    const identity = await bearerOf(context, token);
    if (identity) this.remembered.set(keyOf(token), identity);
    else this.remembered.delete(keyOf(token));
    return identity;
  }
}

/** A session's token is short; one of another issuer may be thousands of characters. */
const keyOf = (token: string): string => (token.length <= 100 ? token : hashToken(token).toString('base64url'));

export const identityOf = ({ actor, sessionId, tokenHash, readsOnly }: Identity) => ({
  actor,
  sessionId,
  tokenHash,
  readsOnly,
});
const askedOf = ({ request }: Request) => ({ document: request.query ?? '', variables: request.variables ?? {} });

const OUTDATED = Symbol('outdated');

/** What a statement is given up with where something is null that must not be: graphql-js knows what that makes of the rest. */
export const isGivenUp = (error: unknown): boolean => (error as { code?: unknown }).code === 'CS001';

/** Refusals that concern a request as a whole. */
const TO_ALL = new Set(['DATABASE_UNAVAILABLE', 'BUSY', 'TIMEOUT']);

export interface SentBy extends Sent {
  viewer: Identity;
}

/** Plans a document for any viewer of a kind, as one statement that answers null to whoever is not who we take them for. */
export const compilerFor =
  (app: App, schema: GraphQLSchema, reads: Reads): Compile<SentBy> =>
  async ({ operation, viewer }, fragments, variables) => {
    const heeded: unknown[] = [];
    let told = false;
    const context: ServedContext = {
      app,
      reads,
      ...anyOfKind(viewer),
      token: null,
      requestId: '',
      address: null,
      userAgent: null,
      planning: {
        budget: new Budget(),
        now: NOW,
        heed: (values) => heeded.push(...values),
        tell: () => (told = true),
      },
    };
    const json = await planned({ schema, operation, fragments, variables, context });
    return { statement: sql`${TO_VIEWER} ${textOf(['{"data":', ...json, '}'])} end`, heeded, told };
  };
