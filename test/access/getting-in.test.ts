import { randomUUID } from 'node:crypto';
import { disableDormantUsers } from '../../src/access/dormant-users';
import { hashToken } from '../../src/access/identify';
import { rowTypes } from '../../src/entities';
import { ApiClient, type Answer, startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { enrolled } from '../support/otp';
import { trail } from '../support/scene';
import { sealAll } from '../audit/seal-support';
import { tellAllRows } from '../audit/told-rows';
import { verifiedDatabase } from '../audit/verification';
import { NO_ID } from './documents';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await tellAllRows(t);
});
afterEach(() => {
  t.clock.at = null;
});
afterAll(() => t.close());

const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { token viewer { id roles } } }';
const REQUEST = 'outcome changeRequest { id revision digest status }';
const OWN = 'chosen by nobody else';
const HOUR = 3_600_000;

const signIn = (email: string, password: string, more: object = {}): Promise<Answer> =>
  t.nobody.gql(SIGN_IN, { input: { email, password, ...more } });
const choose = (token: string, password = OWN) => t.nobody.mutate('choosePassword', { token, password }, 'chosen');
const draw = (userId: string, who: ApiClient = t.as('admin')) =>
  who.mutate('drawPasswordToken', { userId }, 'outcome token expiresAt');

async function invited(): Promise<{ id: string; email: string }> {
  const email = `i-${randomUUID()}@test.example`;
  const { payload } = await t.as('admin').mutate('inviteUser', { name: 'Invited', email }, 'outcome user { id }');
  return { id: payload.user.id, email };
}

/** Somebody with a password of their own and perhaps a role, signed in. */
async function member(role?: string): Promise<{ id: string; email: string; client: ApiClient }> {
  const { id, email } = await invited();
  await choose((await draw(id)).payload.token);
  if (role) {
    const grant = { userId: id, role, reason: 'hired' };
    await t.person('admin').countersigned(t.person('compliance'), 'role.grant', grant, randomUUID());
  }
  const { data } = await signIn(email, OWN);
  return { id, email, client: new ApiClient(t.served, data!.signIn.token, id) };
}

/** Proposed by an administrator, approved by compliance. */
async function together(name: string, input: object): Promise<Answer & { payload: any }> {
  const proposed = await t.as('admin').mutate(name, input, REQUEST);
  if (proposed.errors.length > 0) return proposed;
  expect(proposed.payload.outcome).toBe('AWAITING_APPROVAL');
  const { id, revision, digest } = proposed.payload.changeRequest;
  return t.as('compliance').mutate('approveChangeRequest', { id, revision, digest }, 'outcome');
}

const doings = async (id: string) =>
  (await trail(t, 'subject_id = $1', [id])).map(({ action, outcome, actor }) => [action, outcome, actor]);

it('whatever becomes of somebody, events tell of each row as it is', async () => {
  const { id, email, client } = await member('supervisor');
  const app = await enrolled(t, client);
  await enrolled(t, client);
  await app.stepUp(client).catch(() => undefined);
  await signIn(email, OWN, { oneTimeCode: app.recoveryCodes[0] });
  await together('removeSecondFactor', { userId: id, reason: 'lost it' });
  await together('resetPassword', { userId: id, reason: 'forgot it' });
  await draw(id);
  await draw(id);
  await t.as('admin').mutate('deactivateUser', { userId: id, reason: 'left' }, 'outcome');
  await together('reactivateUser', { userId: id, reason: 'back' });
  await sealAll(t);
  expect(await verifiedDatabase(t, { types: rowTypes })).toMatchObject({ total: 0, findings: [] });
  const [rows] = await t.sql(
    `SELECT (SELECT count(*)::int FROM second_factor WHERE user_id = $1) AS factors, (SELECT count(*)::int FROM password_token WHERE user_id = $1) AS tokens`,
    [id],
  );
  expect(rows).toEqual({ factors: 2, tokens: 3 });
});

describe('an invitation', () => {
  it('lets somebody choose a password that nobody else ever knew, and their roles count at once', async () => {
    const admin = t.as('admin').userId;
    const { id, email } = await invited();
    expect((await signIn(email, '')).code).toBe('SIGN_IN_REFUSED');
    const drawn = await draw(id);
    const { token, expiresAt } = drawn.payload;
    expect(new Date(expiresAt).getTime() - Date.now()).toBeGreaterThan(71.9 * HOUR);
    expect((await choose(token)).payload).toEqual({ chosen: true });
    const grant = { userId: id, role: 'auditor', reason: 'hired' };
    await t.person('admin').countersigned(t.person('compliance'), 'role.grant', grant, randomUUID());
    expect((await signIn(email, OWN)).data!.signIn.viewer).toEqual({ id, roles: ['auditor'] });
    expect(await doings(id)).toEqual([
      ['user.invited', 'DONE', admin],
      ['session.open', 'REFUSED', null],
      ['passwordToken.drawn', 'DONE', admin],
      ['password.chosen', 'DONE', id],
    ]);
    const kept = await t.sql('SELECT p::text AS everything, token_hash FROM password_token p WHERE user_id = $1', [id]);
    expect(kept).toMatchObject([{ token_hash: hashToken(token) }]);
    expect(kept[0]!.everything + JSON.stringify(await trail(t))).not.toContain(token);
  });

  it('is answered alike whether its token is unknown, used, replaced or over, and the trail keeps each', async () => {
    const { id } = await invited();
    const first = (await draw(id)).payload.token as string;
    const second = (await draw(id)).payload.token as string;
    t.clock.at = new Date(Date.now() + 72 * HOUR + 1000);
    const over = await choose(second);
    t.clock.at = null;
    const answers = [over, await choose(first), await choose(NO_ID), await choose(''), await choose(`' OR 1=1 --`)];
    expect((await choose(second)).errors).toEqual([]);
    answers.push(await choose(second));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]!.code).toBe('PASSWORD_TOKEN_REFUSED');
    const refused = await trail(t, `action = 'password.choose' AND outcome = 'REFUSED'`);
    expect(refused.filter(({ code }) => code === 'PASSWORD_TOKEN_REFUSED').length).toBeGreaterThanOrEqual(6);
  });

  it('is used once, ten at once', async () => {
    const { id, email } = await invited();
    const { token } = (await draw(id)).payload;
    const passwords = Array.from({ length: 10 }, (_, n) => `${OWN} ${n}`);
    const answers = await Promise.all(passwords.map((each) => choose(token, each)));
    const held = answers.findIndex(({ code }) => code === undefined);
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([undefined, 'PASSWORD_TOKEN_REFUSED']));
    expect((await signIn(email, passwords[held]!)).errors).toEqual([]);
  });

  it('takes no common password, and waits for another then', async () => {
    const { id, email } = await invited();
    const { token } = (await draw(id)).payload;
    expect((await choose(token, email)).code).toBe('PASSWORD_COMMON');
    expect((await choose(token, 'short')).code).toBe('BAD_USER_INPUT');
    expect((await choose(token)).errors).toEqual([]);
  });

  it('refuses: an address that is taken, others than administrators, whoever has a password, oneself', async () => {
    const { id, email } = await invited();
    const again = { name: 'Again', email: email.toUpperCase() };
    expect((await t.as('admin').mutate('inviteUser', again, 'outcome')).code).toBe('USER_EMAIL_TAKEN');
    for (const who of ['billing', 'supervisor', 'compliance', 'auditor', 'client', 'stranger'] as const) {
      expect((await t.as(who).mutate('inviteUser', { name: 'X', email: 'x@test.example' }, 'outcome')).code).toBe(
        'FORBIDDEN',
      );
      expect((await draw(id, t.as(who))).code).toBe('FORBIDDEN');
    }
    expect((await draw(t.as('billing').userId)).code).toBe('PASSWORD_TOKEN_NOT_DRAWABLE');
    expect((await draw(NO_ID)).code).toBe('NOT_FOUND');
  });

  it('is made once with one key', async () => {
    const input = { name: 'Once', email: `o-${randomUUID()}@test.example`, idempotencyKey: randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => t.as('admin').mutate('inviteUser', input, 'outcome user { id }')),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });
});

describe('a password that is reset', () => {
  it('is taken away by two people, ends every session, and its user chooses another; their second factor stays', async () => {
    const { id, email, client } = await member('billing');
    const app = await enrolled(t, client);
    expect((await together('resetPassword', { userId: id, reason: 'forgot it; came in person' })).errors).toEqual([]);
    expect((await client.gql('{ viewer { id } }')).data).toEqual({ viewer: null });
    expect((await signIn(email, OWN, { oneTimeCode: app.next() })).code).toBe('SIGN_IN_REFUSED');
    expect((await choose((await draw(id)).payload.token, 'another of their own')).errors).toEqual([]);
    expect((await signIn(email, 'another of their own')).code).toBe('ONE_TIME_CODE_REQUIRED');
    const { data } = await signIn(email, 'another of their own', { oneTimeCode: app.next() });
    expect(data!.signIn.viewer.roles).toEqual(['billing']);
    const [admin, compliance] = [t.as('admin').userId, t.as('compliance').userId];
    expect(await trail(t, `subject_id = $1 AND action = 'password.reset'`, [id])).toMatchObject([
      { actor: compliance, onBehalfOf: admin, changes: [{ path: 'hasPassword', before: true, after: false }] },
    ]);
  });

  it('refuses: one’s own, either way, whoever has none, who left, and the last keepers', async () => {
    const reset = (who: 'admin' | 'admin2', userId: string) =>
      t.as(who).mutate('resetPassword', { userId, reason: 'forgot it' }, REQUEST);
    expect((await reset('admin', t.as('admin').userId)).code).toBe('OWN_ACCESS');
    expect((await reset('admin', (await invited()).id)).code).toBe('PASSWORD_NOT_RESETTABLE');
    const { id } = await member();
    await t.as('admin').mutate('deactivateUser', { userId: id, reason: 'left' }, 'outcome');
    expect((await reset('admin', id)).code).toBe('PASSWORD_NOT_RESETTABLE');
    expect((await t.as('compliance').mutate('resetPassword', { userId: id, reason: 'x' }, REQUEST)).code).toBe(
      'FORBIDDEN',
    );
    const { payload } = await reset('admin', t.as('admin2').userId);
    const { id: requestId, revision, digest } = payload.changeRequest;
    const own = { id: requestId, revision, digest };
    expect((await t.as('admin2').mutate('approveChangeRequest', own, 'outcome')).code).toBe('MAKER_IS_CHECKER');
    expect((await t.as('admin').mutate('approveChangeRequest', own, 'outcome')).code).toBe('MAKER_IS_CHECKER');
    await t.as('admin').mutate('withdrawChangeRequest', { id: requestId }, 'outcome');
  });
});

describe('a leaver', () => {
  it('loses sessions, roles, delegations and what waits for a password; comes back under two people, with no role', async () => {
    const { id, email, client } = await member('supervisor');
    const over = { endsAt: new Date(Date.now() + 24 * HOUR).toISOString() };
    const standIn = { delegateId: t.as('supervisor2').userId, ...over, reason: 'on leave' };
    expect((await client.mutate('delegateApprovals', standIn, 'outcome')).payload).toEqual({ outcome: 'DONE' });
    await t.as('admin').mutate('deactivateUser', { userId: id, reason: 'left' }, 'outcome');
    expect((await client.gql('{ viewer { id } }')).data).toEqual({ viewer: null });
    const open = (table: string, column: string) =>
      t.sql(`SELECT id FROM ${table} WHERE ${column} = $1 AND revoked_at IS NULL`, [id]);
    expect([await open('role_grant', 'user_id'), await open('delegation', 'delegator_id')]).toEqual([[], []]);
    expect(await trail(t, `subject_id = $1 AND action = 'user.deactivated'`, [id])).toMatchObject([
      {
        actor: t.as('admin').userId,
        changes: [
          { path: 'active', before: true, after: false },
          { path: 'roles.supervisor', before: 'supervisor', after: null },
          { path: expect.stringMatching(/^delegations\./), before: true, after: false },
        ],
      },
    ]);
    expect((await together('reactivateUser', { userId: id, reason: 'hired again' })).errors).toEqual([]);
    expect((await signIn(email, OWN)).data!.signIn.viewer.roles).toEqual([]);
    expect((await together('reactivateUser', { userId: id, reason: 'again' })).code).toBe('USER_NOT_REACTIVATABLE');
  });

  it('whose invitation waits cannot use it, and it is not moved to another instant by whoever has the API’s login', async () => {
    const { id } = await invited();
    const { token } = (await draw(id)).payload;
    await t.as('admin').mutate('deactivateUser', { userId: id, reason: 'never came' }, 'outcome');
    expect((await choose(token)).code).toBe('PASSWORD_TOKEN_REFUSED');
    expect((await draw(id)).code).toBe('PASSWORD_TOKEN_NOT_DRAWABLE');
    for (const set of [`deactivated_at = now() - interval '1 day'`, 'deactivated_at = NULL'])
      await expect(t.apiSql(`UPDATE app_user SET ${set} WHERE id = $1`, [id])).rejects.toMatchObject({ code: '23514' });
    await expect(t.apiSql('UPDATE password_token SET ended_at = NULL WHERE user_id = $1', [id])).rejects.toMatchObject({
      code: '23514',
    });
  });
});

describe('users whom nobody sees for ninety days', () => {
  const DAY = 24 * HOUR;
  // In a house of their own: everybody else is away for so long, too.
  let house: TestApp;
  beforeAll(async () => {
    house = t;
    t = await startTestApp();
  });
  afterAll(async () => {
    await t.close();
    t = house;
  });

  const run = () => disableDormantUsers.run(t.served.app, null, new AbortController().signal);
  const stateOf = async (id: string) =>
    (await t.sql('SELECT deactivated_at FROM app_user WHERE id = $1', [id]))[0]!.deactivated_at as Date | null;

  it('are deactivated as of that instant, once, in however many processes, and come back with their roles', async () => {
    const { id, email, client } = await member('billing');
    const [used] = await t.sql<{ at: Date }>(
      'SELECT greatest(max(s.created_at), (SELECT max(at) FROM audit.event WHERE actor_id = $1)) AS at FROM session s WHERE user_id = $1',
      [id],
    );
    const due = used!.at.getTime() + 90 * DAY;
    t.clock.at = new Date(due - 60_000);
    await run();
    expect(await stateOf(id)).toBeNull();
    t.clock.at = new Date(due + 5 * DAY);
    await Promise.all([run(), run(), run()]);
    expect(Math.abs((await stateOf(id))!.getTime() - due)).toBeLessThan(1000);
    expect((await client.gql('{ viewer { id } }')).data).toEqual({ viewer: null });
    expect(await trail(t, `subject_id = $1 AND action = 'user.deactivated'`, [id])).toMatchObject([
      { actor: null, reason: 'not used for too long', changes: [{ path: 'active' }, { path: 'deactivatedAt' }] },
    ]);
    // Two keepers are left, and nobody else; they let the others in again.
    const left = await t.sql<{ email: string }>('SELECT email FROM app_user WHERE deactivated_at IS NULL');
    expect(left.length).toBe(2);
    const keepers = await t.sql(
      `SELECT DISTINCT g.role FROM role_grant g JOIN app_user u ON u.id = g.user_id WHERE u.deactivated_at IS NULL AND g.revoked_at IS NULL`,
    );
    expect(keepers.map(({ role }) => role)).toContain('admin');
    const clients = await Promise.all(left.map(async (each) => signedInAgain(each.email)));
    const maker = clients.find(({ roles }) => roles.includes('admin'))!;
    const checker = clients.find((each) => each !== maker)!;
    const proposed = await maker.client.mutate('reactivateUser', { userId: id, reason: 'back from leave' }, REQUEST);
    const { id: requestId, revision, digest } = proposed.payload.changeRequest;
    await checker.client.mutate('approveChangeRequest', { id: requestId, revision, digest }, 'outcome');
    await run();
    expect((await signIn(email, OWN)).data!.signIn.viewer.roles).toEqual(['billing']);
    await t.rewind('UPDATE app_user SET deactivated_at = NULL WHERE deactivated_at IS NOT NULL');
  });

  const signedInAgain = async (email: string) => {
    const { data } = await signIn(email, PASSWORD);
    const { token, viewer } = data!.signIn;
    return { client: new ApiClient(t.served, token, viewer.id), roles: viewer.roles as string[] };
  };

  it('are left alone where that is switched off', async () => {
    t.clock.at = new Date(Date.now() + 900 * DAY);
    const { app } = t.served;
    const off = { ...app, config: { ...app.config, dormantDays: 0 } };
    const before = await t.sql('SELECT count(*) FROM app_user WHERE deactivated_at IS NULL');
    await disableDormantUsers.run(off, null, new AbortController().signal);
    expect(await t.sql('SELECT count(*) FROM app_user WHERE deactivated_at IS NULL')).toEqual(before);
  });
});
