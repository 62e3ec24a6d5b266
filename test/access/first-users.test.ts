import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { createApp, type Served } from '../../src/app';
import { createFirstUsers } from '../../src/first-users';
import { prepareDatabase, type PreparedDatabase } from '../../src/open-database';
import { ApiClient } from '../support/app';
import { testConfig } from '../support/config';

const folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-first-'));
const file = path.join(folder, 'first.json');
const config = testConfig({ FIRST_USERS: file });
let served: Served;
let prepared: PreparedDatabase;
let clock = new Date();

beforeAll(async () => {
  const url = new URL(process.env.COUNTERSIGN_TEST_ADMIN_URL!);
  const admin = new Client({ connectionString: url.href });
  await admin.connect();
  url.pathname = `/${process.env.COUNTERSIGN_TEST_PREFIX!}_${randomBytes(4).toString('hex')}`;
  await admin.query(`CREATE DATABASE ${url.pathname.slice(1)}`);
  await admin.end();
  prepared = await prepareDatabase(config, url.href);
  served = await createApp(config, prepared.database, { clock: () => clock });
});
afterAll(async () => {
  await served.stop();
  await prepared.database.close();
  rmSync(folder, { recursive: true });
});

const users = (...passwords: (string | undefined)[]) =>
  writeFileSync(
    file,
    JSON.stringify([
      { name: 'One', email: 'one@example.com', role: 'admin', password: passwords[0] },
      { name: 'Two', email: 'two@example.com', role: 'compliance', password: passwords[1] },
    ]),
  );

const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { token viewer { id roles } } }';

async function signIn(email: string, password: string): Promise<ApiClient & { roles: string[] }> {
  const { data, errors } = await new ApiClient(served, null, '').gql(SIGN_IN, { input: { email, password } });
  expect(errors).toEqual([]);
  const { token, viewer } = data!.signIn;
  return Object.assign(new ApiClient(served, token, viewer.id), { roles: viewer.roles as string[] });
}

it('first users without a password are made one, which is said once and counts for nothing until it was changed', async () => {
  const said: string[] = [];
  const make = () => createFirstUsers(served.app, (line) => said.push(line));
  for (const common of ['passwordpassword', 'short', 'Countersign 1']) {
    users(common, 'long enough a password');
    await expect(make()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  }
  expect(said).toEqual([]);
  users(undefined, 'long enough a password');
  const [notes] = await Promise.all([make(), make(), make()]);
  expect([...(notes ?? []), ...said].join('\n')).toContain('The first password of one@example.com is ');
  expect(said).toHaveLength(1);
  const firstOf = (line: string) => /is (\S{24}) /.exec(line)![1]!;

  // Nobody came within 72 hours: the next start says another, once, on one process.
  clock = new Date(clock.getTime() + 72 * 3_600_000);
  const late = { email: 'one@example.com', password: firstOf(said[0]!) };
  const refused = await new ApiClient(served, null, '').gql(SIGN_IN, { input: late });
  expect(refused.code).toBe('FIRST_PASSWORD_EXPIRED');
  await Promise.all([make(), make(), make()]);
  expect(said).toHaveLength(2);
  await make();
  expect(said).toHaveLength(2);
  const renewed = await prepared.database.pool.query(
    `SELECT actor_id, subject_id FROM audit.event WHERE action = 'password.renewed'`,
  );
  expect(renewed.rows).toEqual([{ actor_id: null, subject_id: expect.any(String) }]);

  const first = firstOf(said[1]!);
  const one = await signIn('one@example.com', first);
  expect(one.roles).toEqual([]);
  const change = { presentPassword: first, newPassword: 'one of my own choice' };
  expect((await one.mutate('changePassword', change, 'viewer { roles }')).payload.viewer.roles).toEqual(['admin']);
  expect((await signIn('two@example.com', 'long enough a password')).roles).toEqual(['compliance']);
  clock = new Date(clock.getTime() + 80 * 3_600_000);
  await make();
  expect(said).toHaveLength(2);
});
