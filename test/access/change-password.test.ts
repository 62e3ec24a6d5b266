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
