import { bearerOf } from '../access/bearer';
import type { Identity } from '../access/identify';
import type { ServedContext } from '../answer';
import type { App } from '../platform/context';
import type { Subscriptions } from '../subscriptions/subscriptions';
import type { Telling } from '../subscriptions/telling';
import { ProtocolError } from './answers';
import type { Asked, Documents } from './documents';

/** What a client sends to subscribe, over whatever transport. */
export interface SubscribeBody extends Asked {
  operationName?: unknown;
  variables?: unknown;
}

/** What both transports have in common. */
export interface Subscriber {
  /** Who bears the token of a context now. Refuses with RATE_LIMITED. */
  bearer(context: ServedContext): Promise<Identity | null>;
  /** Refuses as documents and Subscriptions do, and what is no text or object with BAD_REQUEST. */
  subscribe(context: ServedContext, identity: Identity | null, body: SubscribeBody): Promise<Telling>;
}

export function subscriberOf(app: App, documents: Documents, subscriptions: Subscriptions): Subscriber {
  return {
    async bearer(context) {
      const identity = context.token ? await bearerOf(context, context.token) : null;
      if (identity) app.rates.user(identity.actor.id);
      return identity;
    },
    subscribe(context, identity, body) {
      const { operationName, variables } = body;
      const admitted = documents(body);
      if (!admitted) throw unfit('`query` is missing.');
      if (!isAbsent(operationName) && typeof operationName !== 'string') throw unfit('`operationName` is a text.');
      if (!isAbsent(variables) && !isRecord(variables)) throw unfit('`variables` is an object.');
      return subscriptions.open(context, identity, { text: admitted.text, operationName, variables });
    },
  };
}

const unfit = (message: string) => new ProtocolError(400, message);
const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
