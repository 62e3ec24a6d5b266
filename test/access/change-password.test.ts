import { randomUUID } from 'node:crypto';
import { ApiClient, startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { trail } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const OWN = 'a password of their own';

async function signIn(email: string, password: string): Promise<ApiClient> {
  const { data, errors } = await t.nobody.gql(
    'mutation ($input: SignInInput!) { signIn(input: $input) { token viewer { id } } }',
    { input: { email, password } },
  );
  expect(errors).toEqual([]);
  return new ApiClient(t.served, data!.signIn.token, data!.signIn.viewer.id);
}

/** A user whom an administrator made, with a role that compliance approved. */
async function givenNewcomer(role: string): Promise<{ id: string; email: string }> {
  const email = `n-${randomUUID()}@test.example`;
  const { payload } = await t
    .as('admin')
    .mutate('createUser', { name: 'New', email, password: PASSWORD }, 'user { id }');
  const grant = { userId: payload.user.id, role, reason: 'hired' };
  await t.person('admin').countersigned(t.person('compliance'), 'role.grant', grant, randomUUID());
  return { id: payload.user.id, email };
}

const change = (client: ApiClient, presentPassword: string, newPassword: string) =>
  client.mutate('changePassword', { presentPassword, newPassword }, 'viewer { id roles }');

describe('a password that somebody else chose', () => {
  it('gives the roles of its user nothing until they have shown up and changed it', async () => {
    const { id, email } = await givenNewcomer('supervisor');
    const byAdmin = await signIn(email, PASSWORD);
    expect((await byAdmin.gql('{ viewer { roles } }')).data!.viewer.roles).toEqual([]);
    expect((await byAdmin.gql('{ accounts { totalCount } }')).code).toBe('FORBIDDEN');
    expect((await byAdmin.gql('{ myApprovals { totalCount } }')).code).toBe('FORBIDDEN');
    expect((await t.sql('SELECT password_set_by_id FROM app_user WHERE id = $1', [id]))[0]).toEqual({
      password_set_by_id: t.as('admin').userId,
    });
  });

  it('is replaced by one’s own, which makes the roles count and ends every other session', async () => {
    const { id, email } = await givenNewcomer('supervisor');
    const elsewhere = await signIn(email, PASSWORD);
    const here = await signIn(email, PASSWORD);
    const changed = await change(here, PASSWORD, OWN);
    expect(changed.errors).toEqual([]);
    expect(changed.payload).toEqual({ viewer: { id, roles: ['supervisor'] } });
    expect((await here.gql('{ accounts { totalCount } }')).errors).toEqual([]);
    expect((await elsewhere.gql('{ viewer { id } }')).data).toEqual({ viewer: null });
    expect((await signIn(email, OWN)).userId).toBe(id);
    expect(await trail(t, `subject_id = $1 AND action = 'password.changed'`, [id])).toMatchObject([
      { actor: id, outcome: 'DONE', changes: [{ path: 'ownPassword', before: false, after: true }] },
    ]);
  });
});

describe('a first password', () => {
  const DAY = 86_400_000;
  afterEach(() => {
    t.clock.at = null;
  });

  it('signs in for 72 hours and no longer; who does not know it is told nothing of that; two people give another way in', async () => {
    const start = new Date().getTime();
    t.clock.at = new Date(start);
    const { id, email } = await givenNewcomer('billing');
    const tried = (password: string, who = email) =>
      t.nobody.gql('mutation ($input: SignInInput!) { signIn(input: $input) { token } }', {
        input: { email: who, password },
      });
    t.clock.at = new Date(start + 3 * DAY - 1);
    await signIn(email, PASSWORD);
    t.clock.at = new Date(start + 3 * DAY);
    const sessions = await t.sql('SELECT id FROM session WHERE user_id = $1', [id]);
    const over = await tried(PASSWORD);
    expect([over.code, over.data]).toEqual(['FIRST_PASSWORD_EXPIRED', null]);
    expect((await tried('not the password')).text).toBe((await tried(PASSWORD, 'nobody@test.example')).text);
    expect(await t.sql('SELECT id FROM session WHERE user_id = $1', [id])).toEqual(sessions);
    const refused = await trail(t, `subject_id = $1 AND action = 'session.open'`, [id]);
    expect(refused.map(({ code, actor }) => [code, actor])).toEqual([
      ['FIRST_PASSWORD_EXPIRED', null],
      ['SIGN_IN_REFUSED', null],
    ]);

    await t
      .person('admin')
      .countersigned(t.person('compliance'), 'password.reset', { userId: id, reason: 'was away' }, randomUUID());
    const { payload } = await t.as('admin').mutate('drawPasswordToken', { userId: id }, 'token');
    await t.nobody.mutate('choosePassword', { token: payload.token, password: OWN }, 'chosen');
    t.clock.at = new Date(start + 80 * DAY);
    await signIn(email, OWN);
  });

  it('that was set before that was noted is over, too, and one’s own never is', async () => {
    const { id, email } = await givenNewcomer('billing');
    await t.sql(`UPDATE app_user SET password_set_at = NULL WHERE id = $1`, [id]);
    const input = { email, password: PASSWORD };
    const code = async () =>
      (await t.nobody.gql('mutation ($input: SignInInput!) { signIn(input: $input) { token } }', { input })).code;
    t.clock.at = new Date(Date.now() + 3 * DAY);
    expect(await code()).toBe('FIRST_PASSWORD_EXPIRED');
    t.clock.at = null;
    const client = await signIn(email, PASSWORD);
    await change(client, PASSWORD, OWN);
    t.clock.at = new Date(Date.now() + 30 * DAY);
    await signIn(email, OWN);
  });
});

describe('a password that was had before', () => {
  const former = async (id: string): Promise<string[]> =>
    (await t.sql('SELECT former_password_hashes AS f FROM app_user WHERE id = $1', [id]))[0]!.f as string[];
  const nth = (n: number) => `mot de passe numéro ${n}`;

  it('is not taken again while it is one of the last four, however it is typed, and is kept as a hash that nobody is told', async () => {
    const { id, email } = await givenNewcomer('billing');
    const client = await signIn(email, PASSWORD);
    const set = async (present: string, next: string) => (await change(client, present, next)).code;
    for (const n of [1, 2, 3]) expect(await set(n === 1 ? PASSWORD : nth(n - 1), nth(n))).toBeUndefined();
    // Four by now: the first one, and three.
    for (const used of [PASSWORD, nth(1), nth(2), nth(2).normalize('NFD')])
      expect([used, await set(nth(3), used)]).toEqual([used, 'PASSWORD_USED_BEFORE']);
    expect(await set(nth(3), nth(3))).toBe('PASSWORD_UNCHANGED');
    expect(await set(nth(3), nth(4))).toBeUndefined();
    expect(await set(nth(4), nth(1))).toBe('PASSWORD_USED_BEFORE');
    expect(await set(nth(4), PASSWORD)).toBeUndefined();
    const hashes = await former(id);
    expect(hashes).toHaveLength(4);
    for (const hash of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const told =
      JSON.stringify(await trail(t)) +
      JSON.stringify(await t.sql(`SELECT convert_from(content, 'UTF8') AS c FROM audit.told`));
    expect(told).not.toMatch(/argon2|mot de passe/);
    const refused = await trail(t, `subject_id = $1 AND outcome = 'REFUSED'`, [id]);
    expect(refused.filter(({ code }) => code === 'PASSWORD_USED_BEFORE')).toHaveLength(5);
    expect(new Set(refused.map(({ action, actor }) => `${action} ${actor}`))).toEqual(
      new Set([`password.change ${id}`]),
    );
    await expect(
      t.sql(
        'UPDATE app_user SET former_password_hashes = former_password_hashes || former_password_hashes WHERE id = $1',
        [id],
      ),
    ).rejects.toMatchObject({ constraint: 'app_user_former_passwords' });
  });

  it('nor after a reset, where the token waits for another', async () => {
    const { id, email } = await givenNewcomer('billing');
    await change(await signIn(email, PASSWORD), PASSWORD, OWN);
    await t
      .person('admin')
      .countersigned(t.person('compliance'), 'password.reset', { userId: id, reason: 'forgot it' }, randomUUID());
    const { payload } = await t.as('admin').mutate('drawPasswordToken', { userId: id }, 'token');
    const choose = async (password: string) =>
      (await t.nobody.mutate('choosePassword', { token: payload.token, password }, 'chosen')).code;
    expect([await choose(PASSWORD), await choose(OWN), await choose('another one of their own')]).toEqual([
      'PASSWORD_USED_BEFORE',
      'PASSWORD_USED_BEFORE',
      undefined,
    ]);
    const last = await signIn(email, 'another one of their own');
    expect((await change(last, 'another one of their own', OWN)).code).toBe('PASSWORD_USED_BEFORE');
    expect(await former(id)).toHaveLength(2);
  });
});

describe('password.change', () => {
  const refusals = (id: string) => trail(t, `subject_id = $1 AND action = 'password.change'`, [id]);
  const hashOf = async (id: string) => (await t.sql('SELECT password_hash FROM app_user WHERE id = $1', [id]))[0];

  it.each([
    ['PASSWORD_WRONG', 'not the password', OWN],
    ['PASSWORD_UNCHANGED', PASSWORD, PASSWORD],
  ])('%s: nothing changes, and the trail says so', async (code, present, next) => {
    const { id, email } = await givenNewcomer('billing');
    const before = await hashOf(id);
    expect((await change(await signIn(email, PASSWORD), present, next)).code).toBe(code);
    expect(await hashOf(id)).toEqual(before);
    expect(await refusals(id)).toMatchObject([{ actor: id, outcome: 'REFUSED', code }]);
  });

  it.each(['short', 'x'.repeat(129)])('BAD_USER_INPUT: a password of a wrong length', async (next) => {
    expect((await change(t.as('stranger'), PASSWORD, next)).code).toBe('BAD_USER_INPUT');
  });

  it('UNAUTHENTICATED: nobody is signed in', async () => {
    expect((await change(t.nobody, PASSWORD, OWN)).code).toBe('UNAUTHENTICATED');
  });

  it('raced with signing in: whoever knew only the earlier password is out afterwards', async () => {
    const { id, email } = await givenNewcomer('supervisor');
    const own = await signIn(email, PASSWORD);
    const input = { email, password: PASSWORD };
    const document = 'mutation ($input: SignInInput!) { signIn(input: $input) { token } }';
    const tries = Array.from({ length: 20 }, () => t.nobody.gql(document, { input }));
    const changed = change(own, PASSWORD, OWN);
    await Promise.all([...tries, changed]);
    expect((await changed).errors).toEqual([]);
    expect(await t.sql('SELECT FROM session WHERE user_id = $1 AND ended_at IS NULL', [id])).toHaveLength(1);
  });

  it('raced: of five changes of the same present password one holds, and no session is left but one', async () => {
    const { id, email } = await givenNewcomer('billing');
    const clients = await Promise.all(Array.from({ length: 5 }, () => signIn(email, PASSWORD)));
    const answers = await Promise.all(clients.map((client, index) => change(client, PASSWORD, `${OWN} ${index}`)));
    expect(answers.every(({ code }) => [undefined, 'UNAUTHENTICATED', 'PASSWORD_WRONG'].includes(code))).toBe(true);
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    expect(await t.sql('SELECT FROM session WHERE user_id = $1 AND ended_at IS NULL', [id])).toHaveLength(1);
    const kept = await t.sql('SELECT former_password_hashes FROM app_user WHERE id = $1', [id]);
    expect(kept).toMatchObject([{ former_password_hashes: [expect.stringMatching(/^\$argon2id/)] }]);
  });
});

describe('whoever keeps the installation open to change', () => {
  it('LAST_KEEPER: the last two cannot be taken away', async () => {
    const app = await startTestApp();
    try {
      const revoke = async (name: 'admin2' | 'compliance') => {
        const [{ id }] = (await app.sql('SELECT id FROM role_grant WHERE user_id = $1 AND revoked_at IS NULL', [
          app.as(name).userId,
        ])) as [{ id: string }];
        return app.as('admin').mutate('revokeRole', { roleGrantId: id, reason: 'moved' }, 'outcome');
      };
      expect((await revoke('admin2')).payload).toEqual({ outcome: 'DONE' });
      expect((await revoke('compliance')).code).toBe('LAST_KEEPER');
      const gone = { userId: app.as('compliance').userId, reason: 'left' };
      expect((await app.as('admin').mutate('deactivateUser', gone, 'outcome')).code).toBe('LAST_KEEPER');
    } finally {
      await app.close();
    }
  });
});
