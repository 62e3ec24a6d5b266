import type { MongoAbility } from '@casl/ability';
import type { Logger } from 'pino';
import type { Config } from '../config';
import type { Database } from './database';
import type { Keys } from './keys';
import type { Catalogue, Submitted } from './operation';

/** What one running process holds. Made once by createApp and handed to every request; there are no other globals. */
export interface App {
  readonly config: Config;
  readonly database: Database;
  readonly keys: Keys;
  readonly catalogue: Catalogue;
  readonly log: Logger;
  /** The instant now; tests set their own. */
  readonly clock: () => Date;
  /** The only way to write: see approvals/submit.ts. */
  readonly submit: (context: Context, operation: string, input: object) => Promise<Submitted>;
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
  readonly actor: Actor | null;
  readonly address: string | null;
  readonly userAgent: string | null;
}
