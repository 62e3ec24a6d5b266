import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { ApiClient, startAppOver, startTestApp, type TestApp } from './support/app';
import { PASSWORD } from './support/cast';
import { freshCode } from './support/scene';

/** Two processes of the API on one database. */
let a: TestApp;
let b: TestApp;
beforeAll(async () => {
  a = await startTestApp();
  b = await startAppOver(a.ownerUrl);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await b.close();
  await a.close();
});

/** What a test started besides, and may not have got to end. */
const closing: (() => Promise<unknown>)[] = [];

const VIEWER = '{ viewer { id name roles sessionId } }';
const GUARDED = '{ accounts { totalCount } }';
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token viewer { id roles } } }`;

interface Somebody {
  id: string;
  email: string;
  grantId: string;
}

/** A user of their own with one role, whose password is theirs. */
async function givenSomebody(role = 'billing'): Promise<Somebody> {
  const email = `u-${randomBytes(6).toString('hex')}@test.example`;
  const { payload } = await a
    .as('admin')
    .mutate('createUser', { name: 'Somebody', email, password: PASSWORD }, 'user { id }');
  const id = payload.user.id as string;
  const grant = { userId: id, role, reason: 'they work here' };
  await a.person('admin').countersigned(a.person('compliance'), 'role.grant', grant, freshCode('K'));
  await a.sql('UPDATE app_user SET password_set_by_id = NULL WHERE id = $1', [id]);
  const [row] = await a.sql<{ id: string }>('SELECT id FROM role_grant WHERE user_id = $1', [id]);
  return { id, email, grantId: row!.id };
}

/** Signs in at a process. */
async function signedIn(
  t: TestApp,
  { email }: { email: string },
  password = PASSWORD,
): Promise<ApiClient & { roles: string[] }> {
  const { data, errors } = await t.nobody.gql(SIGN_IN, { input: { email, password } });
  expect(errors).toEqual([]);
  const { token, viewer } = data!.signIn;
  return Object.assign(new ApiClient(t.served, token as string, viewer.id as string), {
    roles: viewer.roles as string[],
  });
}

/** What the bearer is to a process: their name and roles, or nobody. */
async function seen(client: ApiClient): Promise<{ name: string; roles: string[] } | null> {
  const { data, errors } = await client.gql(VIEWER);
  expect(errors).toEqual([]);
  return data!.viewer && { name: data!.viewer.name, roles: data!.viewer.roles };
}

/** The same bearer at both processes, which both remember them. */
async function remembered(user: Somebody): Promise<{ here: ApiClient; there: ApiClient }> {
  const here = await signedIn(a, user);
  const there = here.at(b);
  for (const client of [here, there, there]) expect((await client.gql(GUARDED)).errors).toEqual([]);
  return { here, there };
}

const versionsOf = async (userId: string): Promise<number[]> =>
  (await a.sql<{ version: number }>('SELECT version FROM session WHERE user_id = $1 ORDER BY id', [userId])).map(
    ({ version }) => version,
  );

/** A transaction that is held open by hand. */
async function begun(url = a.ownerUrl): Promise<Client> {
  const client = new Client(url);
  await client.connect();
  closing.push(() => client.end());
  await client.query('BEGIN');
  return client;
}

/** Until so many statements of the API's wait for a lock in this database. */
async function untilWaiting(count = 1): Promise<void> {
  const waiting = `SELECT count(*)::int AS waiting FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'countersign' AND wait_event_type = 'Lock'`;
  while ((await a.sql<{ waiting: number }>(waiting))[0]!.waiting < count)
    await new Promise((resolve) => setTimeout(resolve, 10));
}

const REVOKE = 'UPDATE role_grant SET revoked_at = now(), revoked_by_id = $2, version = version + 1 WHERE id = $1';

describe('what one process did holds at the other for the very next read, though it remembers the bearer', () => {
  it('remembers them: the second read needs no look at who they are', async () => {
    const { there } = await remembered(await givenSomebody());
    const asked: string[] = [];
    const { pool } = b.served.app.database;
    const watch = jest.spyOn(pool, 'query').mockImplementation(((query: { name?: string }) => {
      asked.push(query.name ?? '');
      return Promise.reject(new Error('not asked'));
    }) as never);
    expect((await there.gql(GUARDED)).errors).toEqual([]);
    watch.mockRestore();
    expect(asked).toEqual([]);
  });

  it('signing out', async () => {
    const { here, there } = await remembered(await givenSomebody());
    expect((await here.gql('mutation { signOut { signedOut } }')).errors).toEqual([]);
    expect((await there.gql(GUARDED)).code).toBe('UNAUTHENTICATED');
    expect(await seen(there)).toBeNull();
  });

  it('a session that somebody else ended', async () => {
    const { here, there } = await remembered(await givenSomebody());
    const { data } = await here.gql(VIEWER);
    const input = { sessionId: data!.viewer.sessionId };
    expect((await a.as('compliance').mutate('endSession', input, 'outcome')).errors).toEqual([]);
    expect((await there.gql(GUARDED)).code).toBe('UNAUTHENTICATED');
  });

  it('a role that was revoked', async () => {
    const user = await givenSomebody();
    const { there } = await remembered(user);
    const input = { roleGrantId: user.grantId, reason: 'moved on' };
    expect((await a.as('admin').mutate('revokeRole', input, 'outcome')).errors).toEqual([]);
    expect((await there.gql(GUARDED)).code).toBe('UNAUTHENTICATED');
    expect(await seen(there)).toBeNull();
    expect((await signedIn(b, user)).roles).toEqual([]);
  });

  it('a role that was granted', async () => {
    const user = await givenSomebody();
    const { there } = await remembered(user);
    const grant = { userId: user.id, role: 'compliance', reason: 'looks after the books' };
    await a.person('admin').countersigned(a.person('compliance'), 'role.grant', grant, freshCode('K'));
    expect((await there.gql(GUARDED)).code).toBe('UNAUTHENTICATED');
    const again = await signedIn(b, user);
    expect(again.roles).toEqual(['billing', 'compliance']);
    expect((await again.gql('{ auditEvents(first: 1) { totalCount } }')).errors).toEqual([]);
  });

  it('a user who was deactivated', async () => {
    const user = await givenSomebody();
    const { there } = await remembered(user);
    expect(
      (await a.as('admin').mutate('deactivateUser', { userId: user.id, reason: 'left' }, 'outcome')).errors,
    ).toEqual([]);
    expect((await there.gql(GUARDED)).code).toBe('UNAUTHENTICATED');
    expect(await seen(there)).toBeNull();
  });

  it('a name that was changed', async () => {
    const user = await givenSomebody();
    const { there } = await remembered(user);
    await a.rewind(`UPDATE app_user SET name = 'Somebody Else' WHERE id = $1`, [user.id]);
    expect(await seen(there)).toEqual({ name: 'Somebody Else', roles: ['billing'] });
  });

  it('a password of one’s own: roles count from then on, and one’s other sessions are over', async () => {
    const user = await givenSomebody();
    const setBy = 'UPDATE app_user SET password_set_by_id = $2 WHERE id = $1';
    await a.sql(setBy, [user.id, a.as('admin').userId]);
    const here = await signedIn(a, user);
    const there = here.at(b);
    const other = await signedIn(b, user);
    expect((await seen(there))!.roles).toEqual([]);
    expect((await seen(other))!.roles).toEqual([]);
    const input = { presentPassword: PASSWORD, newPassword: 'a password of my very own' };
    expect((await here.mutate('changePassword', input, 'viewer { roles }')).payload).toEqual({
      viewer: { roles: ['billing'] },
    });
    expect((await there.gql(GUARDED)).errors).toEqual([]);
    expect(await seen(other)).toBeNull();
    // And back, where somebody else chose it again.
    await a.sql(setBy, [user.id, a.as('admin').userId]);
    expect((await there.gql(GUARDED)).code).toBe('FORBIDDEN');
  });
});

describe('the version of a session moves with whatever its bearer is', () => {
  it.each([
    ['a role is revoked', `UPDATE role_grant SET revoked_at = now() WHERE user_id = $1`],
    [
      'a role is granted',
      `INSERT INTO role_grant (id, user_id, role, granted_by_id) SELECT gen_random_uuid(), $1, 'auditor', id
       FROM app_user WHERE email = 'admin@test.example'`,
    ],
    ['the name changes', `UPDATE app_user SET name = 'N' WHERE id = $1`],
    ['the address changes', `UPDATE app_user SET email = gen_random_uuid() || '@test.example' WHERE id = $1`],
    [
      'the password becomes another’s',
      `UPDATE app_user SET password_set_by_id = (SELECT id FROM app_user WHERE email = 'admin@test.example') WHERE id = $1`,
    ],
    ['they are deactivated', `UPDATE app_user SET deactivated_at = now() WHERE id = $1`],
  ])('%s: of every open session of theirs, and of nobody else’s', async (_what, change) => {
    const [user, other] = [await givenSomebody(), await givenSomebody()];
    for (const each of [user, user, other]) await signedIn(a, each);
    await a.rewind(change, [user.id]);
    expect(await versionsOf(user.id)).toEqual([2, 2]);
    expect(await versionsOf(other.id)).toEqual([1]);
  });
});

describe('a change in flight cannot be outrun', () => {
  it('a session that is opened while a role is being revoked has not got it', async () => {
    const user = await givenSomebody();
    const revoking = await begun();
    await revoking.query(REVOKE, [user.grantId, a.as('admin').userId]);
    const opening = signedIn(b, user);
    await untilWaiting();
    await revoking.query('COMMIT');
    const client = await opening;
    expect(client.roles).toEqual([]);
    for (const t of [a, b]) expect((await client.at(t).gql(GUARDED)).code).toBe('FORBIDDEN');
  });

  it('a role that is revoked while a session is being opened ends it', async () => {
    const user = await givenSomebody();
    const token = randomBytes(32).toString('base64url');
    const opening = await begun();
    await opening.query(
      `INSERT INTO session (id, user_id, token_hash, expires_at) VALUES (gen_random_uuid(), $1, sha256($2::text::bytea), '2999-01-01')`,
      [user.id, token],
    );
    const revoking = a.as('admin').mutate('revokeRole', { roleGrantId: user.grantId, reason: 'moved on' }, 'outcome');
    await untilWaiting();
    await opening.query('COMMIT');
    expect((await revoking).errors).toEqual([]);
    for (const t of [a, b])
      expect((await new ApiClient(t.served, token, user.id).gql(GUARDED)).code).toBe('UNAUTHENTICATED');
  });

  it('who was looked up before it was done is looked up again', async () => {
    const user = await givenSomebody();
    const { here, there } = await remembered(user);
    const revoking = await begun();
    await revoking.query(REVOKE, [user.grantId, a.as('admin').userId]);
    // Not done yet: nobody waits for it who only reads, and a third process finds them as they still are.
    const c = await startAppOver(a.ownerUrl);
    closing.push(() => c.close());
    const clients = [here, there, here.at(c)];
    for (const client of clients) expect((await client.gql(GUARDED)).errors).toEqual([]);
    await revoking.query('COMMIT');
    for (const client of clients) expect((await client.gql(GUARDED)).code).toBe('FORBIDDEN');
  });

  it('what was taken back changes nothing', async () => {
    const user = await givenSomebody();
    const { there } = await remembered(user);
    const revoking = await begun();
    await revoking.query(REVOKE, [user.grantId, a.as('admin').userId]);
    await revoking.query('ROLLBACK');
    expect((await there.gql(GUARDED)).errors).toEqual([]);
    expect(await versionsOf(user.id)).toEqual([1]);
  });
});

describe('the API’s own login cannot get round it', () => {
  const refused = async (text: string, code: string) => {
    const client = new Client(a.apiUrl);
    await client.connect();
    try {
      await expect(client.query(text)).rejects.toMatchObject({ code });
    } finally {
      await client.end();
    }
  };

  it.each([
    ['switch the triggers off', 'ALTER TABLE role_grant DISABLE TRIGGER ALL', '42501'],
    ['be a replica that has none', 'SET session_replication_role = replica', '42501'],
    ['put other sessions in front of them', 'CREATE TEMPORARY TABLE session (LIKE public.session)', '42501'],
    [
      'put another function in their place',
      `CREATE OR REPLACE FUNCTION public.sessions_follow_roles() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
      '42501',
    ],
    [
      'have them look elsewhere',
      'SET search_path = pg_catalog; UPDATE public.role_grant SET revoked_at = now() WHERE revoked_at IS NULL',
      '42P01',
    ],
    ['turn a version back', 'UPDATE session SET version = version - 1', '23514'],
    ['delete a session', 'DELETE FROM session', '42501'],
  ])('%s', (_what, text, code) => refused(text, code));
});
