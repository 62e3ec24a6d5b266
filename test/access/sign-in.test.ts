import { createHash, randomUUID } from 'node:crypto';
import request from 'supertest';
import { ApiClient, type Answer, startTestApp, type TestApp } from '../support/app';
import { type CastName, PASSWORD } from '../support/cast';
import { trail } from '../support/scene';
import { NO_ID } from './documents';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterEach(() => {
  t.clock.at = null;
});
afterAll(() => t.close());

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token expiresAt viewer { id name email roles sessionId permissions { action subject } } } }`;

const signIn = (email: string, password: string): Promise<Answer> =>
  t.nobody.gql(SIGN_IN, { input: { email, password } });

/** A session of somebody of the cast, opened the way everybody does. */
async function signedIn(name: CastName): Promise<ApiClient & { sessionId: string }> {
  return opened(await signIn(`${name}@test.example`, PASSWORD));
}

function opened({ data, errors }: Answer): ApiClient & { sessionId: string } {
  expect(errors).toEqual([]);
  const { token, viewer } = data!.signIn;
  return Object.assign(new ApiClient(t.served, token, viewer.id), { sessionId: viewer.sessionId as string });
}

/** A user of its own, made by an administrator, who has a password of their own since. */
async function givenUser(password = PASSWORD): Promise<{ id: string; email: string; password: string }> {
  const email = `u-${randomUUID()}@test.example`;
  const { payload } = await t.as('admin').mutate('createUser', { name: 'Somebody', email, password }, 'user { id }');
  await t.sql('UPDATE app_user SET password_set_by_id = NULL WHERE id = $1', [payload.user.id]);
  return { id: payload.user.id, email, password };
}

const isOut = async (client: ApiClient) => {
  const viewer = await client.gql('{ viewer { id } }');
  const guarded = await client.gql('{ users { totalCount } }');
  return { viewer: viewer.data!.viewer, errors: viewer.errors, code: guarded.code };
};
const OUT = { viewer: null, errors: [], code: 'UNAUTHENTICATED' };

describe('signing in', () => {
  it('opens a session of twelve hours, says who is signed in, and records it', async () => {
    t.clock.at = new Date('2026-03-01T08:00:00Z');
    const { data, errors } = await signIn('billing@test.example', PASSWORD);
    expect(errors).toEqual([]);
    const { token, expiresAt, viewer } = data!.signIn;
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(expiresAt).toBe('2026-03-01T20:00:00.000Z');
    expect(viewer).toMatchObject({ id: t.as('billing').userId, email: 'billing@test.example', roles: ['billing'] });
    expect(viewer.permissions).toContainEqual({ action: 'void', subject: 'Invoice' });
    expect(viewer.permissions).not.toContainEqual({ action: 'approve', subject: 'ChangeRequest' });
    const [row] = await t.sql('SELECT user_id, expires_at, ended_at FROM session WHERE id = $1', [viewer.sessionId]);
    expect(row).toEqual({ user_id: viewer.id, expires_at: new Date('2026-03-01T20:00:00Z'), ended_at: null });
    expect(await trail(t, 'subject_id = $1', [viewer.sessionId])).toMatchObject([
      {
        action: 'session.opened',
        outcome: 'DONE',
        actor: viewer.id,
        subject: { type: 'Session', id: viewer.sessionId },
      },
    ]);
  });

  it('keeps of the token its SHA-256 alone', async () => {
    const { token, sessionId } = await signedIn('billing');
    const [row] = await t.sql('SELECT token_hash, session::text AS everything FROM session WHERE id = $1', [sessionId]);
    expect(row!.token_hash).toEqual(createHash('sha256').update(token!).digest());
    expect(row!.everything).not.toContain(token);
    const events = await t.sql(
      `SELECT convert_from(content, 'UTF8') AS content FROM audit.told WHERE subject_id = $1`,
      [sessionId],
    );
    expect(events).toHaveLength(1);
    expect(events[0]!.content).not.toContain(token);
  });

  it('gives another token to each sign-in', async () => {
    const [one, other] = await Promise.all([signedIn('billing'), signedIn('billing')]);
    expect(one.token).not.toBe(other.token);
    expect(one.sessionId).not.toBe(other.sessionId);
  });

  it('with the token of a former session ends that one, and no other; not where it is refused', async () => {
    const [former, beside] = [await signedIn('operations'), await signedIn('operations')];
    const input = { email: 'operations@test.example', password: PASSWORD };
    const wrong = await former.gql(SIGN_IN, { input: { ...input, password: 'not the password' } });
    expect(wrong.code).toBe('SIGN_IN_REFUSED');
    expect((await former.gql('{ viewer { id } }')).data!.viewer).not.toBeNull();
    const next = opened(await former.gql(SIGN_IN, { input }));
    expect(next.token).not.toBe(former.token);
    expect(await isOut(former)).toEqual(OUT);
    for (const each of [next, beside])
      expect((await each.gql('{ viewer { sessionId } }')).data!.viewer.sessionId).toBe(each.sessionId);
    expect(await trail(t, 'subject_id = $1', [next.sessionId])).toMatchObject([
      {
        action: 'session.opened',
        actor: next.userId,
        changes: [{ path: 'replacedSession', before: former.sessionId, after: null }],
      },
    ]);
    // Who is somebody else by now has no session left of whom they were.
    opened(await next.gql(SIGN_IN, { input: { ...input, email: 'billing@test.example' } }));
    expect(await isOut(next)).toEqual(OUT);
  });

  it('answers a wrong password and an unknown address alike, and keeps both in the trail without what was typed', async () => {
    const before = new Set((await trail(t)).map(({ id }) => id));
    const sessions = await t.sql('SELECT count(*) FROM session');
    const wrong = await signIn('billing@test.example', 'not the password, canary-9931');
    const unknown = await signIn('nobody-canary-9932@test.example', PASSWORD);
    expect(wrong.code).toBe('SIGN_IN_REFUSED');
    expect(unknown.errors).toEqual(wrong.errors);
    expect(unknown.status).toBe(wrong.status);
    expect(unknown.data).toEqual(wrong.data);
    const events = (await trail(t)).filter(({ id }) => !before.has(id));
    expect(
      events.map(({ action, outcome, code, actor, subject }) => ({ action, outcome, code, actor, about: subject.id })),
    ).toEqual([
      {
        action: 'session.open',
        outcome: 'REFUSED',
        code: 'SIGN_IN_REFUSED',
        actor: null,
        about: t.as('billing').userId,
      },
      { action: 'session.open', outcome: 'REFUSED', code: 'SIGN_IN_REFUSED', actor: null, about: null },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/canary-993/);
    expect(await t.sql('SELECT count(*) FROM session')).toEqual(sessions);
  });

  it('refuses a deactivated user like a wrong password', async () => {
    const user = await givenUser();
    opened(await signIn(user.email, user.password));
    expect(
      (await t.as('admin').mutate('deactivateUser', { userId: user.id, reason: 'left' }, 'outcome')).payload,
    ).toEqual({ outcome: 'DONE' });
    const sessions = await t.sql('SELECT id FROM session WHERE user_id = $1', [user.id]);
    const refused = await signIn(user.email, user.password);
    expect(refused.errors).toEqual((await signIn('nobody-at-all@test.example', 'not the password')).errors);
    expect(await t.sql('SELECT id FROM session WHERE user_id = $1', [user.id])).toEqual(sessions);
    expect((await trail(t, `subject_id = $1 AND outcome = 'REFUSED'`, [user.id])).map(({ code }) => code)).toEqual([
      'SIGN_IN_REFUSED',
    ]);
  });

  it('finds the address whatever its case and the blanks around it', async () => {
    expect(opened(await signIn('  BILLING@Test.Example ', PASSWORD)).userId).toBe(t.as('billing').userId);
  });

  it('compares passwords in composed form, however a keyboard made them', async () => {
    const composed = 'Müllers Café №1';
    const decomposed = composed.normalize('NFD');
    expect(decomposed).not.toBe(composed);
    const one = await givenUser(decomposed);
    const other = await givenUser(composed);
    expect(opened(await signIn(one.email, composed)).userId).toBe(one.id);
    expect(opened(await signIn(other.email, decomposed)).userId).toBe(other.id);
    expect((await signIn(one.email, 'Mullers Cafe №1')).code).toBe('SIGN_IN_REFUSED');
  });

  it('minds the case and the blanks of passwords', async () => {
    for (const password of [PASSWORD.toUpperCase(), ` ${PASSWORD}`, `${PASSWORD} `, '', PASSWORD.slice(1)])
      expect({ password, code: (await signIn('billing@test.example', password)).code }).toEqual({
        password,
        code: 'SIGN_IN_REFUSED',
      });
  });

  it('takes SQL, wildcards and long texts in an address for what they are: no address', async () => {
    for (const email of [`' OR 1=1 --`, '%@test.example', `billing@test.example' --`, '*', '', 'ı@test.example'])
      expect({ email, code: (await signIn(email, PASSWORD)).code }).toEqual({ email, code: 'SIGN_IN_REFUSED' });
    expect((await signIn('x'.repeat(255), PASSWORD)).code).toBe('BAD_USER_INPUT');
    expect((await signIn('billing@test.example', 'x'.repeat(129))).code).toBe('BAD_USER_INPUT');
    expect((await signIn('billing@test.example\u0000', PASSWORD)).code).toBe('TEXT_INVALID');
  });

  it('answers thirty people at once', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => signIn('billing@test.example', PASSWORD)));
    expect(answers.map(({ code }) => code)).toEqual(Array(30).fill(undefined));
    expect(new Set(answers.map(({ data }) => data!.signIn.token)).size).toBe(30);
  });

  it('turns away what would wait too long with BUSY, and answers everybody', async () => {
    const answers = await Promise.all(
      Array.from({ length: 150 }, () => signIn('nobody-at-all@test.example', 'not the password')),
    );
    const codes = new Set(answers.map(({ code }) => code));
    expect(codes).toEqual(new Set(['BUSY', 'SIGN_IN_REFUSED']));
    expect(opened(await signIn('billing@test.example', PASSWORD)).userId).toBe(t.as('billing').userId);
  });
});

describe('a session', () => {
  it('ends at once when its user signs out, and the trail says so', async () => {
    const client = await signedIn('billing');
    const other = await signedIn('billing');
    const { data } = await client.gql('mutation { signOut { signedOut } }');
    expect(data).toEqual({ signOut: { signedOut: true } });
    expect(await isOut(client)).toEqual(OUT);
    expect((await client.gql('mutation { signOut { signedOut } }')).code).toBe('UNAUTHENTICATED');
    expect((await other.gql('{ viewer { id } }')).data!.viewer.id).toBe(client.userId);
    expect(await trail(t, `subject_id = $1 AND action = 'session.ended'`, [client.sessionId])).toMatchObject([
      { outcome: 'DONE', actor: client.userId, session: client.sessionId },
    ]);
    expect((await t.sql('SELECT ended_at FROM session WHERE id = $1', [client.sessionId]))[0]!.ended_at).toBeInstanceOf(
      Date,
    );
  });

  it('can be ended by its own user from another one', async () => {
    const [one, other] = [await signedIn('stranger'), await signedIn('stranger')];
    const { payload } = await one.mutate('endSession', { sessionId: other.sessionId }, 'outcome');
    expect(payload).toEqual({ outcome: 'DONE' });
    expect(await isOut(other)).toEqual(OUT);
    expect((await one.gql('{ viewer { sessionId } }')).data!.viewer.sessionId).toBe(one.sessionId);
    expect(await trail(t, `subject_id = $1 AND action = 'session.ended'`, [other.sessionId])).toMatchObject([
      { actor: one.userId, session: one.sessionId },
    ]);
  });

  it.each(['admin', 'compliance'] as const)('can be ended by %s, whosever it is', async (who) => {
    const victim = await signedIn('billing');
    expect((await t.as(who).mutate('endSession', { sessionId: victim.sessionId }, 'outcome')).payload).toEqual({
      outcome: 'DONE',
    });
    expect(await isOut(victim)).toEqual(OUT);
    expect(await trail(t, `subject_id = $1 AND action = 'session.ended'`, [victim.sessionId])).toMatchObject([
      { actor: t.as(who).userId },
    ]);
  });

  it.each(['billing', 'supervisor', 'operations', 'client', 'stranger'] as const)(
    'of somebody else is answered to %s like an unknown one',
    async (who) => {
      const victim = await signedIn('compliance');
      const foreign = await t.as(who).mutate('endSession', { sessionId: victim.sessionId }, 'outcome');
      const unknown = await t.as(who).mutate('endSession', { sessionId: NO_ID }, 'outcome');
      const garbage = await t.as(who).mutate('endSession', { sessionId: `' OR 1=1 --` }, 'outcome');
      expect(foreign.code).toBe('NOT_FOUND');
      expect(foreign.text).toBe(unknown.text);
      expect(garbage.text).toBe(unknown.text);
      expect((await victim.gql('{ viewer { id } }')).data!.viewer.id).toBe(victim.userId);
      expect(await trail(t, `subject_id = $1 AND outcome = 'REFUSED'`, [victim.sessionId])).toMatchObject([
        { actor: t.as(who).userId, code: 'NOT_FOUND', action: 'session.end' },
      ]);
    },
  );

  it('of somebody else is seen by auditors, and not ended by them', async () => {
    const victim = await signedIn('compliance');
    const { code } = await t.as('auditor').mutate('endSession', { sessionId: victim.sessionId }, 'outcome');
    expect(code).toBe('FORBIDDEN');
    expect((await victim.gql('{ viewer { id } }')).data!.viewer.id).toBe(victim.userId);
  });

  it('may be ended twice, and keeps the instant of the first time', async () => {
    const client = await signedIn('billing');
    t.clock.at = new Date(Date.now() + 1000);
    const end = () => t.as('billing').mutate('endSession', { sessionId: client.sessionId }, 'outcome');
    expect((await end()).payload).toEqual({ outcome: 'DONE' });
    const [first] = await t.sql('SELECT ended_at FROM session WHERE id = $1', [client.sessionId]);
    t.clock.at = new Date(Date.now() + 5000);
    expect((await end()).payload).toEqual({ outcome: 'DONE' });
    expect(await t.sql('SELECT ended_at FROM session WHERE id = $1', [client.sessionId])).toEqual([first]);
  });

  it('expires by the clock, at the very millisecond', async () => {
    const start = new Date('2026-05-05T00:00:00Z').getTime();
    t.clock.at = new Date(start);
    const client = await signedIn('billing');
    await t.sql('UPDATE session SET idle_until = NULL WHERE id = $1', [client.sessionId]);
    t.clock.at = new Date(start + 12 * 3_600_000 - 1);
    expect((await client.gql('{ viewer { id } }')).data!.viewer.id).toBe(client.userId);
    t.clock.at = new Date(start + 12 * 3_600_000);
    expect(await isOut(client)).toEqual(OUT);
  });

  it('ends with the very next request after a role was revoked, and a new one is without it', async () => {
    const user = await givenUser();
    const grant = { userId: user.id, role: 'auditor', accountId: null, reason: 'hired' };
    const { roleGrant } = await t
      .person('admin')
      .countersigned(t.person('compliance'), 'role.grant', grant, randomUUID());
    const client = opened(await signIn(user.email, user.password));
    expect((await client.gql('{ auditEvents(first: 1) { totalCount } }')).errors).toEqual([]);
    expect(
      (await t.as('admin').mutate('revokeRole', { roleGrantId: roleGrant, reason: 'moved' }, 'outcome')).payload,
    ).toEqual({ outcome: 'DONE' });
    expect(await isOut(client)).toEqual(OUT);
    const again = opened(await signIn(user.email, user.password));
    expect((await again.gql('{ auditEvents(first: 1) { totalCount } }')).code).toBe('FORBIDDEN');
    expect((await again.gql('{ viewer { roles permissions { subject } } }')).data!.viewer.roles).toEqual([]);
  });

  it('ends with the very next request after a role was granted, and a new one has it', async () => {
    const user = await givenUser();
    const client = opened(await signIn(user.email, user.password));
    expect((await client.gql('{ invoices { totalCount } }')).code).toBe('FORBIDDEN');
    await t
      .person('admin')
      .countersigned(
        t.person('compliance'),
        'role.grant',
        { userId: user.id, role: 'billing', reason: 'hired' },
        randomUUID(),
      );
    expect(await isOut(client)).toEqual(OUT);
    const again = opened(await signIn(user.email, user.password));
    expect((await again.gql('{ invoices { totalCount } }')).errors).toEqual([]);
  });

  it('ends with every other one of its user when that is deactivated', async () => {
    const user = await givenUser();
    const clients = [];
    for (let each = 0; each < 3; each += 1) clients.push(opened(await signIn(user.email, user.password)));
    await t.as('admin').mutate('deactivateUser', { userId: user.id, reason: 'left' }, 'outcome');
    for (const client of clients) expect(await isOut(client)).toEqual(OUT);
    const rows = await t.sql('SELECT ended_at FROM session WHERE user_id = $1', [user.id]);
    expect(rows).toHaveLength(3);
    expect(rows.every(({ ended_at }) => ended_at instanceof Date)).toBe(true);
  });

  it('is nobody’s for a token that is garbage, empty, cut, too long or SQL', async () => {
    const { token } = await signedIn('admin');
    const forged = [
      '',
      'garbage',
      'x'.repeat(43),
      `' OR '1'='1`,
      `${token}' OR '1'='1`,
      token!.slice(0, -1),
      `${token}x`,
      token!.toUpperCase(),
      'x'.repeat(5000),
      '%',
      '\\x00',
      'null',
      createHash('sha256').update(token!).digest('hex'),
    ];
    for (const each of forged) {
      const { body, status } = await request(t.served.server)
        .post('/graphql')
        .set('authorization', `Bearer ${each}`)
        .send({ query: '{ viewer { id } }' });
      expect({ each, status, body }).toEqual({ each, status: 200, body: { data: { viewer: null } } });
    }
    for (const header of [
      '',
      'Bearer',
      'Bearer ',
      `Basic ${token}`,
      `${token}`,
      `Bearer  ${token}`,
      `Bearer ${token} ${token}`,
    ]) {
      const { body } = await request(t.served.server)
        .post('/graphql')
        .set('authorization', header)
        .send({ query: '{ viewer { id } }' });
      expect({ header, body }).toEqual({ header, body: { data: { viewer: null } } });
    }
  });
});
