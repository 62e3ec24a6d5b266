import type { MongoAbility } from '@casl/ability';
import type { Logger } from 'pino';
import type { Config } from '../config';
import type { Database } from './database';
import type { KeyRing } from './keys';
import type { Metrics } from './metrics';
import type { Budget } from './limits';
import type { Catalogue, FieldChange, Submitted } from './operation';
import type { Slot } from './slot';
import type { Transaction } from './transaction';

/** What one running process holds. Made once by createApp and handed to every request; there are no other globals. */
export interface App {
  readonly config: Config;
  readonly database: Database;
  readonly keys: KeyRing;
  readonly catalogue: Catalogue;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** How often somebody may ask: see edge/rates.ts. */
  readonly rates: Rates;
  /** Notes who reads the trail: see audit/readings.ts. */
  readonly readings: Readings;
  /** Checks tokens of another issuer, if one is configured: see access/issuer.ts. */
  readonly issuer: Assertions | null;
  /** Notes that sessions are used: see access/session-uses.ts. */
  readonly uses: Uses;
  /** Tells when a change request begins to wait: see approvals/awaits.ts. */
  readonly awaits: Awaits;
  /** The instant now; tests set their own. */
  readonly clock: () => Date;
  /** The only way to write: see approvals/submit.ts. */
  readonly submit: (context: Context, operation: string, input: object, how?: Submitting) => Promise<Submitted>;
  /** Writes what outsiders may be told of an event, in its transaction: see notifications/announce.ts. */
  readonly announce: (tx: Transaction, told: Told) => Promise<void>;
  /** Names that numbers stand under in inputs: see schema.ts. */
  readonly decimals: ReadonlySet<string>;
  /** Hears of keys that another process made; whether there were any: see audit/class-keys.ts. */
  readonly learnKeys: () => Promise<boolean>;
  /** The input of an operation from JSON, checked as its mutation checks it: see schema.ts. */
  readonly inputOf: (context: Context, operation: string, json: object) => Promise<object>;
}

/** What an event says, as far as outsiders might be told of it. */
export interface Told {
  readonly action: string;
  readonly outcome: 'DONE' | 'REFUSED' | 'FAILED';
  readonly changes: readonly FieldChange[];
  readonly changeRequestId: string | null;
  readonly subjectId: string | null;
  readonly actorId: string | null;
}

/** Who read the trail, and what they asked. */
export interface Readings {
  note(context: Context, asked: Asked): void;
}

/** Says what a token of another issuer tells of its bearer; null where it does not hold. */
export interface Assertions {
  verify(token: string): Promise<{
    subject: string;
    email: string | null;
    expiresAt: Date;
    roles: string[] | null;
    strongUntil: Date | null;
    lacks: string[];
    readsOnly: boolean;
  } | null>;
}

/** Notes that a session is used now, so that it does not end for want of use. */
export interface Uses {
  note(sessionId: string): void;
}

/** Tells of change requests that begin to wait, on whatever process. */
export interface Awaits {
  /** Their ids, from now on; first those that wait already for somebody, if one is named. Refuses with DATABASE_UNAVAILABLE. */
  follow(first: Actor | null): Promise<AsyncIterableIterator<string>>;
}

/** A document and its variables, as they came. */
export interface Asked {
  readonly document: string;
  readonly variables: unknown;
}

/** How something is submitted. */
export interface Submitting {
  /** It waits for a second person also where its policies are switched off. */
  asked?: boolean;
}

/** Refuses with RATE_LIMITED whoever asks too often. At once: no promise stands in the way of a request. */
export interface Rates {
  user(id: string): void;
  address(ip: string): void;
  /** The tries to sign in with that e-mail address from there, over all processes. */
  signIn(email: string, address: string | null): SignInTries;
}

/** A try to prove who one is. It is counted as failed when it begins; whoever got through, or never got to the point, has it back. */
export interface SignInTries {
  /** Refuses with RATE_LIMITED whoever has no try left. Counts nothing. */
  assertAllowed(): Promise<void>;
  /** Counts one. Refuses with RATE_LIMITED. */
  begin(): Promise<void>;
  /** It did not fail, and those before it are forgotten. The place is theirs from now on, also where nothing was tried: they showed in another way who they are. */
  succeeded(): Promise<void>;
  /** It was none: nothing was compared, or what was compared was right and something else was missing. */
  undone(): Promise<void>;
}

/** Who acts: a signed-in user with the roles and abilities of this very moment. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly ability: MongoAbility;
}

/** One request: who asks, from where, under which id. */
export interface Context {
  readonly app: App;
  readonly requestId: string;
  readonly sessionId: string | null;
  /** SHA-256 of the token that the request bears, where somebody is signed in. */
  readonly tokenHash?: Buffer;
  readonly actor: Actor | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** The token that was sent lacks the scope for anything but reading. */
  readonly readsOnly?: boolean;
  /** A page asks by itself, without anybody before it: that is no use of the session. */
  readonly unattended?: boolean;
  /** Keeps the token of a session in the browser's cookie, instead of telling it; null forgets it. Absent: it is told. */
  readonly keepToken?: (token: string | null) => void;
  /** What the request asks, once it is known. */
  readonly asked?: Asked;
  /** The id of the row that a subscriber is to be told of. */
  readonly about?: string;
  /** Set while a document is planned: nothing is read, and `actor` stands for any viewer of a kind. */
  readonly planning?: Planning;
}

/** What planning a document shares between its root fields. */
export interface Planning {
  readonly budget: Budget;
  readonly now: Slot;
  /** Called when what is read is itself told in the trail. */
  readonly tell: () => void;
  /** Called with values that the statement does not hold, and which may be refused nevertheless when a slot is filled. */
  readonly heed: (values: unknown[]) => void;
}

/** The request of the process itself: nobody is signed in. */
export const ownContext = (app: App, requestId: string): Context => ({
  app,
  requestId,
  sessionId: null,
  actor: null,
  address: null,
  userAgent: 'countersign',
});
