import { withDutiesMixed } from '../../support/duties';
import { randomBytes, randomUUID } from 'node:crypto';
import { hashToken, actorById } from '../../../src/access/identify';
import { ownContext } from '../../../src/platform/context';
import { refusalCodeOf } from '../../../src/platform/shown-error';
import { newId } from '../../../src/platform/ids';
import { pooled } from '../../../src/platform/pooled';
import { ApiClient, type TestApp } from '../../support/app';
import {
  type ApprovalsModel,
  type Asked,
  CAST,
  type Delegation,
  personOf,
  type Policy,
  type PolicyName,
  type Role,
  type Who,
} from './approvals-model';

/** How a request stands in the database. */
export interface RequestNow {
  status: string;
  maker: Who;
  revision: number;
  expires: number;
  assignee: Who | null;
  revisions: number;
  steps: { approvals: number; quorum: number; open: boolean }[];
  decisions: { by: Who; behalf: Who | null; step: number; verdict: string; revision: number }[];
  standings: Record<string, { code: string | null; step: number | null; behalf: Who | null }>;
}

const REQUESTS = `SELECT r.id, r.status, r.revision, r.digest, r.expires_at, r.assignee_id, r.maker_id,
    (SELECT count(*)::int FROM change_request_revision v WHERE v.change_request_id = r.id) AS revisions,
    (SELECT jsonb_agg(jsonb_build_object('approvals', s.approvals, 'quorum', s.quorum, 'open', s.open) ORDER BY s.step)
      FROM change_request_steps(r, $3) s) AS steps,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('by', d.decided_by_id, 'behalf', d.on_behalf_of_id, 'step', d.step,
      'verdict', d.verdict, 'revision', d.revision) ORDER BY d.id), '[]') FROM decision d WHERE d.change_request_id = r.id) AS decisions,
    (SELECT jsonb_object_agg(u, jsonb_build_object('code', s.code, 'step', s.step, 'behalf', s.on_behalf_of))
      FROM unnest($2::uuid[]) u, change_request_standing(r, u, $3) s WHERE r.status = 'PENDING') AS standings
  FROM change_request r WHERE r.id = ANY ($1) ORDER BY array_position($1, r.id)`;

const EVENTS = `SELECT content FROM audit.told WHERE id > $1 ORDER BY id`;
const LAST_EVENT = `SELECT id FROM audit.event ORDER BY id DESC LIMIT 1`;

/** The house for one run of the model: a cast, two accounts and codes that no other run has, and the policies as they are at first. */
export class ApprovalsHouse {
  /** Ids of the requests that were made, in their order. */
  readonly requests: string[] = [];
  /** Of each request, the digests of its revisions. */
  readonly digests: string[][] = [];
  private readonly ids = new Map<Who, string>(CAST.map((who) => [who, newId()]));
  private readonly names = new Map([...this.ids].map(([who, id]) => [id, who]));
  private readonly clients = new Map<Who, ApiClient>();
  private readonly accounts = [newId(), newId()];
  private readonly codes = [0, 1, 2].map(() => `M-${randomBytes(5).toString('hex')}`);
  /** Whose turn it is to read. */
  turn = 0;
  private last = '';

  private constructor(
    private readonly t: TestApp,
    readonly policies: Record<PolicyName, string>,
  ) {}

  /** Makes it as the model is at first. */
  static async open(t: TestApp, model: ApprovalsModel): Promise<ApprovalsHouse> {
    const { policies, users } = model;
    const house = new ApprovalsHouse(
      t,
      Object.fromEntries(Object.entries(policies).map(([name, { id }]) => [name, id])) as Record<PolicyName, string>,
    );
    model.byId = house.byId;
    for (const [who, { roles }] of users) await house.let(who, [...roles]);
    await withDutiesMixed(t);
    await t.sql(
      `INSERT INTO account (id, code, legal_name, status, currency, time_zone)
        SELECT id, 'M-' || left(md5(id::text), 12), 'As it was', 'OPEN', 'USD', 'UTC' FROM unnest($1::uuid[]) id`,
      [house.accounts],
    );
    for (const each of Object.values(policies))
      await t.sql(
        `UPDATE approval_policy SET active = $2, steps = $3, when_fields = $4, freshness = $5, expires_after_hours = $6 WHERE id = $1`,
        [each.id, each.active, JSON.stringify(house.named(each.steps)), each.whenFields, each.freshness, each.hours],
      );
    house.last = (await t.sql<{ id: string }>(LAST_EVENT))[0]!.id;
    return house;
  }

  byId = (one: Who, other: Who): number => (this.ids.get(one)! < this.ids.get(other)! ? -1 : 1);

  /** Submits what somebody asks for; its outcome, or the code of its refusal. Keeps the id of a new request. */
  async submit(who: Who, operation: string, input: object): Promise<string> {
    return this.submitAs(this.ids.get(who)!, operation, input);
  }

  async propose(who: Who, asked: Asked): Promise<string> {
    return this.submit(who, asked.kind === 'hire' ? 'agent.hire' : 'account.change', this.inputOf(asked));
  }

  async revise(who: Who, index: number, asked: Asked): Promise<string> {
    return this.submit(who, 'changeRequest.revise', { id: this.requests[index], input: this.inputOf(asked) });
  }

  async approve(who: Who, index: number, sawIt: boolean): Promise<string> {
    const digests = this.digests[index]!;
    const before = digests.length > 1 ? digests.at(-2) : '0'.repeat(64);
    const seen = sawIt
      ? { revision: digests.length, digest: digests.at(-1) }
      : { revision: Math.max(1, digests.length - 1), digest: before };
    return this.submit(who, 'changeRequest.approve', { id: this.requests[index], ...seen });
  }

  /** Administration grants or revokes, the other administrator countersigns what needs it. */
  async setRole(who: Who, role: Role, held: boolean): Promise<void> {
    const [grant] = await this.t.sql<{ id: string }>(
      'SELECT id FROM role_grant WHERE user_id = $1 AND role = $2 AND revoked_at IS NULL',
      [this.ids.get(who), role],
    );
    if (held) await this.countersigned('role.grant', { userId: this.ids.get(who), role, reason: 'a test' });
    else await this.administer('role.revoke', { roleGrantId: grant!.id, reason: 'a test' });
    // Their session ended with it.
    await this.signIn(who);
  }

  deactivate(who: Who): Promise<string> {
    return this.administer('user.deactivate', { userId: this.ids.get(who), reason: 'a test' });
  }

  changePolicy(name: PolicyName, { steps, ...patch }: Partial<Policy>): Promise<string> {
    const { hours, whenFields, ...rest } = patch;
    return this.countersigned('approvalPolicy.change', {
      approvalPolicyId: this.policies[name],
      ...rest,
      ...(steps && { steps: this.named(steps) }),
      ...(hours !== undefined && { expiresAfterHours: hours }),
      ...(whenFields !== undefined && { whenFields: whenFields ?? [] }),
      reason: 'a test',
    });
  }

  async delegate({ from, to, starts, ends, operation, account }: Delegation): Promise<void> {
    await this.t.sql(
      `INSERT INTO delegation (id, delegator_id, delegate_id, starts_at, ends_at, operations, account_ids, reason)
        VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, 'a test')`,
      [
        this.ids.get(from),
        this.ids.get(to),
        new Date(starts),
        new Date(ends),
        operation && [operation],
        account === null ? null : [this.accounts[account]],
      ],
    );
  }

  /** Revokes the delegation of that place in the order of their making. */
  async revokeDelegation(index: number): Promise<void> {
    await this.t.sql(
      `UPDATE delegation SET revoked_at = $2, revoked_by_id = delegator_id WHERE id = (
        SELECT id FROM delegation WHERE delegator_id = ANY ($1) ORDER BY created_at, id OFFSET $3 LIMIT 1)`,
      [[...this.ids.values()], this.t.clock.at, index],
    );
  }

  async assign(index: number, who: Who | null): Promise<void> {
    await this.t.sql('UPDATE change_request SET assignee_id = $2 WHERE id = $1', [
      this.requests[index],
      who && this.ids.get(who),
    ]);
  }

  /** The requests of this run as they stand, in the order of their making. Learns of new ones and of new revisions. */
  async look(): Promise<RequestNow[]> {
    const made = await this.t.sql<{ id: string }>(
      'SELECT id FROM change_request WHERE maker_id = ANY ($1) AND id <> ALL ($2)',
      [[...this.ids.values()], this.requests],
    );
    for (const { id } of made) {
      this.requests.push(id);
      this.digests.push([]);
    }
    const rows = await this.t.sql(REQUESTS, [this.requests, [...this.ids.values()], this.t.clock.at]);
    return rows.map((row, index) => {
      const known = this.digests[index]!;
      if (known.length < row.revision) known.push(row.digest);
      return {
        status: row.status,
        revision: row.revision,
        revisions: row.revisions,
        steps: row.steps,
        maker: this.nameOf(row.maker_id)!,
        expires: (row.expires_at as Date).getTime(),
        assignee: this.nameOf(row.assignee_id),
        decisions: row.decisions.map((each: any) => ({
          ...each,
          by: this.nameOf(each.by),
          behalf: this.nameOf(each.behalf),
        })),
        standings: Object.fromEntries(
          Object.entries<any>(row.standings ?? {}).map(([id, each]) => [
            this.nameOf(id),
            { ...each, behalf: this.nameOf(each.behalf) },
          ]),
        ),
      };
    });
  }

  /** The events since it was asked last, as `name` or `name CODE`. */
  async events(): Promise<string[]> {
    const rows = await this.t.sql<{ content: Buffer }>(EVENTS, [this.last]);
    this.last = (await this.t.sql<{ id: string }>(LAST_EVENT))[0]!.id;
    return rows.map(({ content }) => {
      const { action, outcome, code } = JSON.parse(content.toString('utf8'));
      return outcome === 'REFUSED' ? `${action} ${code}` : action;
    });
  }

  /** What the API tells somebody of each request, and which stand among those that they may decide. */
  async read(who: Who, decides: boolean): Promise<{ seen: { status: string; canDecide: boolean }[]; mine: number[] }> {
    const client = this.clients.get(who)!;
    const all = await client.gql('{ changeRequests(first: 50) { nodes { id status canDecide } } }');
    const mine = decides ? await client.gql('{ myApprovals(first: 50) { nodes { id } } }') : null;
    const nodes: any[] = all.data?.changeRequests.nodes ?? [];
    const own: any[] = mine?.data?.myApprovals.nodes ?? [];
    await this.events();
    return {
      seen: this.requests.flatMap((id) =>
        nodes.filter((node) => node.id === id).map(({ status, canDecide }) => ({ status, canDecide })),
      ),
      mine: own.map(({ id }) => this.requests.indexOf(id)).toSorted((one, other) => one - other),
    };
  }

  /** Takes back what still waits, so that the next run finds nothing of this one. */
  async close(): Promise<void> {
    await this.t.sql(
      `UPDATE change_request SET status = 'WITHDRAWN', closed_at = now() WHERE status IN ('PENDING', 'RETURNED') AND maker_id = ANY ($1)`,
      [[...this.ids.values()]],
    );
  }

  /** Lets somebody in, with roles and a session. */
  private async let(who: Who, roles: Role[]): Promise<void> {
    const id = this.ids.get(who)!;
    const person = personOf(who) === who ? null : this.ids.get(personOf(who));
    await this.t.sql(
      `INSERT INTO app_user (id, name, email, password_hash, person_id) VALUES ($1::uuid, $2, $1::uuid || '@model.test', '', $3)`,
      [id, who, person],
    );
    await this.t.sql(
      `INSERT INTO role_grant (id, user_id, role, granted_by_id) SELECT gen_random_uuid(), $1::uuid, role, $3::uuid FROM unnest($2::text[]) role`,
      [id, roles, this.t.as('admin').userId],
    );
    await this.signIn(who);
  }

  private async signIn(who: Who): Promise<void> {
    const token = randomBytes(32).toString('base64url');
    const id = this.ids.get(who)!;
    await this.t.sql(
      `INSERT INTO session (id, user_id, token_hash, expires_at) VALUES (gen_random_uuid(), $1, $2, '2999-01-01')`,
      [id, hashToken(token)],
    );
    this.clients.set(who, new ApiClient(this.t.served, token, id));
  }

  private inputOf(asked: Asked): object {
    if (asked.kind === 'hire') return { code: this.codes[asked.code], name: 'Somebody', hiredOn: '2020-01-01' };
    const accountId = this.accounts[asked.account];
    return asked.kind === 'bank'
      ? { accountId, bankAccountNumber: asked.digits, reason: 'a test' }
      : { accountId, legalName: asked.legalName };
  }

  private named(steps: Policy['steps']) {
    return steps.map((step) => ({ ...step, people: step.people.map((who) => this.ids.get(who)!) }));
  }

  private readonly nameOf = (id: string | null): Who | null => (id === null ? null : this.names.get(id)!);

  private readonly administer = (operation: string, input: object) =>
    this.submitAs(this.t.as('admin').userId, operation, input);

  private async countersigned(operation: string, input: object): Promise<string> {
    const proposed = await this.administer(operation, input);
    if (proposed !== 'AWAITING_APPROVAL') return proposed;
    const [request] = await this.t.sql(
      'SELECT id, revision, digest FROM change_request WHERE maker_id = $1 ORDER BY created_at DESC LIMIT 1',
      [this.t.as('admin').userId],
    );
    return this.submitAs(this.t.as('admin2').userId, 'changeRequest.approve', request!);
  }

  private async submitAs(id: string, operation: string, input: object): Promise<string> {
    const { app } = this.t.served;
    const context = {
      ...ownContext(app, `model-${randomUUID()}`),
      actor: await actorById(pooled(app), id, app.clock()),
    };
    try {
      const { outcome, result } = await app.submit(context, operation, input);
      return (result.outcome as string | undefined) ?? outcome;
    } catch (error) {
      const code = refusalCodeOf(error);
      if (code === null) throw error;
      return code;
    }
  }
}
