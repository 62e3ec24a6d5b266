import { Client } from 'pg';
import { startTestApp, type TestApp } from '../support/app';
import { approve, stateOf } from '../support/outcomes';
import { givenAccount } from '../support/scene';
import { givenProposedVoid, proposedBankChange, requestRow } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

interface Scene {
  /** A request by billing that waits. */
  id: string;
  invoiceId: string;
  /** A request by billing that was carried out. */
  executed: string;
  maker: string;
  checker: string;
}

async function givenScene(): Promise<Scene> {
  const { invoiceId, id } = await givenProposedVoid(t);
  const executed = await givenProposedVoid(t);
  await approve(t, executed);
  return { id, invoiceId, executed: executed.id, maker: t.as('billing').userId, checker: t.as('supervisor').userId };
}

/** A statement with the scene's ids in it. They are ours, not a client's. */
const filled = (text: string, scene: Scene) =>
  text.replace(/\$(\w+)/g, (as, key: string) => (key in scene ? `'${scene[key as keyof Scene]}'` : as));

const failure = async (work: Promise<unknown>): Promise<{ code?: string; constraint?: string }> => {
  try {
    await work;
  } catch (error) {
    return error as { code?: string; constraint?: string };
  }
  return {};
};

const DENIED = '42501';
const CHECK = '23514';
const FOREIGN_KEY = '23503';
const UNIQUE = '23505';

const DECISION = 'INSERT INTO decision (id, change_request_id, maker_id, revision, decided_by_id, verdict)';

/** What no login may do, the owner's neither: constraints and triggers. */
const NOBODY: [what: string, statement: string, code: string, constraint?: string][] = [
  [
    'approve one’s own',
    `UPDATE change_request SET status = 'EXECUTED', approved_by_id = $maker WHERE id = $id`,
    CHECK,
    'change_request_approved_by_same_person',
  ],
  [
    'execute without an approver',
    `UPDATE change_request SET status = 'EXECUTED' WHERE id = $id`,
    CHECK,
    'change_request_executed_by_two',
  ],
  [
    'name an approver of what is not executed',
    `UPDATE change_request SET approved_by_id = $checker WHERE id = $id`,
    CHECK,
    'change_request_executed_by_two',
  ],
  [
    'a state that there is not',
    `UPDATE change_request SET status = 'APPROVED' WHERE id = $id`,
    CHECK,
    'change_request_status',
  ],
  [
    'reopen what was executed',
    `UPDATE change_request SET status = 'PENDING', approved_by_id = NULL WHERE id = $executed`,
    CHECK,
  ],
  [
    'take an approval back',
    `UPDATE change_request SET status = 'REJECTED', approved_by_id = NULL WHERE id = $executed`,
    CHECK,
  ],
  ['another approver afterwards', `UPDATE change_request SET approved_by_id = $maker WHERE id = $executed`, CHECK],
  ['another result afterwards', `UPDATE change_request SET result = '{}' WHERE id = $executed`, CHECK],
  [
    'decide one’s own',
    `${DECISION} VALUES (gen_random_uuid(), $id, $maker, 1, $maker, 'APPROVED')`,
    CHECK,
    'decision_by_same_person',
  ],
  [
    'decide one’s own under another maker’s name',
    `${DECISION} VALUES (gen_random_uuid(), $id, $checker, 1, $maker, 'APPROVED')`,
    FOREIGN_KEY,
    'decision_of_request_by_maker',
  ],
  [
    'decide as nobody',
    `${DECISION} VALUES (gen_random_uuid(), $id, $maker, 1, gen_random_uuid(), 'APPROVED')`,
    FOREIGN_KEY,
    'decision_decided_by',
  ],
  [
    'decide what there is not',
    `${DECISION} VALUES (gen_random_uuid(), gen_random_uuid(), $maker, 1, $checker, 'APPROVED')`,
    FOREIGN_KEY,
    'decision_of_request_by_maker',
  ],
  [
    'decide twice',
    `${DECISION} VALUES (gen_random_uuid(), $executed, $maker, 1, $checker, 'APPROVED')`,
    UNIQUE,
    'decision_repeated',
  ],
];

/** What the API's own role may not do beyond that: what is stored once is not its to change, and nothing is its to delete. */
const NOT_THE_API: [what: string, statement: string][] = [
  ['another maker', `UPDATE change_request SET maker_id = $checker WHERE id = $id`],
  ['other changes', `UPDATE change_request SET changes = '[]' WHERE id = $id`],
  ['other rows seen', `UPDATE change_request SET seen = '[]' WHERE id = $id`],
  ['another digest', `UPDATE change_request SET digest = '' WHERE id = $id`],
  ['another input', `UPDATE change_request SET input_sealed = '' WHERE id = $id`],
  ['another input to look at', `UPDATE change_request SET input_shown = '{}' WHERE id = $id`],
  ['another operation', `UPDATE change_request SET operation = 'account.close' WHERE id = $id`],
  ['another revision', `UPDATE change_request SET revision = 2 WHERE id = $id`],
  ['another subject', `UPDATE change_request SET subject_id = NULL WHERE id = $id`],
  ['another account', `UPDATE change_request SET account_id = NULL WHERE id = $id`],
  ['other approvers', `UPDATE change_request SET steps = jsonb_set(steps, '{0,roles}', '["billing"]') WHERE id = $id`],
  ['another policy', `UPDATE change_request SET policy_version = 9 WHERE id = $id`],
  ['more time', `UPDATE change_request SET expires_at = '2999-01-01' WHERE id = $id`],
  ['another reason', `UPDATE change_request SET reason = '' WHERE id = $id`],
  ['another instant of its making', `UPDATE change_request SET created_at = now() WHERE id = $id`],
  ['delete a request', `DELETE FROM change_request WHERE id = $id`],
  ['empty the requests', `TRUNCATE change_request CASCADE`],
  ['change a decision', `UPDATE decision SET verdict = 'REJECTED' WHERE change_request_id = $executed`],
  ['delete a decision', `DELETE FROM decision WHERE change_request_id = $executed`],
  ['move a policy to another operation', `UPDATE approval_policy SET operation = 'x.y'`],
  ['delete the policies', `DELETE FROM approval_policy`],
  ['delete a user', `DELETE FROM app_user WHERE id = $checker`],
  ['another address for a user', `UPDATE app_user SET email = 'x@y.z' WHERE id = $checker`],
  ['another role in a grant', `UPDATE role_grant SET role = 'supervisor' WHERE user_id = $maker`],
  ['another holder of a grant', `UPDATE role_grant SET user_id = $maker`],
  ['delete a grant', `DELETE FROM role_grant`],
  ['another bearer of a session', `UPDATE session SET user_id = $checker`],
  ['a session that never ends', `UPDATE session SET expires_at = 'infinity'`],
  [
    'other lines in an invoice',
    `UPDATE invoice_line SET total_minor = 1, amount_minor = 1, tax_minor = 0 WHERE invoice_id = $invoiceId`,
  ],
  ['another total of an invoice', `UPDATE invoice SET total_minor = 1 WHERE id = $invoiceId`],
  ['delete an invoice', `DELETE FROM invoice WHERE id = $invoiceId`],
  ['another code of an account', `UPDATE account SET code = 'X'`],
  ['forget a key of idempotency', `DELETE FROM idempotency_key`],
  ['reuse a key of idempotency', `UPDATE idempotency_key SET input_digest = ''`],
  ['drop a constraint', `ALTER TABLE change_request DROP CONSTRAINT change_request_approved_by_same_person`],
  ['disable a trigger', `ALTER TABLE change_request DISABLE TRIGGER change_request_stays_closed`],
  [
    'make a trigger',
    `CREATE TRIGGER mine BEFORE UPDATE ON change_request FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  ],
  ['make a rule', `CREATE RULE mine AS ON INSERT TO decision DO INSTEAD NOTHING`],
  ['make a table', `CREATE TABLE mine (id int)`],
  [
    'replace a function',
    `CREATE OR REPLACE FUNCTION change_request_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN RETURN NEW; END $x$`,
  ],
  ['skip the triggers', `SET session_replication_role = 'replica'`],
  ['become the trail’s owner', `SET ROLE countersign_audit`],
  ['become the server’s owner', `SET ROLE postgres`],
  ['make itself a superuser', `ALTER ROLE CURRENT_USER SUPERUSER`],
  ['read the server’s files', `SELECT pg_read_file('PG_VERSION')`],
  ['run a program', `COPY change_request FROM PROGRAM 'true'`],
  ['write the list of migrations', `DELETE FROM migration`],
  ['other clocks for complaints', `UPDATE complaint_rule SET resolve_days = 3650`],
];

describe('two people, in the database', () => {
  // One scene for all: what is refused changes nothing.
  let scene: Scene;
  beforeAll(async () => {
    scene = await givenScene();
  });

  describe.each(['owner', 'API role'] as const)('the %s cannot', (login) => {
    it.each(NOBODY)('%s', async (_what, statement, code, ...[constraint]) => {
      const before = await stateOf(t);
      const error = await failure(t[login === 'owner' ? 'sql' : 'apiSql'](filled(statement, scene)));
      expect(error.code).toBe(code);
      if (constraint) expect(error.constraint).toBe(constraint);
      expect(await stateOf(t)).toEqual(before);
    });
  });

  describe('the API’s own role cannot', () => {
    it.each(NOT_THE_API)('%s', async (_what, statement) => {
      const before = await stateOf(t);
      const error = await failure(t.apiSql(filled(statement, scene)));
      // 22023: SET ROLE to a role that does not exist on a server with another superuser.
      expect([DENIED, '22023']).toContain(error.code);
      expect(await stateOf(t)).toEqual(before);
    });

    it('be a superuser, own anything, or belong to more than countersign_api', async () => {
      const [role] = await t.apiSql(
        `SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication,
           (SELECT array_agg(m.roleid::regrole::text) FROM pg_auth_members m WHERE m.member = r.oid) AS member_of,
           (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid OR relowner = 'countersign_api'::regrole) AS owns
         FROM pg_roles r WHERE rolname = current_user`,
      );
      expect(role).toEqual({
        rolsuper: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolbypassrls: false,
        rolreplication: false,
        member_of: ['countersign_api'],
        owns: 0,
      });
    });

    it('do more than the documented rest: exactly these tables and columns are its to write', async () => {
      const rows = await t.sql<{ table: string; insert: boolean; columns: string[] }>(
        `SELECT c.oid::regclass::text AS table, has_any_column_privilege('countersign_api', c.oid, 'INSERT') AS insert,
           array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND has_column_privilege('countersign_api', c.oid, a.attnum, 'UPDATE') ORDER BY 1) AS columns
         FROM pg_class c WHERE c.relnamespace IN ('public'::regnamespace, 'audit'::regnamespace) AND c.relkind IN ('r', 'v', 'm', 'p')`,
      );
      const changes = new Map(rows.map(({ table, columns }) => [table, columns]));
      // What is left to whoever holds the API's password: to make rows, and to move these columns. A decision that nobody
      // made could be written by it, under the name of somebody who exists and is not the maker; the trail would lack a
      // valid MAC for it.
      // Triggers hold that what tells of a person, and what was asked for, only ever gets erased: test/privacy/guards.test.ts.
      // And that what is asked for moves on with its revision alone: test/approvals/revise-change-request.test.ts.
      expect(changes.get('change_request')).toEqual([
        'account_id',
        'amount_currency',
        'amount_minor',
        'approved_by_id',
        'approver_ids',
        'approver_roles',
        'assignee_id',
        'changes',
        'closed_at',
        'digest',
        'escalate_at',
        'escalate_to_roles',
        'expires_at',
        'failure_code',
        'freshness',
        'input_sealed',
        'input_shown',
        'lob_id',
        'policy_id',
        'policy_version',
        'reason',
        'remind_at',
        'result',
        'revision',
        'seen',
        'status',
        'steps',
        'version',
        'warnings',
      ]);
      expect(changes.get('change_request_revision')).toEqual(['changes', 'input_shown', 'version']);
      expect(changes.get('decision')).toEqual(['version']);
      expect(changes.get('delegation')).toEqual(['revoked_at', 'revoked_by_id', 'version']);
      expect(changes.get('role_grant')).toEqual(['revoked_at', 'revoked_by_id', 'version']);
      // A trigger holds that a session and a key only ever end sooner: test/access/sessions.test.ts.
      expect(changes.get('session')).toEqual([
        'ended_at',
        'expires_at',
        'idle_until',
        'last_seen_at',
        'second_factor_at',
        'token_hash',
        'version',
      ]);
      expect(changes.get('api_key')).toEqual(['drawn_at', 'expires_at', 'prefix', 'revoked_at', 'version']);
      expect(changes.get('second_factor')).toEqual([
        'confirmed_at',
        'last_step',
        'recovery_hashes',
        'removed_at',
        'secret_sealed',
        'version',
      ]);
      expect(changes.get('password_token')).toEqual(['ended_at', 'version']);
      expect(changes.get('access_rule')).toEqual(['second_factor_required', 'second_factor_roles', 'strong_issuer']);
      expect(changes.get('app_user')).toEqual([
        'active_since',
        'deactivated_at',
        'email',
        'former_password_hashes',
        'name',
        'oidc_linked_at',
        'oidc_subject',
        'password_hash',
        'password_set_at',
        'password_set_by_id',
        'person_id',
        'second_factor_at',
        'version',
      ]);
      expect(changes.get('agent')).toEqual(['name', 'version']);
      expect(changes.get('audit.subject_key')).toEqual(['destroyed_at', 'wrapped']);
      expect(changes.get('idempotency_key')).toEqual(['answer']);
      expect(changes.get('audit.event')).toEqual([]);
      expect(changes.get('migration')).toEqual([]);
      const never = rows.filter(({ insert, columns }) => !insert && columns.length === 0).map(({ table }) => table);
      expect(never).toEqual(expect.arrayContaining(['migration', 'complaint_rule', 'business_calendar', 'holiday']));
      const deletes = await t.sql(
        `SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)
           AND c.relkind = 'r' AND (has_table_privilege('countersign_api', c.oid, 'DELETE') OR has_table_privilege('countersign_api', c.oid, 'TRUNCATE')
             OR has_table_privilege('countersign_api', c.oid, 'TRIGGER') OR has_table_privilege('countersign_api', c.oid, 'REFERENCES'))`,
      );
      expect(deletes).toEqual([]);
    });
  });

  it('a login that is not the API’s sees nothing', async () => {
    await t.sql(`CREATE ROLE nobody_${process.pid} LOGIN PASSWORD 'x'`);
    const url = new URL(t.ownerUrl);
    url.username = `nobody_${process.pid}`;
    url.password = 'x';
    const client = new Client({ connectionString: url.href });
    await client.connect();
    try {
      for (const table of ['change_request', 'account', 'audit.event', 'session'])
        expect((await failure(client.query(`SELECT FROM ${table}`))).code).toBe(DENIED);
    } finally {
      await client.end();
      await t.sql(`DROP ROLE nobody_${process.pid}`);
    }
  });

  it('what waits was not touched by any of it', async () => {
    const request = await proposedBankChange(t, await givenAccount(t));
    expect((await approve(t, request)).payload.changeRequest.status).toBe('EXECUTED');
    expect((await requestRow(t, request.id)).approved_by_id).toBe(t.as('supervisor').userId);
  });
});
