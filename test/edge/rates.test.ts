import request from 'supertest';
import { createApp } from '../../src/app';
import { networkOf } from '../../src/platform/network';
import { entities } from '../../src/entities';
import { connect } from '../../src/platform/database';
import { startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { testConfig } from '../support/config';
import { freshCode } from '../support/scene';

const SIGN_IN = 'mutation ($i: SignInInput!) { signIn(input: $i) { token } }';

describe('how often somebody may ask', () => {
  it('is limited by user, on whatever address', async () => {
    const t = await startTestApp({ RATE_PER_USER: '5' });
    try {
      const codes = [];
      for (let n = 0; n < 8; n += 1) codes.push((await t.as('auditor').gql('{ viewer { id } }')).code);
      expect(codes.slice(0, 5)).toEqual(Array(5).fill(undefined));
      expect(codes.slice(6)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
      expect((await t.as('billing').gql('{ viewer { id } }')).code).toBeUndefined();
      const response = await request(t.served.server)
        .post('/graphql')
        .set('authorization', `Bearer ${t.as('auditor').token}`)
        .send({ query: '{ viewer { id } }' });
      expect(response.status).toBe(429);
      expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(60);
      expect(response.body.errors[0].extensions.details.retryAfterSeconds).toBeGreaterThan(0);
    } finally {
      await t.close();
    }
  });

  it('is limited by address, as a trusted proxy tells it; an IPv6 network is one', async () => {
    const t = await startTestApp({ RATE_PER_ADDRESS: '4', TRUSTED_PROXIES: 'loopback' });
    const from = async (address: string) =>
      (
        await request(t.served.server)
          .post('/graphql')
          .set('x-forwarded-for', address)
          .send({ query: '{ viewer { id } }' })
      ).status;
    try {
      const statuses = [];
      for (let n = 0; n < 6; n += 1) statuses.push(await from(`2001:db8:0:1::${n}`));
      expect(statuses).toEqual([200, 200, 200, 200, expect.any(Number), 429]);
      expect(await from('2001:db8:0:2::1')).toBe(200);
      expect(await from('192.0.2.1')).toBe(200);
      // What is no GraphQL is not counted: whoever watches the process must not be turned away.
      for (let n = 0; n < 6; n += 1)
        expect((await request(t.served.server).get('/health').set('x-forwarded-for', '2001:db8:0:1::9')).status).toBe(
          200,
        );
    } finally {
      await t.close();
    }
  });

  it('is not believed of whoever is no proxy', async () => {
    const t = await startTestApp({ RATE_PER_ADDRESS: '4' });
    try {
      let last = 0;
      for (let n = 0; n < 6; n += 1)
        last = (
          await request(t.served.server)
            .post('/graphql')
            .set('x-forwarded-for', `192.0.2.${n}`)
            .send({ query: '{ viewer { id } }' })
        ).status;
      expect(last).toBe(429);
    } finally {
      await t.close();
    }
  });
});

describe('networkOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['no address', 'no address'],
  ])('%s is of %s', (address, network) => expect(networkOf(address)).toBe(network));
});

describe('tries to sign in', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp({ SIGN_IN_TRIES: '3', SIGN_IN_TRIES_PER_ADDRESS: '12', TRUSTED_PROXIES: 'loopback' });
  });
  afterAll(() => t.close());

  let address = '';
  let addresses = 0;
  beforeEach(() => {
    address = `198.51.100.${(addresses += 1)}`;
  });

  const post = (served: TestApp['served'], email: string, password: string, from: string) =>
    request(served.server)
      .post('/graphql')
      .set('x-forwarded-for', from)
      .send({ query: SIGN_IN, variables: { i: { email, password } } });
  const signIn = async (email: string, password = 'wrong', from = address): Promise<string> =>
    (await post(t.served, email, password, from)).body.errors?.[0].extensions.code ?? 'in';
  const told = async (code: string) =>
    (
      await t.sql<{ count: number }>(
        `SELECT count(*)::int AS count FROM audit.told WHERE convert_from(content, 'UTF8') LIKE '%"code":"${code}"%'`,
      )
    )[0]!.count;

  it('end after some that failed, whether somebody has the address or not, with the right password too, but for a place that is theirs', async () => {
    expect(await signIn('billing@test.example', PASSWORD, '203.0.113.9')).toBe('in');
    for (const email of ['billing@test.example', `nobody-${freshCode('x')}@test.example`.toLowerCase()]) {
      const codes = [];
      for (let n = 0; n < 5; n += 1) codes.push(await signIn(n % 2 ? email : ` ${email.toUpperCase()}`));
      expect(codes).toEqual([...Array(3).fill('SIGN_IN_REFUSED'), 'RATE_LIMITED', 'RATE_LIMITED']);
    }
    expect(await signIn('billing@test.example', PASSWORD)).toBe('RATE_LIMITED');
    expect(await signIn('billing@test.example', PASSWORD, '203.0.113.9')).toBe('in');
    const response = await post(t.served, 'billing@test.example', PASSWORD, address);
    const { retryAfterSeconds } = response.body.errors[0].extensions.details;
    expect(retryAfterSeconds).toBeGreaterThan(1700);
    expect(retryAfterSeconds).toBeLessThanOrEqual(1800);
  });

  it('are counted together wherever they come from, but for places where somebody signed in before, each of which counts by itself', async () => {
    const email = 'billing2@test.example';
    const home = '203.0.113.20';
    expect(await signIn(email, PASSWORD, home)).toBe('in');
    const elsewhere = [];
    for (let n = 0; n < 4; n += 1) elsewhere.push(await signIn(email, 'wrong', `192.0.2.${n}`));
    expect(elsewhere).toEqual([...Array(3).fill('SIGN_IN_REFUSED'), 'RATE_LIMITED']);
    expect(await signIn(email, PASSWORD, '192.0.2.200')).toBe('RATE_LIMITED');
    const athome = [await signIn(email, 'wrong', home), await signIn(email, 'wrong', home)];
    expect(athome).toEqual(['SIGN_IN_REFUSED', 'SIGN_IN_REFUSED']);
    expect(await signIn(email, PASSWORD, home)).toBe('in');
    for (let n = 0; n < 3; n += 1) await signIn(email, 'wrong', home);
    expect(await signIn(email, PASSWORD, home)).toBe('RATE_LIMITED');
    // Half an hour later.
    await t.sql('UPDATE sign_in_tries SET expire = $1 WHERE points > 3', [Date.now() - 1]);
    expect([await signIn(email, PASSWORD, home), await signIn(email, PASSWORD, '192.0.2.201')]).toEqual(['in', 'in']);
  });

  it('leave one event of a window, however many follow', async () => {
    const before = [await told('RATE_LIMITED'), await told('SIGN_IN_REFUSED')];
    for (let n = 0; n < 8; n += 1) await signIn('auditor@test.example');
    await Promise.all(Array.from({ length: 8 }, () => signIn('auditor@test.example')));
    expect([await told('RATE_LIMITED'), await told('SIGN_IN_REFUSED')]).toEqual([before[0]! + 1, before[1]! + 3]);
  });

  it('start anew after one that succeeded', async () => {
    for (let round = 0; round < 3; round += 1) {
      expect([await signIn('supervisor@test.example'), await signIn('supervisor@test.example')]).toEqual(
        Array(2).fill('SIGN_IN_REFUSED'),
      );
      expect(await signIn('supervisor@test.example', PASSWORD)).toBe('in');
    }
  });

  it('do not keep somebody out who chooses a password with a token, where they do', async () => {
    const email = `invited-${freshCode('x')}@test.example`.toLowerCase();
    const invited = await t.as('admin').mutate('inviteUser', { name: 'Invited', email }, 'user { id }');
    const drawn = await t.as('admin').mutate('drawPasswordToken', { userId: invited.payload.user.id }, 'token');
    for (let n = 0; n < 4; n += 1) await signIn(email, 'wrong', `192.0.2.${100 + n}`);
    const choose = 'mutation ($i: ChoosePasswordInput!) { choosePassword(input: $i) { chosen } }';
    const { body } = await request(t.served.server)
      .post('/graphql')
      .set('x-forwarded-for', '203.0.113.77')
      .send({ query: choose, variables: { i: { token: drawn.payload.token, password: PASSWORD } } });
    expect(body.data).toEqual({ choosePassword: { chosen: true } });
    expect([await signIn(email, PASSWORD, '203.0.113.77'), await signIn(email, PASSWORD, '203.0.113.78')]).toEqual([
      'in',
      'RATE_LIMITED',
    ]);
  });

  it('are counted exactly, fifty at once over two processes', async () => {
    const database = await connect(t.apiUrl, { entities }, 5);
    const other = await createApp(testConfig({ SIGN_IN_TRIES: '3', TRUSTED_PROXIES: 'loopback' }), database);
    try {
      for (const email of ['compliance@test.example', 'nobody-at-once@test.example']) {
        const from = `203.0.113.${40 + email.length}`;
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, n) => post(n % 2 ? other : t.served, email, 'wrong', from)),
        );
        const codes = answers.map(({ body }) => body.errors[0].extensions.code);
        expect(codes.filter((code) => code === 'SIGN_IN_REFUSED')).toHaveLength(3);
        expect(new Set(codes)).toEqual(new Set(['SIGN_IN_REFUSED', 'RATE_LIMITED']));
      }
    } finally {
      await other.stop();
      await database.close();
    }
  });

  it('are counted by address, over many e-mails', async () => {
    const codes = [];
    for (let n = 0; n < 14; n += 1) codes.push(await signIn(`somebody-${n}@test.example`));
    expect(codes).toEqual([...Array(12).fill('SIGN_IN_REFUSED'), 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(await signIn('operations@test.example', PASSWORD)).toBe('RATE_LIMITED');
  });

  it('are counted over all processes, and no row says whose', async () => {
    const database = await connect(t.apiUrl, { entities }, 5);
    const other = await createApp(testConfig({ SIGN_IN_TRIES: '3', TRUSTED_PROXIES: 'loopback' }), database);
    try {
      for (let n = 0; n < 2; n += 1) await signIn('admin@test.example');
      const code = async () =>
        (await post(other, 'admin@test.example', 'wrong', address)).body.errors[0].extensions.code as string;
      expect([await code(), await code()]).toEqual(['SIGN_IN_REFUSED', 'RATE_LIMITED']);
    } finally {
      await other.stop();
      await database.close();
    }
    const rows = await t.sql<{ key: string }>('SELECT key FROM sign_in_tries');
    expect(rows.length).toBeGreaterThan(1);
    for (const { key } of rows) expect(key).not.toMatch(/@|test\.example|admin/);
  });

  it('are limited still while their table is gone', async () => {
    await t.sql('ALTER TABLE sign_in_tries RENAME TO sign_in_tries_gone');
    try {
      const codes = [];
      for (let n = 0; n < 5; n += 1) codes.push(await signIn('operations@test.example'));
      expect(codes).toEqual([...Array(3).fill('SIGN_IN_REFUSED'), 'RATE_LIMITED', 'RATE_LIMITED']);
    } finally {
      await t.sql('ALTER TABLE sign_in_tries_gone RENAME TO sign_in_tries');
    }
  });

  it('that are long over are forgotten, and no others, by a function that can do nothing else', async () => {
    await signIn('stranger@test.example');
    const count = async () =>
      (await t.sql<{ count: number }>('SELECT count(*)::int AS count FROM sign_in_tries'))[0]!.count;
    const before = await count();
    await t.sql('INSERT INTO sign_in_tries VALUES ($1, 1, $2)', ['over', Date.now() - 3_700_000]);
    expect(await t.apiSql('SELECT forget_sign_in_tries() AS gone')).toEqual([{ gone: '1' }]);
    expect(await count()).toBe(before);
    await expect(t.apiSql('DELETE FROM sign_in_tries')).rejects.toMatchObject({ code: '42501' });
    await expect(t.apiSql(`UPDATE sign_in_tries SET key = 'x'`)).rejects.toMatchObject({ code: '42501' });
  });
});
