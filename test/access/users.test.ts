import { randomUUID } from 'node:crypto';
import { Person } from '../../src/demo/people';
import { startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { givenAccount, trail } from '../support/scene';
import { NO_ID } from './documents';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const freshEmail = () => `u-${randomUUID()}@test.example`;
const REQUEST =
  'outcome roleGrant { id } changeRequest { id revision digest status operation changes { path before after } approverRoles }';

async function givenUser(): Promise<string> {
  const { payload } = await t
    .as('admin')
    .mutate('createUser', { name: 'Somebody', email: freshEmail(), password: PASSWORD }, 'user { id }');
  await t.sql('UPDATE app_user SET password_set_by_id = NULL WHERE id = $1', [payload.user.id]);
  return payload.user.id as string;
}

async function givenGrant(userId: string, role: string, accountId: string | null = null): Promise<string> {
  const { roleGrant } = await t
    .person('admin')
    .countersigned(t.person('compliance'), 'role.grant', { userId, role, accountId, reason: 'hired' }, randomUUID());
  return roleGrant as string;
}

/** Everything that a refusal leaves: the event of that code by that actor, about that row, and no other event. */
async function expectRefusal(
  answer: { code: string | undefined; payload?: unknown },
  code: string,
  actorId: string,
  action: string,
): Promise<void> {
  expect(answer.code).toBe(code);
  expect(answer.payload ?? null).toBeNull();
  const [last] = (await trail(t, 'actor_id = $1', [actorId])).slice(-1);
  expect({ outcome: last!.outcome, code: last!.code, action: last!.action }).toEqual({
    outcome: 'REFUSED',
    code,
    action,
  });
}

const grantsOf = (userId: string) =>
  t.sql(
    'SELECT id, role, account_id, granted_by_id, revoked_at, revoked_by_id FROM role_grant WHERE user_id = $1 ORDER BY id',
    [userId],
  );

describe('user.create', () => {
  it('makes a user without a role, whose password is a hash, and records who made them', async () => {
    const email = `New.Person-${randomUUID()}@Test.Example`;
    const { payload, errors } = await t
      .as('admin')
      .mutate(
        'createUser',
        { name: '  New Person ', email, password: PASSWORD },
        'outcome user { id name email active roles roleGrants { id } version }',
      );
    expect(errors).toEqual([]);
    expect(payload).toEqual({
      outcome: 'DONE',
      user: {
        id: expect.any(String),
        name: 'New Person',
        email: email.toLowerCase(),
        active: true,
        roles: [],
        roleGrants: [],
        version: 1,
      },
    });
    const [row] = await t.sql('SELECT * FROM app_user WHERE id = $1', [payload.user.id]);
    expect(row).toMatchObject({ name: 'New Person', email: email.toLowerCase(), deactivated_at: null, version: 1 });
    expect(row!.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const events = await trail(t, 'subject_id = $1', [payload.user.id]);
    expect(events).toMatchObject([
      {
        action: 'user.created',
        outcome: 'DONE',
        actor: t.as('admin').userId,
        subject: { type: 'User', id: payload.user.id },
        roles: ['admin'],
      },
    ]);
    expect(JSON.stringify(events)).not.toContain(PASSWORD);
    expect(JSON.stringify(events)).not.toContain('argon2');
  });

  it('refuses an address that is taken, whatever its case: USER_EMAIL_TAKEN', async () => {
    const [before] = await t.sql('SELECT count(*) FROM app_user');
    const answer = await t
      .as('admin')
      .mutate('createUser', { name: 'Twin', email: 'BILLING@test.example', password: PASSWORD }, 'outcome');
    await expectRefusal(answer, 'USER_EMAIL_TAKEN', t.as('admin').userId, 'user.create');
    expect(await t.sql('SELECT count(*) FROM app_user')).toEqual([before]);
  });

  it.each([
    ['a short password', { password: 'too short' }, 'password'],
    ['a long password', { password: 'x'.repeat(129) }, 'password'],
    ['no address', { email: 'nobody' }, 'email'],
    ['a blank name', { name: '  ' }, 'name'],
    ['a long name', { name: 'x'.repeat(201) }, 'name'],
  ])('refuses %s, naming the field and not the value', async (_what, wrong, field) => {
    const answer = await t
      .as('admin')
      .mutate('createUser', { name: 'Somebody', email: freshEmail(), password: PASSWORD, ...wrong }, 'outcome');
    await expectRefusal(answer, 'BAD_USER_INPUT', t.as('admin').userId, 'user.create');
    expect(answer.errors[0]!.extensions.details!.fields.map((each: { field: string }) => each.field)).toEqual([field]);
    expect(answer.text).not.toContain('too short');
  });

  it('is done once per key', async () => {
    const input = { name: 'Once', email: freshEmail(), password: PASSWORD, idempotencyKey: randomUUID() };
    const [one, other] = [
      await t.as('admin').mutate('createUser', input, 'user { id }'),
      await t.as('admin').mutate('createUser', input, 'user { id }'),
    ];
    expect(other.payload).toEqual(one.payload);
    expect(await t.sql('SELECT id FROM app_user WHERE email = $1', [input.email])).toEqual([
      { id: one.payload.user.id },
    ]);
    const reused = await t.as('admin').mutate('createUser', { ...input, password: `${PASSWORD}!` }, 'user { id }');
    expect(reused.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });
});

describe('role.grant', () => {
  it('waits for a second person; compliance approves it, and the trail names both', async () => {
    const userId = await givenUser();
    const { payload } = await t
      .as('admin')
      .mutate('grantRole', { userId, role: 'billing', reason: 'hired for billing' }, REQUEST);
    expect(payload).toMatchObject({
      outcome: 'AWAITING_APPROVAL',
      roleGrant: null,
      changeRequest: { status: 'PENDING', operation: 'role.grant', approverRoles: ['admin', 'compliance'] },
    });
    expect(payload.changeRequest.changes).toContainEqual({ path: 'role', before: null, after: 'billing' });
    expect(await grantsOf(userId)).toEqual([]);

    const { id, revision, digest } = payload.changeRequest;
    const approved = await t
      .as('compliance')
      .mutate('approveChangeRequest', { id, revision, digest }, 'changeRequest { status result }');
    expect(approved.errors).toEqual([]);
    expect(approved.payload.changeRequest.status).toBe('EXECUTED');
    const grant = approved.payload.changeRequest.result.roleGrant;
    expect(await grantsOf(userId)).toEqual([
      {
        id: grant,
        role: 'billing',
        account_id: null,
        granted_by_id: t.as('admin').userId,
        revoked_at: null,
        revoked_by_id: null,
      },
    ]);
    expect(await trail(t, 'change_request_id = $1', [id])).toMatchObject([
      { action: 'changeRequest.proposed', outcome: 'DONE', actor: t.as('admin').userId, reason: 'hired for billing' },
      {
        action: 'role.granted',
        outcome: 'DONE',
        actor: t.as('compliance').userId,
        onBehalfOf: t.as('admin').userId,
        subject: { type: 'RoleGrant', id: grant },
      },
      { action: 'changeRequest.approved', outcome: 'DONE', actor: t.as('compliance').userId },
    ]);
  });

  it.each([
    ['the maker', 'admin', 'MAKER_IS_CHECKER'],
    ['a supervisor', 'supervisor', 'NOT_AN_APPROVER'],
    ['billing', 'billing', 'FORBIDDEN'],
    ['an auditor', 'auditor', 'FORBIDDEN'],
  ] as const)('is not approved by %s', async (_who, name, code) => {
    const userId = await givenUser();
    const { payload } = await t
      .as('admin')
      .mutate('grantRole', { userId, role: 'supervisor', reason: 'hired' }, REQUEST);
    const { id, revision, digest } = payload.changeRequest;
    const answer = await t.as(name).mutate('approveChangeRequest', { id, revision, digest }, 'outcome');
    await expectRefusal(answer, code, t.as(name).userId, 'changeRequest.approve');
    expect(await grantsOf(userId)).toEqual([]);
    expect(await t.sql('SELECT status, approved_by_id FROM change_request WHERE id = $1', [id])).toEqual([
      { status: 'PENDING', approved_by_id: null },
    ]);
    expect(await t.sql('SELECT FROM decision WHERE change_request_id = $1', [id])).toEqual([]);
  });

  it('is not approved by whom it is for, and waits for somebody else', async () => {
    const userId = t.as('compliance').userId;
    const before = await grantsOf(userId);
    const { payload } = await t.as('admin').mutate('grantRole', { userId, role: 'supervisor', reason: 'x' }, REQUEST);
    const { id, revision, digest } = payload.changeRequest;
    const answer = await t.as('compliance').mutate('approveChangeRequest', { id, revision, digest }, 'outcome');
    await expectRefusal(answer, 'MAKER_IS_CHECKER', userId, 'changeRequest.approve');
    expect(await grantsOf(userId)).toEqual(before);
    expect(await t.sql('SELECT status FROM change_request WHERE id = $1', [id])).toEqual([{ status: 'PENDING' }]);
    const rejected = await t.as('admin2').mutate('rejectChangeRequest', { id, reason: 'no need' }, 'outcome');
    expect(rejected.payload).toEqual({ outcome: 'DONE' });
  });

  it('is approved by another administrator', async () => {
    const userId = await givenUser();
    await t
      .person('admin')
      .countersigned(t.person('admin2'), 'role.grant', { userId, role: 'operations', reason: 'hired' }, randomUUID());
    expect(await grantsOf(userId)).toMatchObject([{ role: 'operations', granted_by_id: t.as('admin').userId }]);
  });

  it('gives a client’s user their account', async () => {
    const [userId, accountId] = [await givenUser(), await givenAccount(t)];
    await givenGrant(userId, 'client', accountId);
    expect(await grantsOf(userId)).toMatchObject([{ role: 'client', account_id: accountId }]);
  });

  const refusals: [string, () => Promise<{ userId: string }>, string][] = [
    ['an unknown user', async () => ({ userId: NO_ID, role: 'billing' }), 'NOT_FOUND'],
    ['oneself', async () => ({ userId: t.as('admin').userId, role: 'supervisor' }), 'ROLE_NOT_GRANTABLE'],
    ['a deactivated user', async () => ({ userId: await givenDeactivated(), role: 'billing' }), 'ROLE_NOT_GRANTABLE'],
    ['a client without an account', async () => ({ userId: await givenUser(), role: 'client' }), 'ROLE_NOT_GRANTABLE'],
    [
      'an administrator with an account',
      async () => ({ userId: await givenUser(), role: 'admin', accountId: await givenAccount(t) }),
      'ROLE_NOT_GRANTABLE',
    ],
    ['an unknown account', async () => ({ userId: await givenUser(), role: 'client', accountId: NO_ID }), 'NOT_FOUND'],
    [
      'an account that is no id',
      async () => ({ userId: await givenUser(), role: 'client', accountId: `' OR 1=1 --` }),
      'NOT_FOUND',
    ],
    [
      'a role that is held already',
      async () => ({ userId: t.as('billing').userId, role: 'billing' }),
      'ROLE_GRANT_TAKEN',
    ],
  ];
  it.each(refusals)('refuses %s', async (_what, input, code) => {
    const given = { reason: 'hired', ...(await input()) };
    const [grants, requests] = [await grantsOf(given.userId), await t.sql('SELECT count(*) FROM change_request')];
    const answer = await t.as('admin').mutate('grantRole', given, 'outcome');
    await expectRefusal(answer, code, t.as('admin').userId, 'role.grant');
    expect(await grantsOf(given.userId)).toEqual(grants);
    expect(await t.sql('SELECT count(*) FROM change_request')).toEqual(requests);
  });

  async function givenDeactivated(): Promise<string> {
    const userId = await givenUser();
    await t.as('admin').mutate('deactivateUser', { userId, reason: 'left' }, 'outcome');
    return userId;
  }

  it('refuses a role that does not exist, without repeating it', async () => {
    const answer = await t
      .as('admin')
      .mutate('grantRole', { userId: await givenUser(), role: 'superuser-canary', reason: 'x' }, 'outcome');
    expect(answer.code).toBe('BAD_USER_INPUT');
    expect(answer.text).not.toContain('superuser-canary');
  });

  it('proposed twice is carried out once: the second is stale', async () => {
    const userId = await givenUser();
    const proposals = [];
    for (let each = 0; each < 2; each += 1)
      proposals.push(
        (await t.as('admin').mutate('grantRole', { userId, role: 'auditor', reason: 'x' }, REQUEST)).payload
          .changeRequest,
      );
    const codes = [];
    for (const { id, revision, digest } of proposals)
      codes.push((await t.as('compliance').mutate('approveChangeRequest', { id, revision, digest }, 'outcome')).code);
    expect(codes).toEqual([undefined, 'CHANGE_REQUEST_STALE']);
    expect(await grantsOf(userId)).toHaveLength(1);
  });

  it('fails when its maker is no administrator any more', async () => {
    const userId = await givenUser();
    const maker = await givenUser();
    const makersGrant = await givenGrant(maker, 'admin');
    const { changeRequestId } = await new Person(t.served.app, maker).submit(
      'role.grant',
      { userId, role: 'billing', reason: 'x' },
      randomUUID(),
    );
    await t.as('admin').mutate('revokeRole', { roleGrantId: makersGrant, reason: 'moved' }, 'outcome');
    const [{ revision, digest }] = (await t.sql('SELECT revision, digest FROM change_request WHERE id = $1', [
      changeRequestId,
    ])) as [{ revision: number; digest: string }];
    const answer = await t
      .as('compliance')
      .mutate('approveChangeRequest', { id: changeRequestId, revision, digest }, 'outcome');
    expect(answer.code).toBe('CHANGE_REQUEST_FAILED');
    expect(await grantsOf(userId)).toEqual([]);
    expect(await t.sql('SELECT status, failure_code FROM change_request WHERE id = $1', [changeRequestId])).toEqual([
      { status: 'FAILED', failure_code: 'NOT_FOUND' },
    ]);
  });
});

describe('role.revoke', () => {
  it('takes a role at once, without a second person, and keeps the grant', async () => {
    const userId = await givenUser();
    const grant = await givenGrant(userId, 'billing');
    const { payload } = await t
      .as('admin')
      .mutate(
        'revokeRole',
        { roleGrantId: grant, reason: 'moved on', expectedVersion: 1 },
        'outcome changeRequest { id }',
      );
    expect(payload).toEqual({ outcome: 'DONE', changeRequest: null });
    expect(await grantsOf(userId)).toEqual([
      {
        id: grant,
        role: 'billing',
        account_id: null,
        granted_by_id: t.as('admin').userId,
        revoked_at: expect.any(Date),
        revoked_by_id: t.as('admin').userId,
      },
    ]);
    expect((await trail(t, 'subject_id = $1', [grant])).slice(-1)).toMatchObject([
      {
        action: 'role.revoked',
        outcome: 'DONE',
        actor: t.as('admin').userId,
        reason: 'moved on',
        changes: [{ path: 'role', before: 'billing', after: null }],
      },
    ]);
    expect(
      (
        await t
          .as('auditor')
          .gql('query ($id: ID!) { user(id: $id) { roles roleGrants { id revokedAt } } }', { id: userId })
      ).data!.user,
    ).toEqual({
      roles: [],
      roleGrants: [{ id: grant, revokedAt: expect.stringMatching(/Z$/) }],
    });
  });

  it('lets the role be granted again', async () => {
    const userId = await givenUser();
    await t
      .as('admin')
      .mutate('revokeRole', { roleGrantId: await givenGrant(userId, 'billing'), reason: 'x' }, 'outcome');
    await givenGrant(userId, 'billing');
    expect((await grantsOf(userId)).map(({ revoked_at }) => revoked_at === null)).toEqual([false, true]);
  });

  it('refuses an unknown grant, a wrong version and a second time, in this order', async () => {
    const grant = await givenGrant(await givenUser(), 'billing');
    const revoke = (input: object) =>
      t.as('admin').mutate('revokeRole', { roleGrantId: grant, reason: 'x', ...input }, 'outcome');
    const actor = t.as('admin').userId;
    await expectRefusal(await revoke({ roleGrantId: NO_ID }), 'NOT_FOUND', actor, 'role.revoke');
    const conflict = await revoke({ expectedVersion: 2 });
    await expectRefusal(conflict, 'VERSION_CONFLICT', actor, 'role.revoke');
    expect(conflict.errors[0]!.extensions.details).toEqual({ expectedVersion: 2, version: 1 });
    expect(await t.sql('SELECT version, revoked_at FROM role_grant WHERE id = $1', [grant])).toEqual([
      { version: 1, revoked_at: null },
    ]);
    expect((await revoke({})).payload).toEqual({ outcome: 'DONE' });
    await expectRefusal(await revoke({}), 'ROLE_NOT_REVOCABLE', actor, 'role.revoke');
    expect(await t.sql('SELECT version FROM role_grant WHERE id = $1', [grant])).toEqual([{ version: 2 }]);
  });

  it('done twice at once is done once', async () => {
    const grant = await givenGrant(await givenUser(), 'billing');
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => t.as('admin').mutate('revokeRole', { roleGrantId: grant, reason: 'x' }, 'outcome')),
    );
    expect(answers.map(({ code }) => code ?? 'DONE').toSorted()).toEqual([
      'DONE',
      ...Array(3).fill('ROLE_NOT_REVOCABLE'),
    ]);
    expect(await t.sql('SELECT version FROM role_grant WHERE id = $1', [grant])).toEqual([{ version: 2 }]);
    expect(await trail(t, `subject_id = $1 AND action = 'role.revoked'`, [grant])).toHaveLength(1);
  });
});

describe('user.deactivate', () => {
  it('takes the access away and says who, why and of whom', async () => {
    const userId = await givenUser();
    const { payload } = await t
      .as('admin')
      .mutate(
        'deactivateUser',
        { userId, reason: 'left the firm', expectedVersion: 1 },
        'outcome user { active version }',
      );
    expect(payload).toEqual({ outcome: 'DONE', user: { active: false, version: 2 } });
    expect(
      (await t.sql('SELECT deactivated_at FROM app_user WHERE id = $1', [userId]))[0]!.deactivated_at,
    ).toBeInstanceOf(Date);
    expect((await trail(t, 'subject_id = $1', [userId])).slice(-1)).toMatchObject([
      {
        action: 'user.deactivated',
        outcome: 'DONE',
        actor: t.as('admin').userId,
        reason: 'left the firm',
        changes: [{ path: 'active', before: true, after: false }],
      },
    ]);
  });

  it('refuses an unknown user, a wrong version, oneself and a second time', async () => {
    const userId = await givenUser();
    const actor = t.as('admin').userId;
    const deactivate = (input: object) =>
      t.as('admin').mutate('deactivateUser', { userId, reason: 'x', ...input }, 'outcome');
    await expectRefusal(await deactivate({ userId: NO_ID }), 'NOT_FOUND', actor, 'user.deactivate');
    await expectRefusal(await deactivate({ expectedVersion: 7 }), 'VERSION_CONFLICT', actor, 'user.deactivate');
    await expectRefusal(await deactivate({ userId: actor }), 'USER_NOT_DEACTIVATABLE', actor, 'user.deactivate');
    expect(await t.sql('SELECT deactivated_at FROM app_user WHERE id = ANY($1)', [[userId, actor]])).toEqual([
      { deactivated_at: null },
      { deactivated_at: null },
    ]);
    expect((await deactivate({})).payload).toEqual({ outcome: 'DONE' });
    await expectRefusal(await deactivate({}), 'USER_NOT_DEACTIVATABLE', actor, 'user.deactivate');
  });

  it('is no way in for what somebody proposed before they left: MAKER_NOT_ACTIVE', async () => {
    const maker = await givenUser();
    await givenGrant(maker, 'admin');
    const target = await givenUser();
    const { changeRequestId } = await new Person(t.served.app, maker).submit(
      'role.grant',
      { userId: target, role: 'billing', reason: 'x' },
      randomUUID(),
    );
    await t.as('admin').mutate('deactivateUser', { userId: maker, reason: 'left' }, 'outcome');
    const [{ revision, digest }] = (await t.sql('SELECT revision, digest FROM change_request WHERE id = $1', [
      changeRequestId,
    ])) as [{ revision: number; digest: string }];
    expect(
      (await t.as('compliance').mutate('approveChangeRequest', { id: changeRequestId, revision, digest }, 'outcome'))
        .code,
    ).toBe('MAKER_NOT_ACTIVE');
    expect(await grantsOf(target)).toEqual([]);
  });
});

describe('the database, asked by the API’s own role', () => {
  const DENIED = '42501';
  const codeOf = (text: string, values: unknown[] = []) =>
    t.apiSql(text, values).then(
      () => 'DONE',
      (error: { code: string; constraint?: string }) => error.constraint ?? error.code,
    );

  it('does not let a grant become another', async () => {
    for (const set of [
      `role = 'admin'`,
      `user_id = granted_by_id`,
      'granted_by_id = NULL',
      'account_id = NULL',
      `created_at = now()`,
      `id = gen_random_uuid()`,
    ])
      expect({ set, code: await codeOf(`UPDATE role_grant SET ${set}`) }).toEqual({ set, code: DENIED });
  });

  it('does not let anybody grant themselves anything', async () => {
    const insert = `INSERT INTO role_grant (id, user_id, role, granted_by_id) VALUES (gen_random_uuid(), $1, $2, $1)`;
    expect(await codeOf(insert, [t.as('billing').userId, 'supervisor'])).toBe('role_grant_by_same_person');
    expect(
      await codeOf(
        `INSERT INTO role_grant (id, user_id, role, granted_by_id) VALUES (gen_random_uuid(), $1, 'client', $2)`,
        [t.as('billing').userId, t.as('admin').userId],
      ),
    ).toBe('role_grant_account');
    expect(
      await codeOf(
        `INSERT INTO role_grant (id, user_id, role, granted_by_id) VALUES (gen_random_uuid(), $1, 'billing', $2)`,
        [t.as('billing').userId, t.as('admin').userId],
      ),
    ).toBe('role_grant_taken');
    expect(await grantsOf(t.as('billing').userId)).toMatchObject([{ role: 'billing' }]);
  });

  it('does not let a role come from nobody, once there are users', async () => {
    const insert = `INSERT INTO role_grant (id, user_id, role) VALUES (gen_random_uuid(), $1, 'admin')`;
    expect(await codeOf(insert, [t.as('stranger').userId])).toBe('23514');
    expect(await grantsOf(t.as('stranger').userId)).toEqual([]);
  });

  it('does not let a user or a session become somebody else’s', async () => {
    for (const statement of [
      `UPDATE app_user SET email = 'x@test.example'`,
      `UPDATE app_user SET id = gen_random_uuid()`,
      `UPDATE session SET user_id = user_id`,
      `UPDATE session SET token_hash = sha256(token_hash)`,
      `UPDATE session SET expires_at = 'infinity'`,
      `UPDATE idempotency_key SET actor_id = actor_id`,
      `UPDATE change_request SET maker_id = maker_id`,
      `UPDATE change_request SET operation = 'invoice.void'`,
      `UPDATE change_request SET subject_id = id`,
      `UPDATE decision SET decided_by_id = decided_by_id`,
      `UPDATE audit.event SET outcome = 'DONE'`,
      `INSERT INTO audit.event (id, xid) VALUES (gen_random_uuid(), '1')`,
      `UPDATE approval_policy SET operation = 'x.y'`,
      `UPDATE delegation SET delegate_id = delegator_id`,
      `UPDATE finding SET raised_by_id = id`,
    ])
      expect({ statement, code: await codeOf(statement) }).toEqual({ statement, code: DENIED });
  });

  it('deletes nothing, from no table', async () => {
    const tables = await t.sql<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'audit') ORDER BY 1`,
    );
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      expect({ name, delete: await codeOf(`DELETE FROM ${name}`) }).toEqual({ name, delete: DENIED });
      expect({ name, truncate: await codeOf(`TRUNCATE ${name} CASCADE`) }).toEqual({ name, truncate: DENIED });
      expect({ name, drop: await codeOf(`DROP TABLE ${name} CASCADE`) }).toEqual({ name, drop: DENIED });
      expect({ name, alter: await codeOf(`ALTER TABLE ${name} DISABLE TRIGGER ALL`) }).toEqual({ name, alter: DENIED });
    }
  });

  it('makes nothing and becomes nobody else', async () => {
    for (const statement of [
      'CREATE TABLE mine (id int)',
      'CREATE TABLE audit.mine (id int)',
      'CREATE TEMPORARY TABLE account (id int)',
      'CREATE SCHEMA mine',
      'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'CREATE ROLE mine',
      'CREATE DATABASE mine',
      'SET ROLE countersign_audit',
      `COPY app_user TO PROGRAM 'cat'`,
      `SET session_replication_role = 'replica'`,
      `SELECT pg_read_file('postgresql.conf')`,
    ])
      expect({ statement, code: await codeOf(statement) }).toEqual({ statement, code: DENIED });
  });
});
