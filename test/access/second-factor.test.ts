import { randomUUID } from 'node:crypto';
import { settleSecondFactor } from '../../src/access/second-factor-rule';
import { hashToken } from '../../src/access/identify';
import { abilityOf, roleNames } from '../../src/access/permissions';
import { OVERSEEING } from '../../src/access/second-factor.rules';
import { ApiClient, type Answer, startAppOver, startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { testConfig } from '../support/config';
import { Authenticator, codeAt, enrolled } from '../support/otp';
import { givenAccount, givenClientOf, trail } from '../support/scene';

const SIGN_IN =
  'mutation ($input: SignInInput!) { signIn(input: $input) { token viewer { id roles permissions { action } } } }';
const REQUEST = 'outcome changeRequest { id revision digest status }';

let t: TestApp;
const signIn = (email: string, oneTimeCode?: string, password = PASSWORD): Promise<Answer> =>
  t.nobody.gql(SIGN_IN, { input: { email, password, ...(oneTimeCode !== undefined && { oneTimeCode }) } });

async function newcomer(role?: string): Promise<{ id: string; email: string; client: ApiClient }> {
  const email = `f-${randomUUID()}@test.example`;
  const input = { name: 'Somebody', email, password: PASSWORD };
  const { result } = await t.person('admin').submit('user.create', input, randomUUID());
  const id = result.user as string;
  await t.sql('UPDATE app_user SET password_set_by_id = NULL WHERE id = $1', [id]);
  if (role) {
    const grant = { userId: id, role, reason: 'hired' };
    await t.person('admin').countersigned(t.person('compliance'), 'role.grant', grant, randomUUID());
  }
  const { data } = await signIn(email);
  return { id, email, client: new ApiClient(t.served, data!.signIn.token, id) };
}

describe('where a second factor is optional', () => {
  beforeAll(async () => {
    t = await startTestApp();
  });
  afterEach(() => {
    t.clock.at = null;
  });
  afterAll(() => t.close());

  it('is enrolled by its user: shown once, sealed, and asked for from the confirmation on', async () => {
    const { id, email, client } = await newcomer('billing');
    const drawn = await client.mutate('enrolTotp', {}, 'outcome secret otpauthUri');
    const { secret, otpauthUri } = drawn.payload;
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(otpauthUri).toBe(
      `otpauth://totp/Countersign:${encodeURIComponent(email)}?secret=${secret}&issuer=Countersign`,
    );
    const [row] = await t.sql('SELECT f::text AS everything FROM second_factor f WHERE user_id = $1', [id]);
    expect(row!.everything).not.toContain(secret);
    expect((await signIn(email)).errors).toEqual([]);

    const other = new ApiClient(t.served, (await signIn(email)).data!.signIn.token, id);
    const app = new Authenticator(t, secret, []);
    expect((await client.mutate('confirmTotp', { oneTimeCode: '000000' }, 'recoveryCodes')).code).toBe(
      'ONE_TIME_CODE_WRONG',
    );
    const { payload } = await client.mutate('confirmTotp', { oneTimeCode: app.next() }, 'outcome recoveryCodes');
    expect(new Set(payload.recoveryCodes).size).toBe(10);
    expect((await other.gql('{ viewer { id } }')).data).toEqual({ viewer: null });
    expect((await client.gql('{ viewer { roles } }')).data!.viewer.roles).toEqual(['billing']);
    expect((await signIn(email)).code).toBe('ONE_TIME_CODE_REQUIRED');
    expect((await signIn(email, app.next())).errors).toEqual([]);
    const events = await trail(t, `actor_id = $1 AND subject_type = 'SecondFactor'`, [id]);
    expect(events.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['totp.enrolled', 'DONE'],
      ['totp.confirm', 'REFUSED'],
      ['totp.confirmed', 'DONE'],
    ]);
    expect(JSON.stringify(await trail(t))).not.toMatch(new RegExp(`${secret}|${payload.recoveryCodes.join('|')}`));
  });

  it('answers a wrong password alike, whatever code comes with it and whether there is a second factor', async () => {
    const { email, client } = await newcomer();
    const app = await enrolled(t, client);
    const wrong = await Promise.all([
      signIn(email, undefined, 'wrong'),
      signIn(email, app.next(), 'wrong'),
      signIn('nobody@test.example', '123456', 'wrong'),
      signIn('billing@test.example', '123456', 'wrong'),
    ]);
    expect(new Set(wrong.map(({ text }) => text)).size).toBe(1);
  });

  /** Of a code for the thirty seconds that begin at a minute: what is said of it, by the distance of the clock from their beginning, in ms. */
  const codesAround = async (where: TestApp, { email, secret }: { email: string; secret: string }, ms: number[]) => {
    const codes: (string | undefined)[] = [];
    let minute = Math.ceil(t.clock.at!.getTime() / 60_000) * 60_000;
    for (const each of ms) {
      minute += 600_000;
      const oneTimeCode = codeAt(secret, new Date(minute));
      t.clock.at = where.clock.at = new Date(minute + each);
      const input = { email, password: PASSWORD, oneTimeCode };
      codes.push((await where.nobody.gql(SIGN_IN, { input })).code);
    }
    return codes;
  };

  it('takes a code within its own thirty seconds: neither before nor after, by a millisecond', async () => {
    const { email, client } = await newcomer();
    const { secret } = await enrolled(t, client);
    expect(await codesAround(t, { email, secret }, [-1, 0, 29_999, 30_000])).toEqual([
      'ONE_TIME_CODE_WRONG',
      undefined,
      undefined,
      'ONE_TIME_CODE_WRONG',
    ]);
  });

  it('ONE_TIME_CODE_DRIFT=1: takes it in those before and after, too, once, and none further away; 2 is refused', async () => {
    const { email, client } = await newcomer();
    const { secret } = await enrolled(t, client);
    const lenient = await startAppOver(t.ownerUrl, { ONE_TIME_CODE_DRIFT: '1' });
    try {
      expect(await codesAround(lenient, { email, secret }, [-30_001, -30_000, 59_999, 60_000])).toEqual([
        'ONE_TIME_CODE_WRONG',
        undefined,
        undefined,
        'ONE_TIME_CODE_WRONG',
      ]);
      const code = codeAt(secret, new Date(lenient.clock.at!.getTime() + 600_000));
      lenient.clock.at = new Date(lenient.clock.at!.getTime() + 630_000);
      const twice = () => lenient.nobody.gql(SIGN_IN, { input: { email, password: PASSWORD, oneTimeCode: code } });
      expect([(await twice()).code, (await twice()).code]).toEqual([undefined, 'ONE_TIME_CODE_WRONG']);
    } finally {
      await lenient.close();
    }
    expect(() => testConfig({ ONE_TIME_CODE_DRIFT: '2' })).toThrow('ONE_TIME_CODE_DRIFT');
  });

  it('is enrolled and confirmed by whoever signed in lately alone: a session that was left open is not enough', async () => {
    const { id, email, client } = await newcomer();
    const later = () => (t.clock.at = new Date((t.clock.at ?? new Date()).getTime() + 300_000));
    const enrol = (who: ApiClient) => who.mutate('enrolTotp', {}, 'secret');
    later();
    const refused = await enrol(client);
    expect(refused.errors[0]!.extensions).toMatchObject({
      code: 'STEP_UP_REQUIRED',
      details: { enrolled: false, signInSuffices: true },
    });
    const again = new ApiClient(t.served, (await signIn(email)).data!.signIn.token, id);
    const { secret } = (await enrol(again)).payload;
    later();
    const confirm = (who: ApiClient) =>
      who.mutate('confirmTotp', { oneTimeCode: codeAt(secret, t.clock.at!) }, 'recoveryCodes');
    expect((await confirm(again)).code).toBe('STEP_UP_REQUIRED');
    expect((await t.sql('SELECT second_factor_at FROM app_user WHERE id = $1', [id]))[0]).toEqual({
      second_factor_at: null,
    });
    const once = new ApiClient(t.served, (await signIn(email)).data!.signIn.token, id);
    expect((await confirm(once)).errors).toEqual([]);
    const events = await trail(t, `actor_id = $1 AND outcome = 'REFUSED'`, [id]);
    expect(events.map(({ action, code }) => [action, code])).toEqual([
      ['totp.enrol', 'STEP_UP_REQUIRED'],
      ['totp.confirm', 'STEP_UP_REQUIRED'],
    ]);
  });

  it('stepping up gives the session another token: the one that asked is nobody’s from the very next request on, on every process', async () => {
    const { id, client } = await newcomer('billing');
    const app = await enrolled(t, client);
    const other = await startAppOver(t.ownerUrl);
    other.clock.at = t.clock.at;
    const SESSION = '{ viewer { id sessionId } }';
    const former = new ApiClient(t.served, client.token, id);
    for (const each of [former, former.at(other)]) expect((await each.gql(SESSION)).data!.viewer.id).toBe(id);
    const row = async () =>
      (
        await t.sql(
          'SELECT id, created_at, expires_at, ended_at FROM session WHERE user_id = $1 AND ended_at IS NULL',
          [id],
        )
      )[0]!;
    const before = await row();
    await app.stepUp(client);
    expect(client.token).toMatch(/^[\w-]{43}$/);
    for (const each of [former, former.at(other)]) {
      expect((await each.gql(SESSION)).data).toEqual({ viewer: null });
      expect((await each.mutate('draftInvoice', { accountId: id, lines: [], dueInDays: 1 }, 'outcome')).code).toBe(
        'UNAUTHENTICATED',
      );
    }
    for (const each of [client, client.at(other)])
      expect((await each.gql(SESSION)).data!.viewer).toEqual({ id, sessionId: before.id });
    // The same session: it began when it began, and lasts no longer.
    expect(await row()).toEqual(before);
    expect(await trail(t, `subject_id = $1 AND action = 'session.steppedUp'`, [before.id])).toMatchObject([
      { actor: id, session: before.id },
    ]);
    await other.close();
  });

  it('stepping up ten times at once with one token: one of them holds, and exactly one token is good', async () => {
    const { id, client } = await newcomer();
    const { recoveryCodes } = await enrolled(t, client);
    const answers = await Promise.all(
      recoveryCodes.map((oneTimeCode) => client.mutate('stepUp', { oneTimeCode }, 'token until')),
    );
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([undefined, 'UNAUTHENTICATED']));
    const tokens = answers.filter(({ code }) => code === undefined).map(({ payload }) => payload.token as string);
    expect(tokens).toHaveLength(1);
    const isIn = async (token: string | null) =>
      (await new ApiClient(t.served, token, id).gql('{ viewer { id } }')).data!.viewer !== null;
    expect([await isIn(client.token), await isIn(tokens[0]!)]).toEqual([false, true]);
    // Whoever was too late has their code still.
    const [row] = await t.sql('SELECT cardinality(recovery_hashes) AS left FROM second_factor WHERE user_id = $1', [
      id,
    ]);
    expect(row).toEqual({ left: 9 });
  });

  it('stepping up with a token of another issuer leaves that as it is; nor does the API’s login exchange it, or one that ended', async () => {
    const { id, client } = await newcomer();
    const app = await enrolled(t, client);
    const assertion = new ApiClient(t.served, 'x'.repeat(43), id);
    const theirs = `INSERT INTO session (id, user_id, kind, token_hash, assertion_digest, expires_at) VALUES (gen_random_uuid(), $1, 'OPENID', $2, $2, '2999-01-01')`;
    await t.sql(theirs, [id, hashToken(assertion.token!)]);
    const { payload } = await assertion.mutate('stepUp', { oneTimeCode: app.next() }, 'outcome token');
    expect(payload).toEqual({ outcome: 'DONE', token: null });
    expect((await assertion.gql('{ viewer { id } }')).data!.viewer).toEqual({ id });
    await client.gql('mutation { signOut { signedOut } }');
    const exchange = (which: string) =>
      t.apiSql(`UPDATE session SET token_hash = sha256(token_hash) WHERE user_id = $1 AND ${which}`, [id]);
    for (const which of [`kind = 'OPENID'`, 'ended_at IS NOT NULL'])
      await expect(exchange(which)).rejects.toMatchObject({ code: '42501' });
  });

  it('takes a code once, twenty at once; an earlier one not any more, and no code that is none', async () => {
    const { id, email, client } = await newcomer();
    const app = await enrolled(t, client);
    const earlier = app.next();
    const code = app.next();
    const answers = await Promise.all(Array.from({ length: 20 }, () => signIn(email, code)));
    expect(answers.filter((answer) => answer.code === undefined)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.code))).toEqual(new Set([undefined, 'ONE_TIME_CODE_WRONG']));
    for (const none of [earlier, '', '0', 'abcdef', `${code}0`, '-', '٠٠٠٠٠٠', 'x'.repeat(40)])
      expect([none, (await signIn(email, none)).code]).toEqual([none, 'ONE_TIME_CODE_WRONG']);
    expect(await t.sql('SELECT FROM session WHERE user_id = $1 AND ended_at IS NULL', [id])).toHaveLength(2);
  });

  it('takes each recovery code once, raced, however it is typed, and the trail says how many are left', async () => {
    const { id, email, client } = await newcomer();
    const { recoveryCodes } = await enrolled(t, client);
    const [first, second] = recoveryCodes as [string, string];
    const answers = await Promise.all(Array.from({ length: 10 }, () => signIn(email, first)));
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    expect((await signIn(email, ` ${second.replaceAll('-', '').toUpperCase()} `)).errors).toEqual([]);
    const opened = await trail(t, `actor_id = $1 AND action = 'session.opened'`, [id]);
    expect(opened.slice(-2).map(({ changes }) => changes)).toEqual([
      [{ path: 'recoveryCodes', before: 10, after: 9 }],
      [{ path: 'recoveryCodes', before: 9, after: 8 }],
    ]);
  });

  it('has recovery codes of 120 bits, of which nothing but hashes is kept', async () => {
    const { id, client } = await newcomer();
    const { recoveryCodes } = await enrolled(t, client);
    const [row] = await t.sql('SELECT f::text AS everything, recovery_hashes FROM second_factor f WHERE user_id = $1', [
      id,
    ]);
    const plain = recoveryCodes.map((code) => code.replaceAll('-', ''));
    // Five bits a character, and none of them the same in all.
    for (const code of plain) expect(code).toMatch(/^[0-9a-z]{24}$/);
    expect(new Set(plain.join('')).size).toBeGreaterThan(24);
    expect(row!.recovery_hashes).toHaveLength(10);
    for (const code of [...recoveryCodes, ...plain])
      for (const form of [code, code.toUpperCase(), Buffer.from(code).toString('hex')])
        expect(row!.everything).not.toContain(form);
  });

  it('is replaced, or its recovery codes drawn anew, with a code of it alone', async () => {
    const { email, client } = await newcomer();
    const app = await enrolled(t, client);
    t.clock.at = new Date(t.clock.at!.getTime() + 301_000);
    for (const name of ['enrolTotp', 'drawRecoveryCodes'])
      expect((await client.mutate(name, {}, 'outcome')).code).toBe('STEP_UP_REQUIRED');
    await app.stepUp(client);
    const { payload } = await client.mutate('drawRecoveryCodes', {}, 'recoveryCodes');
    expect((await signIn(email, app.recoveryCodes[0])).code).toBe('ONE_TIME_CODE_WRONG');
    expect((await signIn(email, payload.recoveryCodes[0])).errors).toEqual([]);
    const next = await enrolled(t, client);
    expect((await signIn(email, app.next())).code).toBe('ONE_TIME_CODE_WRONG');
    expect((await signIn(email, next.next())).errors).toEqual([]);
  });

  it('asks whoever has one for a code before a reveal, and nobody else', async () => {
    const accountId = await givenAccount(t);
    const look = { type: 'Account', id: accountId, field: 'taxId', reason: 'asked by the client' };
    const reveal = (client: ApiClient) => client.mutate('revealSensitiveValue', look, 'value');
    expect((await reveal(t.as('billing'))).errors).toEqual([]);
    const { id, client } = await newcomer('billing');
    const app = await enrolled(t, client);
    expect((await reveal(client)).errors).toEqual([]);
    t.clock.at = new Date(t.clock.at!.getTime() + 300_000);
    const refused = await reveal(client);
    expect(refused.code).toBe('STEP_UP_REQUIRED');
    expect(refused.errors[0]!.extensions.details).toEqual({ enrolled: true });
    expect(await trail(t, `actor_id = $1 AND outcome = 'REFUSED'`, [id])).toMatchObject([
      { action: 'sensitiveValue.reveal', code: 'STEP_UP_REQUIRED', subject: { type: 'Account', id: accountId } },
    ]);
    await app.stepUp(client);
    expect((await reveal(client)).errors).toEqual([]);
  });

  it('asks for a code before a yes above the limit, in whatever currency, and below it for none', async () => {
    const { client } = await newcomer('supervisor');
    const app = await enrolled(t, client);
    const ask = async (unitPrice: string, currency: string) => {
      const accountId = await givenAccount(t, { currency });
      const lines = [{ description: 'Calls', quantity: '1', unitPrice }];
      const { result } = await t
        .person('billing')
        .submit('invoice.draft', { accountId, lines, dueInDays: 30 }, randomUUID());
      const { payload } = await t.as('billing').mutate('issueInvoice', { invoiceId: result.invoice }, REQUEST);
      const { id, revision, digest } = payload.changeRequest;
      return () => client.mutate('approveChangeRequest', { id, revision, digest }, 'outcome');
    };
    t.clock.at = new Date(t.clock.at!.getTime() + 301_000);
    expect((await (await ask('10000', 'EUR'))()).errors).toEqual([]);
    const large = await ask('10000.01', 'EUR');
    expect((await large()).code).toBe('STEP_UP_REQUIRED');
    // Nobody knows how much this is.
    expect((await (await ask('1', 'XOF'))()).code).toBe('STEP_UP_REQUIRED');
    await app.stepUp(client);
    expect((await large()).errors).toEqual([]);
  });
});

describe('where a second factor is required', () => {
  const apps = new Map<string, Authenticator>();
  /** What each was told before and after they had one. */
  const answers: Record<string, { before: unknown; after: unknown }> = {};
  let accountId = '';
  const rolesOf = async (client: ApiClient) => {
    const { data } = await client.gql('{ viewer { roles } }');
    return [data!.viewer.roles, (await client.gql('{ invoices { totalCount } }')).code];
  };

  beforeAll(async () => {
    t = await startTestApp({ SECOND_FACTOR: 'required' });
    accountId = await givenAccount(t);
    await givenClientOf(t, accountId);
    await settleSecondFactor(t.served.app);
    for (const name of roleNames) {
      // Each signed in just now, though their apps move the clock on.
      t.clock.at = null;
      const before = await rolesOf(t.as(name));
      apps.set(name, await enrolled(t, t.as(name)));
      answers[name] = { before, after: await rolesOf(t.as(name)) };
    }
  });
  afterAll(() => t.close());

  it('the trail tells of the rule, once', async () => {
    const before = (await trail(t, `action = 'secondFactor.ruled'`)).length;
    await settleSecondFactor(t.served.app);
    expect(await trail(t, `action = 'secondFactor.ruled'`)).toHaveLength(before);
    expect((await trail(t, `action = 'secondFactor.ruled'`)).slice(0, 1)).toMatchObject([
      { actor: null, changes: [{ path: 'SECOND_FACTOR', before: 'optional', after: 'required' }] },
    ]);
  });

  it.each(roleNames)('the role %s gives nothing until its user has one, and counts from then on', (name) => {
    expect(answers[name]).toEqual({ before: [[], 'FORBIDDEN'], after: [[name], undefined] });
  });

  it('another rule holds for the very next request of whoever is signed in', async () => {
    const set = (required: boolean) => t.sql('UPDATE access_rule SET second_factor_required = $1', [required]);
    const client = t.as('supervisor2');
    const told = [await rolesOf(client)];
    for (const required of [false, true]) {
      await set(required);
      told.push(await rolesOf(client));
    }
    expect(told).toEqual([
      [[], 'FORBIDDEN'],
      [['supervisor'], undefined],
      [[], 'FORBIDDEN'],
    ]);
  });

  it('a password alone gives nobody a role: nothing but themselves, and what brings them further', async () => {
    const asked = await t.sql<{ role: string }>(
      `SELECT role FROM unnest($1::text[]) role, app_user u WHERE u.email = 'admin2@test.example' AND role_counts(u, role)`,
      [roleNames],
    );
    expect(asked).toEqual([]);
    for (const who of ['admin2', 'billing2', 'supervisor2', 'stranger'] as const) {
      const { data } = await signIn(`${who}@test.example`);
      expect(data!.signIn.viewer).toMatchObject({ id: t.as(who).userId, roles: [] });
      const client = new ApiClient(t.served, data!.signIn.token, t.as(who).userId);
      const own = await client.gql(
        '{ viewer { permissions { subject action } } users(first: 9) { nodes { id } } sessions(first: 1) { totalCount } }',
      );
      expect(own.errors).toEqual([]);
      expect(own.data!.users.nodes).toEqual([{ id: client.userId }]);
      expect(own.data!.viewer.permissions.map(({ subject, action }: any) => `${action} ${subject}`).toSorted()).toEqual(
        [
          'changePassword User',
          'confirmTotp User',
          'drawRecoveryCodes User',
          'end Session',
          'enrolTotp User',
          'read Session',
          'read User',
          'readSecondFactorOf User',
          'stepUp Session',
        ],
      );
      for (const field of ['delegations', 'accessReviewItems', 'changeRequests', 'invoices', 'accounts', 'auditEvents'])
        expect((await client.gql(`{ ${field} { totalCount } }`)).code).toBe('FORBIDDEN');
    }
  });

  it('a session that showed none gives nothing, though its user has one', async () => {
    const { userId } = t.as('billing');
    const { data } = await signIn('billing@test.example', apps.get('billing')!.next());
    const client = new ApiClient(t.served, data!.signIn.token, userId);
    const { sessionId } = (await client.gql('{ viewer { sessionId } }')).data!.viewer;
    const told = [await rolesOf(client)];
    await t.sql('UPDATE session SET second_factor_at = NULL, version = version + 1 WHERE id = $1', [sessionId]);
    told.push(await rolesOf(client));
    expect(told).toEqual([
      [['billing'], undefined],
      [[], 'FORBIDDEN'],
    ]);
  });

  it('it may be asked of those alone who approve, administer or audit, and the trail tells that it is', async () => {
    const { app } = t.served;
    const narrower = { ...app, config: { ...app.config, secondFactor: 'approvers' as const } };
    await settleSecondFactor(narrower);
    try {
      const counting = await t.sql<{ role: string }>(
        `SELECT role FROM unnest($1::text[]) role, app_user u WHERE u.email = 'admin2@test.example' AND role_counts(u, role)`,
        [roleNames],
      );
      expect(counting.map(({ role }) => role).toSorted()).toEqual(['billing', 'client', 'operations']);
      expect(await rolesOf(t.as('billing2'))).toEqual([['billing'], undefined]);
      expect(await rolesOf(t.as('supervisor2'))).toEqual([[], 'FORBIDDEN']);
    } finally {
      await settleSecondFactor(app);
    }
    expect(await rolesOf(t.as('billing2'))).toEqual([[], 'FORBIDDEN']);
    const ruled = await trail(t, `action = 'secondFactor.ruled'`);
    expect(ruled.slice(-2).map(({ changes }) => changes)).toEqual([
      [{ path: 'SECOND_FACTOR', before: 'required', after: 'approvers' }],
      [{ path: 'SECOND_FACTOR', before: 'approvers', after: 'required' }],
    ]);
  });

  it('every role that can approve is among those, and no other but the auditor’s', () => {
    const approving = roleNames.filter((role) =>
      abilityOf('', [{ role, accountId: null, lobId: null }]).rules.some(({ action }) =>
        [action].flat().includes('approve'),
      ),
    );
    expect([...OVERSEEING].toSorted()).toEqual([...approving, 'auditor'].toSorted());
  });

  it('the yes of somebody without one counts in no step, nor are they a keeper', async () => {
    const invoiceId = await givenInvoiceDraft();
    const { payload } = await t.as('billing').mutate('issueInvoice', { invoiceId }, REQUEST);
    const { id, revision, digest } = payload.changeRequest;
    expect((await t.as('supervisor2').mutate('approveChangeRequest', { id, revision, digest }, 'outcome')).code).toBe(
      'FORBIDDEN',
    );
    const standing = (who: string) =>
      t.sql('SELECT s.code FROM change_request r, change_request_standing(r, $2, now()) s WHERE r.id = $1', [id, who]);
    expect(await standing(t.as('supervisor2').userId)).toEqual([{ code: 'NOT_AN_APPROVER' }]);
    expect(await standing(t.as('supervisor').userId)).toEqual([{ code: null }]);
    const [holds] = await t.sql(
      `SELECT holds_step($1::uuid, '[]', jsonb_build_array($1::uuid::text), NULL, NULL, now()) AS held`,
      [t.as('supervisor2').userId],
    );
    expect(holds).toEqual({ held: false });
    // Admin2 has none: with compliance gone, nobody would be left to countersign.
    await apps.get('admin')!.stepUp(t.as('admin'));
    const gone = { userId: t.as('compliance').userId, reason: 'left' };
    expect((await t.as('admin').mutate('deactivateUser', gone, 'outcome')).code).toBe('LAST_KEEPER');
  });

  it('what was said counts no more once its second factor is gone, until there is another', async () => {
    const invoiceId = await givenInvoiceDraft();
    const { payload } = await t.as('billing').mutate('issueInvoice', { invoiceId }, REQUEST);
    const { id, digest } = payload.changeRequest;
    const said = `INSERT INTO decision (id, change_request_id, maker_id, revision, decided_by_id, verdict, step, created_at)
      SELECT gen_random_uuid(), id, maker_id, revision, $2, 'APPROVED', 1, now() FROM change_request WHERE id = $1`;
    await t.sql(said, [id, t.as('supervisor').userId]);
    const approvals = async () =>
      (
        await t.sql('SELECT s.approvals FROM change_request r, change_request_steps(r, now()) s WHERE r.id = $1', [id])
      )[0]!.approvals as number;
    expect(digest).toHaveLength(64);
    expect(await approvals()).toBe(1);
    const set = 'UPDATE app_user SET second_factor_at = $2 WHERE id = $1';
    await t.sql(set, [t.as('supervisor').userId, null]);
    expect(await approvals()).toBe(0);
    await t.sql(set, [t.as('supervisor').userId, new Date()]);
    expect(await approvals()).toBe(1);
  });

  it('a grant and its approval ask for a code, and so does a reveal', async () => {
    const [admin, compliance] = [t.as('admin'), t.as('compliance')];
    t.clock.at = new Date(t.clock.at!.getTime() + 301_000);
    const grant = { userId: t.as('stranger').userId, role: 'billing', reason: 'hired' };
    expect((await admin.mutate('grantRole', grant, REQUEST)).code).toBe('STEP_UP_REQUIRED');
    await apps.get('admin')!.stepUp(admin);
    const { payload } = await admin.mutate('grantRole', grant, REQUEST);
    const { id, revision, digest } = payload.changeRequest;
    const approve = () => compliance.mutate('approveChangeRequest', { id, revision, digest }, 'outcome');
    expect((await approve()).code).toBe('STEP_UP_REQUIRED');
    const decision = { id, revision, digest, decision: 'APPROVED' };
    const many = await compliance.mutate('decideChangeRequests', { decisions: [decision] }, 'results { ok code }');
    expect(many.payload.results).toEqual([{ ok: false, code: 'STEP_UP_REQUIRED' }]);
    await apps.get('compliance')!.stepUp(compliance);
    expect((await approve()).payload).toEqual({ outcome: 'DONE' });

    const look = { type: 'Account', id: accountId, field: 'taxId', reason: 'asked' };
    expect((await t.as('billing').mutate('revealSensitiveValue', look, 'value')).code).toBe('STEP_UP_REQUIRED');
    await apps.get('billing')!.stepUp(t.as('billing'));
    expect((await t.as('billing').mutate('revealSensitiveValue', look, 'value')).errors).toEqual([]);
    expect((await t.as('billing2').mutate('revealSensitiveValue', look, 'value')).code).toBe('FORBIDDEN');
    expect((await t.as('billing2').mutate('stepUp', { oneTimeCode: '123456' }, 'until')).code).toBe(
      'SECOND_FACTOR_NOT_ENROLLED',
    );
  });

  it('a code counts in the session that gave it alone', async () => {
    const app = apps.get('admin')!;
    await app.stepUp(t.as('admin'));
    const { data } = await signIn('admin@test.example', app.next());
    const other = new ApiClient(t.served, data!.signIn.token, t.as('admin').userId);
    t.clock.at = new Date(t.clock.at!.getTime() + 250_000);
    await app.stepUp(t.as('admin'));
    t.clock.at = new Date(t.clock.at.getTime() + 60_000);
    const grant = { userId: t.as('stranger').userId, role: 'operations', reason: 'hired' };
    expect((await other.mutate('grantRole', grant, REQUEST)).code).toBe('STEP_UP_REQUIRED');
    expect((await t.as('admin').mutate('grantRole', grant, REQUEST)).errors).toEqual([]);
  });

  it('is removed by two people, none of them the one it is about, and ends their sessions', async () => {
    const [admin, compliance, auditor] = [t.as('admin'), t.as('compliance'), t.as('auditor')];
    const propose = (client: ApiClient, userId: string) =>
      client.mutate('removeSecondFactor', { userId, reason: 'lost the phone; came in person' }, REQUEST);
    await apps.get('admin')!.stepUp(admin);
    expect((await propose(admin, admin.userId)).code).toBe('OWN_ACCESS');
    expect((await propose(admin, t.as('billing2').userId)).code).toBe('SECOND_FACTOR_NOT_ENROLLED');
    expect((await propose(admin, compliance.userId)).code).toBe('LAST_KEEPER');
    expect((await propose(t.as('supervisor'), auditor.userId)).code).toBe('FORBIDDEN');
    const { payload } = await propose(admin, auditor.userId);
    expect(payload.outcome).toBe('AWAITING_APPROVAL');
    await apps.get('compliance')!.stepUp(compliance);
    const { id, revision, digest } = payload.changeRequest;
    expect((await compliance.mutate('approveChangeRequest', { id, revision, digest }, 'outcome')).errors).toEqual([]);
    expect((await auditor.gql('{ viewer { id } }')).data).toEqual({ viewer: null });
    const { data } = await signIn('auditor@test.example');
    expect(data!.signIn.viewer.roles).toEqual([]);
    const rows = await t.sql(
      'SELECT secret_sealed, recovery_hashes FROM second_factor WHERE user_id = $1 AND removed_at IS NOT NULL',
      [auditor.userId],
    );
    expect(rows).toEqual([{ secret_sealed: null, recovery_hashes: [] }]);
    expect(await trail(t, `action = 'secondFactor.removed'`)).toMatchObject([
      { actor: compliance.userId, onBehalfOf: admin.userId, subject: { type: 'User', id: auditor.userId } },
    ]);
  });

  it('codes that are tried count as tries to sign in', async () => {
    const strict = await startTestApp({ SIGN_IN_TRIES: '5' });
    try {
      const client = strict.as('billing');
      const app = await enrolled(strict, client);
      const wrong = () => client.mutate('stepUp', { oneTimeCode: 'abcdef' }, 'until');
      const codes = (await Promise.all(Array.from({ length: 50 }, wrong))).map(({ code }) => code);
      expect(codes.filter((code) => code === 'ONE_TIME_CODE_WRONG')).toHaveLength(5);
      expect(new Set(codes)).toEqual(new Set(['ONE_TIME_CODE_WRONG', 'RATE_LIMITED']));
      expect((await client.mutate('stepUp', { oneTimeCode: app.next() }, 'until')).code).toBe('RATE_LIMITED');
      const change = { presentPassword: PASSWORD, newPassword: 'another one of their own' };
      expect((await client.mutate('changePassword', change, 'viewer { id }')).code).toBe('RATE_LIMITED');
    } finally {
      await strict.close();
    }
  });

  const givenInvoiceDraft = async () => {
    const lines = [{ description: 'Calls', quantity: '1', unitPrice: '5' }];
    const { result } = await t
      .person('billing')
      .submit('invoice.draft', { accountId, lines, dueInDays: 30 }, randomUUID());
    return result.invoice as string;
  };
});
