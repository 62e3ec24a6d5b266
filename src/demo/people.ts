import { randomUUID } from 'node:crypto';
import { actorById } from '../access/identify';
import { ChangeRequest } from '../approvals/change-request.entity';
import { type App, type Context, ownContext } from '../platform/context';
import type { Submitted } from '../platform/operation';
import { pooled } from '../platform/pooled';

/** Somebody of the demonstration, acting through the same door for writes as everybody else. */
export class Person {
  constructor(
    private readonly app: App,
    readonly id: string,
  ) {}

  /** Submits an operation, once per key. `at` replays it at the instant at which it happened. */
  async submit(operation: string, input: object, key: string, at?: Date): Promise<Submitted> {
    const context = await this.context(at);
    return context.app.submit(context, operation, { ...input, idempotencyKey: `demo/${key}` });
  }

  /** Submits an operation that waits, and has somebody else approve it. Returns what carrying it out made. */
  async countersigned(
    checker: Person,
    operation: string,
    input: object,
    key: string,
  ): Promise<Record<string, unknown>> {
    const { changeRequestId } = await this.submit(operation, input, key);
    const requests = this.app.database.orm.manager;
    const { id, revision, digest } = await requests.findOneByOrFail(ChangeRequest, { id: changeRequestId! });
    await checker.submit('changeRequest.approve', { id, revision, digest }, `${key}/approve`);
    return (await requests.findOneByOrFail(ChangeRequest, { id })).result!;
  }

  private async context(at?: Date): Promise<Context> {
    const app = at ? { ...this.app, clock: () => at } : this.app;
    return { ...ownContext(app, `demo-${randomUUID()}`), actor: await actorById(pooled(app), this.id, app.clock()) };
  }
}

/** One user for each role. */
export const ROLES = ['admin', 'billing', 'supervisor', 'operations', 'compliance', 'auditor', 'client'] as const;

export type Cast = Record<(typeof ROLES)[number], Person>;

/** Code of the account that the client's user sees. */
export const CLIENT_OF = 'BOFA';

/** Accounts by code, with their id and their LOBs' ids by code. */
export type Opened = Map<
  string,
  { account: { code: string; currency: string }; id: string; lobs: Map<string, string> }
>;
