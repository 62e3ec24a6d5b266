import { randomUUID } from 'node:crypto';
import * as argon2 from 'argon2';
import { assertUncommon, lengthOf } from '../../src/access/password.rules';
import { DomainError } from '../../src/platform/errors';
import { startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { trail } from '../support/scene';

const refusal = (password: string, about: string[] = []): string | null => {
  try {
    assertUncommon(password, about);
    return null;
  } catch (error) {
    return (error as DomainError).code;
  }
};

describe('a password that is tried first', () => {
  it.each([
    ['one of the list', '123456789012'],
    ['one of the list, in whatever case', 'QwertyUiop123'],
    ['the product’s name with a year', 'Countersign-2026'],
    ['the product’s name twice', 'countersignCOUNTERSIGN'],
    ['one’s own address', 'asha.rao@bank.example', 'Asha Rao', 'asha.rao@bank.example'],
    ['one’s own name and a number', 'AshaRao12345', 'Asha Rao', 'a@bank.example'],
    ['one’s own name in decomposed form', 'Mu\u0308ller.Mu\u0308ller1', 'J\u00fcrgen M\u00fcller', 'j@bank.example'],
  ])('is refused: %s', (_what, password, ...about) => {
    expect(refusal(password, about)).toBe('PASSWORD_COMMON');
  });

  it.each([
    ['of small letters alone', 'thirteenducks'],
    ['of words with blanks', 'correct horse battery staple'],
    ['that holds a name beside enough else', 'Asha plants roses in may'],
    ['of somebody with a very short name', 'alalalalalal', 'Al', 'x@y.example'],
    ['in any script', 'சங்கத் தமிழ் மூன்றும்'],
  ])('is not one %s', (_what, password, ...about) => {
    expect(refusal(password, about.length > 0 ? about : ['Asha Rao'])).toBeNull();
  });

  it('is measured in code points of its composed form', () => {
    expect([lengthOf('u\u0308'.repeat(12)), lengthOf('🦆'.repeat(12)), lengthOf('é')]).toEqual([12, 12, 1]);
  });
});

describe('passwords through the API', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp();
  });
  afterAll(() => t.close());

  const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { viewer { id } } }';
  const signIn = (email: string, password: string) => t.nobody.gql(SIGN_IN, { input: { email, password } });
  const create = (password: string, more: object = {}) =>
    t
      .as('admin')
      .mutate(
        'createUser',
        { name: 'Somebody', email: `p-${randomUUID()}@test.example`, password, ...more },
        'user { id email }',
      );

  it('PASSWORD_COMMON: nobody is created, no password changed, and the trail says so', async () => {
    const users = await t.sql('SELECT count(*) FROM app_user');
    expect((await create('passwordpassword')).code).toBe('PASSWORD_COMMON');
    expect((await create('Somebody12345')).code).toBe('PASSWORD_COMMON');
    expect(await t.sql('SELECT count(*) FROM app_user')).toEqual(users);
    const change = { presentPassword: PASSWORD, newPassword: 'stranger@test.example' };
    expect((await t.as('stranger').mutate('changePassword', change, 'viewer { id }')).code).toBe('PASSWORD_COMMON');
    const refused = await trail(t, `outcome = 'REFUSED' AND action IN ('user.create', 'password.change')`);
    const common = refused.filter(({ code }) => code === 'PASSWORD_COMMON');
    expect(common.map(({ action, code, actor }) => [action, code, actor])).toEqual([
      ['user.create', 'PASSWORD_COMMON', t.as('admin').userId],
      ['user.create', 'PASSWORD_COMMON', t.as('admin').userId],
      ['password.change', 'PASSWORD_COMMON', t.as('stranger').userId],
    ]);
  });

  it('takes 12 to 128 code points, whatever they weigh', async () => {
    for (const [password, fits] of [
      ['🦆'.repeat(11), false],
      ['🦆'.repeat(12), true],
      ['🦆'.repeat(128), true],
      ['🦆'.repeat(129), false],
      ['a\u0308'.repeat(11), false],
      ['e\u0301'.repeat(128), true],
    ] as const) {
      const { code, payload } = await create(password);
      expect({ password, code }).toEqual({ password, code: fits ? undefined : 'BAD_USER_INPUT' });
      if (fits) expect((await signIn(payload.user.email, password.normalize('NFC'))).errors).toEqual([]);
    }
  });

  it('keeps of a first password its hash alone, also while its user waits for approval, and a revision may leave it', async () => {
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'user.create'`);
    try {
      const password = 'a first one: canary 4477';
      const input = {
        name: 'Somebody',
        email: `w-${randomUUID()}@test.example`,
        password,
        idempotencyKey: randomUUID(),
      };
      const selection = 'outcome changeRequest { id revision digest input }';
      const { payload } = await t.as('admin').mutate('createUser', input, selection);
      expect((await t.as('admin').mutate('createUser', input, selection)).payload).toEqual(payload);
      const { id, input: shown } = payload.changeRequest;
      expect(shown.password).toMatch(/^•+$/);
      const revised = await t
        .as('admin')
        .mutate(
          'reviseChangeRequest',
          { id, input: { ...shown, email: input.email, name: 'Another' } },
          'changeRequest { revision digest }',
        );
      expect(revised.errors).toEqual([]);
      const { revision, digest } = revised.payload.changeRequest;
      const approved = await t.as('compliance').mutate('approveChangeRequest', { id, revision, digest }, 'outcome');
      expect(approved.errors).toEqual([]);
      expect((await signIn(input.email, password)).errors).toEqual([]);
      const [row] = await t.sql('SELECT password_hash FROM app_user WHERE email = $1', [input.email]);
      expect(row!.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    } finally {
      await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'user.create'`);
    }
  });

  it('is hashed anew at a sign-in where that was done with weaker parameters, and no session ends', async () => {
    const { payload } = await create(PASSWORD);
    const { id, email } = payload.user;
    const weak = await argon2.hash(PASSWORD, { type: argon2.argon2id, memoryCost: 8192, timeCost: 1, parallelism: 1 });
    await t.sql('UPDATE app_user SET password_hash = $2 WHERE id = $1', [id, weak]);
    expect((await signIn(email, 'not the password')).code).toBe('SIGN_IN_REFUSED');
    expect(await t.sql('SELECT password_hash FROM app_user WHERE id = $1', [id])).toEqual([{ password_hash: weak }]);
    const answers = await Promise.all(Array.from({ length: 4 }, () => signIn(email, PASSWORD)));
    expect(answers.some(({ code }) => code === undefined)).toBe(true);
    const [row] = await t.sql('SELECT password_hash, password_set_by_id FROM app_user WHERE id = $1', [id]);
    expect(row!.password_hash).toMatch(/\$m=19456,t=2,p=1\$/);
    expect(row!.password_set_by_id).toBe(t.as('admin').userId);
    expect((await signIn(email, PASSWORD)).errors).toEqual([]);
    const told = await trail(t, `actor_id = $1 AND action = 'session.opened'`, [id]);
    expect(told.filter(({ changes }) => changes.length > 0).map(({ changes }) => changes)).toEqual([
      [{ path: 'passwordRehashed', before: false, after: true }],
    ]);
  });
});
