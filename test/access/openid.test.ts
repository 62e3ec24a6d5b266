import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  type KeyLike,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { lockKeepers } from '../../src/access/keepers';
import { settleSecondFactor } from '../../src/access/second-factor-rule';
import { ownContext } from '../../src/platform/context';
import { inTransaction } from '../../src/platform/transaction';
import { ApiClient, startAppOver, startTestApp, type TestApp } from '../support/app';
import { type CastName, PASSWORD } from '../support/cast';
import { testConfig } from '../support/config';
import { codeAt, enrolled } from '../support/otp';
import { countersigned, eventsOf, expectRefused, proposed, rowOf } from '../support/outcomes';
import { AWAITS, overSse, overWebSocket } from '../subscriptions/support';
import { until } from '../support/poll';
import { givenAccount, trail } from '../support/scene';

/** An issuer on this machine, as far as it is asked. */
class FakeIssuer {
  private readonly server: Server;
  readonly asked: string[] = [];
  keys: { kid: string; alg: string; key: KeyLike; jwk: JWK }[] = [];
  down = false;
  name = '';

  constructor() {
    this.server = createServer((request, response) => {
      this.asked.push(request.url!);
      if (this.down) return void response.writeHead(503).end();
      const { issuer } = this;
      const told = request.url!.endsWith('openid-configuration')
        ? { issuer: this.name || issuer, jwks_uri: `${issuer}/keys` }
        : { keys: this.keys.map(({ jwk }) => jwk) };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(told));
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async addKey(alg: string): Promise<FakeIssuer['keys'][number]> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { crv: alg === 'EdDSA' ? 'Ed25519' : undefined });
    const kid = randomUUID();
    const key = { kid, alg, key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
    this.keys.push(key);
    return key;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

const AUDIENCE = 'https://api.countersign.test';
const issuer = new FakeIssuer();
let t: TestApp;
let settings: Record<string, string>;
/** Processes that a test starts beside. */
const closing: TestApp[] = [];
beforeAll(async () => {
  await issuer.start();
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) await issuer.addKey(alg);
  settings = { OIDC_ISSUER: issuer.issuer, OIDC_AUDIENCE: AUDIENCE };
  t = await startTestApp(settings);
  for (const who of ['billing', 'admin', 'operations', 'supervisor'] as const)
    await linkedTo(t.as(who).userId, `subject-of-${who}`);
});
afterEach(async () => {
  t.clock.at = null;
  issuer.down = false;
  for (const app of closing.splice(0)) await app.close();
});
afterAll(async () => {
  await t.close();
  await issuer.stop();
});

interface Token {
  /** Worked out when it is signed. */
  claims?: JWTPayload | (() => JWTPayload);
  header?: Record<string, unknown>;
  key?: FakeIssuer['keys'][number];
}

/** As two people would have linked them. */
const linkedTo = (userId: string, subject: string) =>
  t.sql('UPDATE app_user SET oidc_subject = $2 WHERE id = $1', [userId, `${issuer.issuer} ${subject}`]);

const nowSeconds = () => Math.floor(((t as TestApp | undefined)?.clock.at?.getTime() ?? Date.now()) / 1000);

const claimsOf = (who: CastName, more: JWTPayload = {}): JWTPayload => ({
  iss: issuer.issuer,
  aud: AUDIENCE,
  sub: `subject-of-${who}`,
  iat: nowSeconds(),
  exp: nowSeconds() + 600,
  jti: randomUUID(),
  email: `${who.toUpperCase()}@test.example`,
  email_verified: true,
  ...more,
});

async function tokenOf(who: CastName, { claims, header, key = issuer.keys[0]! }: Token = {}): Promise<string> {
  const more = typeof claims === 'function' ? claims() : claims;
  const said = Object.fromEntries(Object.entries(claimsOf(who, more)).filter(([, value]) => value !== undefined));
  return new SignJWT(said).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header }).sign(key.key);
}

const bearing = (token: string, app = t, who: CastName = 'billing') =>
  new ApiClient(app.served, token, t.as(who).userId);
const VIEWER = '{ viewer { id sessionId roles } }';
const GUARDED = '{ accounts { totalCount } }';
const seen = async (token: string, app = t) =>
  (await bearing(token, app).gql(VIEWER)).data!.viewer as Record<string, any> | null;
const sessionsOf = (who: CastName) =>
  t.sql(`SELECT * FROM session WHERE user_id = $1 AND kind = 'OPENID' ORDER BY id`, [t.as(who).userId]);

describe('a token of the configured issuer', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])(
    'that is signed with %s is let in as who is linked to its subject',
    async (alg) => {
      const token = await tokenOf('billing', { key: issuer.keys.find((each) => each.alg === alg)! });
      const viewer = await seen(token);
      expect(viewer).toEqual({ id: t.as('billing').userId, sessionId: expect.any(String), roles: ['billing'] });
      expect((await bearing(token).gql(GUARDED)).errors).toEqual([]);
    },
  );

  it('opens one session, however often and wherever it comes, and the trail tells of it', async () => {
    const other = await startAppOver(t.ownerUrl, settings);
    try {
      const token = await tokenOf('billing');
      const before = (await sessionsOf('billing')).length;
      const { events } = await eventsOf(t, async () => {
        const all = await Promise.all([t, other, t, other, t].map((app) => seen(token, app)));
        expect(new Set(all.map((viewer) => viewer?.sessionId)).size).toBe(1);
      });
      const opened = await sessionsOf('billing');
      expect(opened).toHaveLength(before + 1);
      const row = opened.at(-1)!;
      expect(row).toMatchObject({
        token_hash: createHash('sha256').update(token).digest(),
        roles: null,
        scopes: null,
        ended_at: null,
        expires_at: new Date((nowSecondsIn(token) + 660) * 1000),
      });
      expect(events).toMatchObject([
        {
          action: 'session.opened',
          actor: t.as('billing').userId,
          subject: { type: 'Session', id: row.id },
          changes: [{ path: 'kind', before: null, after: 'OPENID' }],
        },
      ]);
      expect(JSON.stringify(events)).not.toContain(token);
    } finally {
      await other.close();
    }
  });

  it('does what its bearer may, in their name', async () => {
    const client = bearing(await tokenOf('billing'));
    const { events } = await eventsOf(t, () =>
      client.mutate('voidInvoice', { invoiceId: randomUUID(), reason: 'x' }, 'outcome'),
    );
    const { sessionId } = (await client.gql(VIEWER)).data!.viewer;
    expect(events.at(-1)).toMatchObject({
      outcome: 'REFUSED',
      code: 'NOT_FOUND',
      actor: client.userId,
      session: sessionId,
    });
  });

  it.each<[string, Token]>([
    ['for another audience', { claims: { aud: 'https://other.test' } }],
    ['for nobody', { claims: { aud: undefined } }],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['that expired longer ago than clocks differ', { claims: () => ({ exp: nowSeconds() - 61 }) }],
    ['that never expires', { claims: { exp: undefined } }],
    ['that is not valid yet', { claims: () => ({ nbf: nowSeconds() + 120 }) }],
    ['of the future', { claims: () => ({ iat: nowSeconds() + 120 }) }],
    ['that tells not when it was issued', { claims: { iat: undefined } }],
    ['of nobody', { claims: { sub: undefined } }],
    ['of another kind', { header: { typ: 'logout+jwt' } }],
    ['of a subject that nobody is linked to, whatever its address', { claims: { sub: 'somebody else' } }],
    ['of a subject in other letters', { claims: { sub: 'SUBJECT-OF-BILLING' } }],
    ['with a part that nobody knows and must', { header: { crit: ['x'], x: 1 } }],
  ])('%s is nobody’s', async (_which, token) => {
    const before = (await sessionsOf('billing')).length;
    const jwt = await tokenOf('billing', {
      ...token,
      header: { ...token.header, ...(token.header?.crit ? {} : {}) },
    }).catch(() => null);
    // The library itself does not sign what has to be understood and is not: such a token is made by hand.
    const text = jwt ?? (await handMade({ crit: ['x'], x: 1 }));
    expect(await seen(text)).toBeNull();
    expect((await bearing(text).gql(GUARDED)).code).toBe('UNAUTHENTICATED');
    expect((await sessionsOf('billing')).length).toBe(before);
  });

  it.each([
    ['a minute ago', () => ({ exp: nowSeconds() - 30 })],
    ['and is valid in half a minute', () => ({ nbf: nowSeconds() + 30 })],
    ['and was issued in half a minute', () => ({ iat: nowSeconds() + 30 })],
  ])('may be off by what clocks differ: it expired %s', async (_which, claims) => {
    expect(await seen(await tokenOf('billing', { claims }))).not.toBeNull();
  });

  it('that is not signed, or signed with what everybody knows, or by somebody else, is nobody’s', async () => {
    const [rsa] = issuer.keys;
    const claims = claimsOf('admin');
    const spki = await exportSPKI(await publicOf(rsa!));
    const hs = (secret: string) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: rsa!.kid }).sign(Buffer.from(secret));
    const { privateKey } = await generateKeyPair('RS256');
    const stranger = { ...rsa!, key: privateKey };
    const rs512 = await generateKeyPair('RS512');
    const good = await tokenOf('admin');
    const [head, body, signature] = good.split('.') as [string, string, string];
    const other = Buffer.from(JSON.stringify({ ...claims, sub: 'other' })).toString('base64url');
    const forged = [
      new UnsecuredJWT(claims).encode(),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.${signature}`,
      `${Buffer.from('{"alg":"NONE"}').toString('base64url')}.${body}.${signature}`,
      await hs(spki),
      await hs(JSON.stringify(rsa!.jwk)),
      await tokenOf('admin', { key: stranger }),
      await tokenOf('admin', { key: stranger, header: { kid: undefined, jwk: await exportJWK(rs512.publicKey) } }),
      await tokenOf('admin', { key: { ...rsa!, alg: 'RS512', key: rs512.privateKey } }),
      `${head}.${other}.${signature}`,
      `${head}.${body}.${signature.slice(0, -6)}AAAAAA`,
      `${head}.${body}.${'A'.repeat(342)}`,
    ];
    for (const token of forged) expect({ token, viewer: await seen(token) }).toEqual({ token, viewer: null });
    expect(await seen(good)).not.toBeNull();
  });

  it('is nobody’s where no issuer is configured', async () => {
    const without = await startAppOver(t.ownerUrl);
    try {
      expect(await seen(await tokenOf('billing'), without)).toBeNull();
    } finally {
      await without.close();
    }
  });
});

describe('the session of a token', () => {
  it('that was ended stays so, on every process, however the same claims are signed and written', async () => {
    const ec = issuer.keys.find(({ alg }) => alg === 'ES256')!;
    const claims = claimsOf('billing');
    const token = await tokenOf('billing', { key: ec, claims });
    const again = await tokenOf('billing', { key: ec, claims });
    const [head, body, signature] = token.split('.') as [string, string, string];
    const { sessionId } = (await seen(token))!;
    expect((await t.as('compliance').mutate('endSession', { sessionId }, 'outcome')).payload).toEqual({
      outcome: 'DONE',
    });
    // The last character holds four bits that belong to no byte.
    const same = `${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(85) + 1)}`;
    for (const each of [token, again, `${head}.${body}.${same}`, `${head}.${body}.${mirrored(signature)}`])
      expect(await seen(each)).toBeNull();
    expect(await seen(await tokenOf('billing'))).not.toBeNull();
  });

  it('is ended by its owner signing out, and told among theirs', async () => {
    const client = bearing(await tokenOf('billing'));
    const { data } = await client.gql('{ sessions(filter: { open: true }, first: 100) { nodes { kind current } } }');
    expect(data!.sessions.nodes.find(({ current }: any) => current)).toEqual({ kind: 'OPENID', current: true });
    expect((await client.gql('mutation { signOut { signedOut } }')).errors).toEqual([]);
    expect((await client.gql(GUARDED)).code).toBe('UNAUTHENTICATED');
  });

  it('ends at once when its user is given a role or deactivated, and nobody deactivated gets in', async () => {
    const email = `o-${randomUUID()}@test.example`;
    const made = await t
      .as('admin')
      .mutate('createUser', { name: 'O', email, password: 'a password of theirs' }, 'user { id }');
    const userId = made.payload.user.id as string;
    await t.sql('UPDATE app_user SET password_set_by_id = NULL WHERE id = $1', [userId]);
    await linkedTo(userId, email);
    const claims = () => claimsOf('stranger', { sub: email });
    const token = await tokenOf('stranger', { claims: claims() });
    expect(await seen(token)).toMatchObject({ id: userId, roles: [] });
    await countersigned(t, 'admin', 'grantRole', { userId, role: 'supervisor', reason: 'hired' }, 'compliance');
    expect(await seen(token)).toBeNull();
    const next = await tokenOf('stranger', { claims: claims() });
    expect(await seen(next)).toMatchObject({ id: userId, roles: ['supervisor'] });
    const stream = overSse(t, bearing(next), AWAITS);
    await until(async () => (await t.served.app.metrics.streams.get()).values.some(({ value }) => value === 1));
    stream.stop();
    await t.as('admin').mutate('deactivateUser', { userId, reason: 'left' }, 'outcome');
    expect(await seen(next)).toBeNull();
    expect(await seen(await tokenOf('stranger', { claims: claims() }))).toBeNull();
  });

  it('rests no longer than any other, and lasts no longer than its token, nor than twelve hours', async () => {
    const start = Date.now();
    const lived = async (claims: () => JWTPayload, minutes: number[]) => {
      t.clock.at = new Date(start);
      const token = await tokenOf('billing', { claims });
      expect(await seen(token)).not.toBeNull();
      for (const minute of minutes) {
        t.clock.at = new Date(start + minute * 60_000);
        if ((await seen(token)) === null) return minute;
        await until(
          async () => {
            const last = (await sessionsOf('billing')).at(-1)!.last_seen_at as Date;
            return last.getTime() === t.clock.at!.getTime();
          },
          `minute ${minute}`,
          20_000,
        );
      }
      return null;
    };
    expect(await lived(() => ({ exp: nowSeconds() + 36_000 }), [14, 29])).toBe(29);
    expect(await lived(() => ({ exp: nowSeconds() + 600 }), [10.5, 11.1])).toBe(11.1);
    const every = Array.from({ length: 52 }, (_, index) => (index + 1) * 14);
    expect(await lived(() => ({ exp: nowSeconds() + 90_000 }), every)).toBe(728);
  }, 120_000);

  it('has the roles that a claim names, of those that are granted, where one is configured', async () => {
    const claimed = await startAppOver(t.ownerUrl, {
      ...settings,
      OIDC_ROLES_CLAIM: 'groups',
      OIDC_ROLES: 'finance=billing,leads=supervisor,runs=admin',
    });
    try {
      const roles = async (groups: unknown) =>
        (await seen(await tokenOf('billing', { claims: { groups } }), claimed))!.roles;
      expect(await roles(['finance', 'unknown'])).toEqual(['billing']);
      expect(await roles('finance leads')).toEqual(['billing']);
      // Nothing is granted by a claim.
      expect(await roles(['runs', 'leads', 'admin', 'supervisor'])).toEqual([]);
      for (const none of [undefined, [], {}, 7, [['finance']]]) expect(await roles(none)).toEqual([]);
      const narrowed = bearing(await tokenOf('billing', { claims: { groups: 'leads' } }), claimed);
      expect((await narrowed.gql(GUARDED)).code).toBe('FORBIDDEN');
      const act = await narrowed.mutate('voidInvoice', { invoiceId: randomUUID(), reason: 'x' }, 'outcome');
      expect(act.code).toBe('FORBIDDEN');
    } finally {
      await claimed.close();
    }
  });
});

describe('keys', () => {
  it('that are new are found at once, those that are gone are not used for long, and an issuer that is down stops nobody', async () => {
    const own = await startAppOver(t.ownerUrl, settings);
    closing.push(own);
    const start = Date.now();
    const minutes = (count: number) => (t.clock.at = own.clock.at = new Date(start + count * 60_000));
    const known = async (key?: FakeIssuer['keys'][number]) =>
      (await seen(await tokenOf('billing', { key }), own)) !== null;
    minutes(0);
    expect(await known()).toBe(true);
    const fresh = await issuer.addKey('ES256');
    expect(await known(fresh)).toBe(true);
    const [old] = issuer.keys.splice(0, 1);

    // One that nobody knows has us ask once in a while alone.
    const asked = issuer.asked.length;
    const unknown = { ...fresh, kid: 'nobody-knows' };
    for (let each = 0; each < 5; each += 1) expect(await known(unknown)).toBe(false);
    expect(issuer.asked.length).toBe(asked);

    issuer.down = true;
    for (const after of [1, 11, 60, 23 * 60]) {
      minutes(after);
      expect(await known(fresh)).toBe(true);
    }
    minutes(25 * 60);
    expect(await known(fresh)).toBe(false);
    issuer.down = false;
    expect(await known(fresh)).toBe(true);
    expect(await known(old)).toBe(false);
    issuer.keys.unshift(old!);
    minutes(25 * 60 + 11);
    expect(await known(old)).toBe(true);
  });

  it('of an issuer that goes by another name are not taken', async () => {
    issuer.name = 'https://evil.example';
    const other = await startAppOver(t.ownerUrl, settings);
    try {
      expect(await seen(await tokenOf('billing'), other)).toBeNull();
    } finally {
      issuer.name = '';
      await other.close();
    }
  });
});

describe('user.linkSubject', () => {
  const link = (userId: string, subject: string | null) => ({
    userId,
    oidcSubject: subject,
    reason: 'as personnel knows them',
  });
  const linked = (who: CastName, subject: string | null) =>
    countersigned(t, 'admin', 'linkOidcSubject', link(t.as(who).userId, subject), 'compliance');

  it('has a subject be a user, whatever their address says, and ends what another subject had begun', async () => {
    const former = await tokenOf('operations');
    expect(await seen(former)).toMatchObject({ id: t.as('operations').userId });
    const { events } = await eventsOf(t, () => linked('operations', 'known-to-personnel'));
    expect(await seen(former)).toBeNull();
    expect(await seen(await tokenOf('operations'))).toBeNull();
    const claims = { sub: 'known-to-personnel', email: 'billing@test.example' };
    expect(await seen(await tokenOf('operations', { claims }))).toMatchObject({ id: t.as('operations').userId });
    const unverified = { ...claims, email: undefined, email_verified: undefined };
    expect(await seen(await tokenOf('operations', { claims: unverified }))).toMatchObject({
      id: t.as('operations').userId,
    });
    expect(events.find(({ action }) => action === 'user.subjectLinked')).toMatchObject({
      actor: t.as('compliance').userId,
      onBehalfOf: t.as('admin').userId,
      subject: { type: 'User', id: t.as('operations').userId },
      reason: 'as personnel knows them',
    });
    expect(JSON.stringify(events)).not.toContain('known-to-personnel');
    await linked('operations', null);
    const row = await rowOf(t, 'app_user', t.as('operations').userId);
    expect(row).toMatchObject({ oidc_subject: null, oidc_linked_at: expect.any(Date) });
    expect(await seen(await tokenOf('operations', { claims }))).toBeNull();
    await expect(
      t.sql('UPDATE app_user SET oidc_linked_at = NULL WHERE id = $1', [t.as('operations').userId]),
    ).rejects.toThrow('oidc_linked_at is set once');
  });

  it('keeps a subject as it is, also one that is an address', async () => {
    const subject = 'known.by@personnel.test';
    await linked('stranger', subject);
    const claims = { sub: subject, email: undefined, email_verified: undefined };
    expect(await seen(await tokenOf('stranger', { claims }))).toMatchObject({ id: t.as('stranger').userId });
  });

  it('is refused for a subject that is somebody else’s, whoever comes first', async () => {
    const [one, other] = [
      await proposed(t, 'admin', 'linkOidcSubject', link(t.as('billing2').userId, 'twice')),
      await proposed(t, 'admin', 'linkOidcSubject', link(t.as('client').userId, 'twice')),
    ];
    const answers = await Promise.all(
      [one, other].map(({ id, revision, digest }, index) =>
        t.as(index === 0 ? 'compliance' : 'admin2').mutate('approveChangeRequest', { id, revision, digest }, 'outcome'),
      ),
    );
    expect(answers.map(({ code }) => code ?? 'DONE').toSorted()).toEqual(['CHANGE_REQUEST_FAILED', 'DONE']);
    const rows = await t.sql(`SELECT id FROM app_user WHERE oidc_subject LIKE '% twice'`);
    expect(rows).toHaveLength(1);
  });

  it('is refused for whoever may not, for nobody, and where there is no issuer', async () => {
    const operation = { mutation: 'linkOidcSubject', operation: 'user.linkSubject' };
    const input = link(t.as('stranger').userId, 'x');
    await expectRefused(t, { ...operation, as: 'compliance', input, code: 'FORBIDDEN' });
    await expectRefused(t, { ...operation, as: 'nobody', input, code: 'UNAUTHENTICATED' });
    await expectRefused(t, { ...operation, as: 'admin', input: link(randomUUID(), 'x'), code: 'NOT_FOUND' });
    const without = await startAppOver(t.ownerUrl);
    try {
      await expectRefused(without, { ...operation, as: 'admin', input, code: 'OIDC_NOT_CONFIGURED' });
    } finally {
      await without.close();
    }
  });

  it('is done once per idempotency key', async () => {
    const input = { ...link(t.as('stranger').userId, 'once'), idempotencyKey: randomUUID() };
    const [one, other] = await Promise.all([0, 1].map(() => t.as('admin').mutate('linkOidcSubject', input)));
    expect(one!.payload).toEqual(other!.payload);
  });
});

describe('who is linked to no subject', () => {
  let byEmail: TestApp;
  beforeAll(async () => {
    byEmail = await startAppOver(t.ownerUrl, { ...settings, OIDC_LINK_BY_EMAIL: 'true' });
  });
  afterAll(() => byEmail.close());

  const newcomer = async () => {
    const email = `n-${randomUUID()}@test.example`;
    const made = await t.person('admin').submit('user.create', { name: 'N', email, password: PASSWORD }, randomUUID());
    return { id: made.result.user as string, email };
  };
  const tokenFor = (email: string, more: JWTPayload = {}) =>
    tokenOf('stranger', { claims: { sub: randomUUID(), email, ...more } });

  it('is nobody by their address, verified or not, an administrator’s least of all', async () => {
    const { id, email } = await newcomer();
    for (const address of [email, 'admin2@test.example', 'admin@test.example'])
      expect(await seen(await tokenFor(address))).toBeNull();
    expect(await rowOf(t, 'app_user', id)).toMatchObject({ oidc_subject: null, oidc_linked_at: null, version: 1 });
  });

  it('is met by a verified address where that is set, once: then their subject alone is them, whoever has the address', async () => {
    const { id, email } = await newcomer();
    const unverified: JWTPayload[] = [{ email_verified: false }, { email_verified: 'true' }, { email: undefined }];
    for (const claims of [...unverified, { email: 'nobody@test.example' }, { email: [email] }])
      expect(await seen(await tokenFor(email, claims), byEmail)).toBeNull();
    const { answer, events } = await eventsOf(t, async () => seen(await tokenFor(email, { sub: id }), byEmail));
    expect(answer).toMatchObject({ id });
    expect((await rowOf(t, 'app_user', id)).oidc_subject).toBe(`${issuer.issuer} ${id}`);
    expect(events).toMatchObject([
      { action: 'user.subjectLinked', actor: id, subject: { type: 'User', id }, outcome: 'DONE' },
      { action: 'session.opened', actor: id },
    ]);
    expect(JSON.stringify(events)).not.toContain(`${issuer.issuer} ${id}`);
    expect(await seen(await tokenFor(email), byEmail)).toBeNull();
    expect(await seen(await tokenFor('moved@test.example', { sub: id }))).toMatchObject({ id });
    // Nobody’s any more, by two people: the address does not undo that.
    const nobodys = { userId: id, oidcSubject: null, reason: 'the address is another’s now' };
    await countersigned(t, 'admin', 'linkOidcSubject', nobodys, 'compliance');
    for (const sub of [id, randomUUID()]) expect(await seen(await tokenFor(email, { sub }), byEmail)).toBeNull();
  });

  it('who approves, administers or audits is met by no address, whatever is set', async () => {
    for (const who of ['admin2', 'supervisor2', 'compliance', 'auditor'] as const) {
      expect(await seen(await tokenFor(`${who}@test.example`), byEmail)).toBeNull();
      expect((await rowOf(t, 'app_user', t.as(who).userId)).oidc_linked_at).toBeNull();
    }
  });

  it('is met once by many who come at once with their address, and a leaver’s subject is nobody else', async () => {
    const { id, email } = await newcomer();
    const tokens = await Promise.all(Array.from({ length: 5 }, () => tokenFor(email)));
    const all = await Promise.all([...tokens, ...tokens].map((token) => seen(token, byEmail)));
    expect(new Set(all.flatMap((viewer) => viewer?.id ?? []))).toEqual(new Set([id]));
    expect(await t.sql('SELECT count(*)::int AS count FROM session WHERE user_id = $1', [id])).toEqual([{ count: 1 }]);
    const [{ oidc_subject: subject }] = (await t.sql('SELECT oidc_subject FROM app_user WHERE id = $1', [id])) as [any];
    await t.as('admin').mutate('deactivateUser', { userId: id, reason: 'left' }, 'outcome');
    const after = await newcomer();
    expect(await seen(await tokenFor(after.email, { sub: subject.split(' ')[1] }), byEmail)).toBeNull();
    expect((await rowOf(t, 'app_user', after.id)).oidc_subject).toBeNull();
  });
});

describe('the strength that a token tells of, where a second factor is required', () => {
  let strict: TestApp;
  let accountId: string;
  const STRONG = () => ({ acr: 'loa2', amr: ['pwd', 'mfa'], auth_time: nowSeconds() });
  const OWN = '{ viewer { roles permissions { subject action } } sessions(first: 1) { totalCount } }';
  const given = async (who: CastName, claims: JWTPayload) => bearing(await tokenOf(who, { claims }), strict, who);
  const rolesOf = async (client: ApiClient) => (await client.gql(VIEWER)).data!.viewer.roles as string[];
  beforeAll(async () => {
    strict = await startAppOver(t.ownerUrl, {
      ...settings,
      SECOND_FACTOR: 'required',
      OIDC_ACR: 'loa2,loa3',
      OIDC_AMR: 'mfa,pwd+otp',
      OIDC_MAX_AGE_SECONDS: '3600',
    });
    // As long as people without a second factor may.
    accountId = await givenAccount(t, { currency: 'EUR' });
    await settleSecondFactor(strict.served.app);
  });
  afterEach(() => {
    strict.clock.at = null;
  });
  afterAll(async () => {
    await settleSecondFactor(t.served.app);
    await strict.close();
  });

  it.each<[string, () => JWTPayload]>([
    ['one of the methods', STRONG],
    ['all that belong together', () => ({ ...STRONG(), amr: ['otp', 'pwd'], acr: 'loa3' })],
    ['an instant that is off by what clocks differ', () => ({ ...STRONG(), auth_time: nowSeconds() + 30 })],
    ['an hour ago, nearly', () => ({ ...STRONG(), auth_time: nowSeconds() - 3590 })],
  ])('counts: %s', async (_which, claims) => {
    const client = await given('billing', claims());
    expect(await rolesOf(client)).toEqual(['billing']);
    expect((await client.gql(GUARDED)).errors).toEqual([]);
    const row = (await sessionsOf('billing')).at(-1)!;
    expect(row.strong_until.getTime()).toBeGreaterThan(Date.now());
    expect(row.strong_until.getTime()).toBeLessThanOrEqual(Date.now() + 3_600_000);
    const [opened] = await trail(t, `subject_id = $1 AND action = 'session.opened'`, [row.id]);
    expect(opened!.changes).toContainEqual({
      path: 'strongUntil',
      before: null,
      after: row.strong_until.toISOString(),
    });
  });

  it.each<[string, JWTPayload | (() => JWTPayload)]>([
    ['nothing', { acr: undefined, amr: undefined, auth_time: undefined }],
    ['no acr', { acr: undefined }],
    ['another acr', { acr: 'loa1' }],
    ['a list of acr', { acr: ['loa2'] as never }],
    ['no amr', { amr: undefined }],
    ['no method', { amr: [] }],
    ['a password alone', { amr: ['pwd'] }],
    ['half of what belongs together', { amr: ['otp'] }],
    ['methods in one text', { amr: 'mfa' }],
    ['methods in a list of lists', { amr: [['mfa']] }],
    ['a method in other letters', { amr: ['MFA'] }],
    ['no instant', { auth_time: undefined }],
    ['an instant in words', () => ({ auth_time: String(nowSeconds()) })],
    ['an instant to come', () => ({ auth_time: nowSeconds() + 120 })],
    ['an instant without an end', { auth_time: 1e300 }],
    ['an hour ago', () => ({ auth_time: nowSeconds() - 3601 })],
  ])('does not count, and gives nothing but oneself: %s', async (_which, claims) => {
    const said = { ...STRONG(), ...(typeof claims === 'function' ? claims() : claims) };
    const client = await given('billing', said);
    const { data, errors } = await client.gql(OWN);
    expect(errors).toEqual([]);
    expect(data!.viewer.roles).toEqual([]);
    expect(new Set(data!.viewer.permissions.map(({ subject }: any) => subject))).toEqual(new Set(['User', 'Session']));
    expect((await client.gql(GUARDED)).code).toBe('FORBIDDEN');
    const act = await client.mutate('voidInvoice', { invoiceId: randomUUID(), reason: 'x' }, 'outcome');
    expect(act.code).toBe('FORBIDDEN');
    expect((await sessionsOf('billing')).at(-1)!.strong_until).toBeNull();
  });

  it('of another issuer, or of somebody else’s signature, lets nobody in', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const stranger = { ...issuer.keys[0]!, key: privateKey };
    for (const forged of [
      { claims: { ...STRONG(), iss: 'https://evil.example' } },
      { claims: STRONG(), key: stranger },
    ])
      expect(await seen(await tokenOf('billing', forged), strict)).toBeNull();
  });

  it('ends within a session, at its instant', async () => {
    const start = Date.now();
    const client = await given('billing', { ...STRONG(), auth_time: nowSeconds() - 3590 });
    expect(await rolesOf(client)).toEqual(['billing']);
    strict.clock.at = new Date(start + 12_000);
    expect(await rolesOf(client)).toEqual([]);
    expect((await client.gql(GUARDED)).code).toBe('FORBIDDEN');
  });

  it('is made up for by a code of ours in that session; a reveal asks for one whatever the token tells', async () => {
    const look = { type: 'Account', id: accountId, field: 'taxId', reason: 'asked by the client' };
    const strong = await given('billing', STRONG());
    const refused = await strong.mutate('revealSensitiveValue', look, 'value');
    expect(refused.errors[0]!.extensions).toMatchObject({ code: 'STEP_UP_REQUIRED', details: { enrolled: false } });
    // With a password alone, or a token that tells of nothing, nobody enrols what would stand in for the issuer’s.
    const weak = await given('billing', { auth_time: nowSeconds() });
    const { data } = await strict.nobody.gql(
      'mutation ($input: SignInInput!) { signIn(input: $input) { token viewer { roles } } }',
      { input: { email: 'billing@test.example', password: PASSWORD } },
    );
    expect(data!.signIn.viewer.roles).toEqual([]);
    for (const client of [weak, new ApiClient(strict.served, data!.signIn.token, weak.userId)])
      expect((await client.mutate('enrolTotp', {}, 'secret')).code).toBe('SECOND_FACTOR_ELSEWHERE');
    const drawn = await strong.mutate('enrolTotp', {}, 'secret');
    strict.clock.at = new Date();
    const confirming = { oneTimeCode: codeAt(drawn.payload.secret, strict.clock.at) };
    expect((await weak.mutate('confirmTotp', confirming, 'recoveryCodes')).code).toBe('SECOND_FACTOR_ELSEWHERE');
    const app = await enrolled(strict, strong);
    const again = await given('billing', { auth_time: nowSeconds() });
    expect(await rolesOf(again)).toEqual([]);
    await app.stepUp(again);
    expect(await rolesOf(again)).toEqual(['billing']);
    expect((await again.mutate('revealSensitiveValue', look, 'value')).errors).toEqual([]);
    await t.sql(
      'UPDATE second_factor SET removed_at = now(), secret_sealed = NULL WHERE user_id = $1 AND removed_at IS NULL',
      [weak.userId],
    );
    await t.sql('UPDATE app_user SET second_factor_at = NULL WHERE id = $1', [weak.userId]);
    expect(await rolesOf(again)).toEqual([]);
  });

  it('lets propose and approve without an app of ours, as long as its bearer is linked, and nobody keep the house', async () => {
    const [maker, checker] = [await given('billing', STRONG()), await given('supervisor', STRONG())];
    const lines = [{ description: 'Calls', quantity: '1', unitPrice: '5' }];
    const drafted = await maker.mutate('draftInvoice', { accountId, lines, dueInDays: 30 }, 'invoice { id }');
    const invoiceId = drafted.payload.invoice.id as string;
    const asked = await maker.mutate('issueInvoice', { invoiceId }, 'changeRequest { id revision digest }');
    const approving = () => checker.mutate('approveChangeRequest', asked.payload.changeRequest, 'outcome');
    const standing = (who: CastName) =>
      t.sql('SELECT s.code FROM change_request r, change_request_standing(r, $2, now()) s WHERE r.id = $1', [
        asked.payload.changeRequest.id,
        t.as(who).userId,
      ]);
    expect([await standing('supervisor'), await standing('supervisor2')]).toEqual([
      [{ code: null }],
      [{ code: 'NOT_AN_APPROVER' }],
    ]);
    expect(await approving()).toMatchObject({ errors: [], payload: { outcome: 'DONE' } });
    expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('ISSUED');
    expect(await inTransaction(ownContext(strict.served.app, 'test'), lockKeepers)).toEqual([]);
  });

  it('counts for nobody where no strength is set, and the trail tells of each change of that', async () => {
    const unset = await startAppOver(t.ownerUrl, { ...settings, SECOND_FACTOR: 'required' });
    try {
      expect(await rolesOf(bearing(await tokenOf('billing', { claims: STRONG() }), unset))).toEqual([]);
      const { events } = await eventsOf(t, async () => {
        await settleSecondFactor(unset.served.app);
        await settleSecondFactor(strict.served.app);
      });
      expect(events.map(({ action, changes }) => [action, changes])).toEqual([
        ['secondFactor.ruled', [{ path: 'OIDC_ISSUER', before: issuer.issuer, after: null }]],
        ['secondFactor.ruled', [{ path: 'OIDC_ISSUER', before: null, after: issuer.issuer }]],
      ]);
    } finally {
      await unset.close();
    }
  });
});

describe('scopes', () => {
  let scoped: TestApp;
  beforeAll(async () => {
    const scopes = { OIDC_SCOPE: 'cs:use cs:read', OIDC_WRITE_SCOPE: 'cs:write' };
    scoped = await startAppOver(t.ownerUrl, { ...settings, ...scopes });
  });
  afterAll(() => scoped.close());
  const given = async (claims: JWTPayload) => bearing(await tokenOf('billing', { claims }), scoped);
  const endOf = async (stream: ReturnType<typeof overSse>) => {
    await until(async () => stream.ended !== null);
    return stream.ended;
  };
  const act = (client: ApiClient) => client.mutate('voidInvoice', { invoiceId: randomUUID(), reason: 'x' }, 'outcome');

  it.each<[string, JWTPayload]>([
    ['in one text', { scope: 'openid cs:read cs:write cs:use' }],
    ['in a list', { scope: ['cs:use', 'cs:write', 'cs:read'] }],
    ['of another name', { scp: ['cs:use', 'cs:read', 'cs:write'] }],
    ['of another name, in one text', { scp: 'cs:use cs:write cs:read' }],
  ])('let read and write: %s', async (_form, claims) => {
    const client = await given(claims);
    expect((await client.gql(GUARDED)).errors).toEqual([]);
    expect((await act(client)).code).toBe('NOT_FOUND');
  });

  it.each<[string, JWTPayload, string]>([
    ['none', {}, 'cs:use cs:read'],
    ['one of two', { scope: 'cs:use cs:write' }, 'cs:read'],
    ['in other letters', { scope: 'CS:USE cs:read' }, 'cs:use'],
    ['as parts of others', { scope: 'cs:users xcs:read' }, 'cs:use cs:read'],
    ['in one text of a list', { scp: ['cs:use cs:read'] }, 'cs:use cs:read'],
    ['in another form', { scope: { 'cs:use': true, 'cs:read': true } }, 'cs:use cs:read'],
  ])('that are lacking let nobody in: %s', async (_which, claims, scope) => {
    const before = (await sessionsOf('billing')).length;
    const client = await given(claims);
    const { answer, events } = await eventsOf(t, async () => [
      await client.gql(VIEWER),
      await act(client),
      await endOf(overSse(scoped, client, AWAITS)),
      await endOf(overWebSocket(scoped, client, AWAITS)),
    ]);
    const [read, write, ...streams] = answer as [any, any, string, string];
    expect(read.errors[0].extensions).toMatchObject({ code: 'SCOPE_REQUIRED', details: { scope } });
    expect([write.code, ...streams]).toEqual(['SCOPE_REQUIRED', 'SCOPE_REQUIRED', '4403 SCOPE_REQUIRED']);
    expect(events.map(({ action, outcome, code, actor }) => [action, outcome, code, actor])).toEqual(
      Array.from({ length: 4 }, () => ['session.open', 'REFUSED', 'SCOPE_REQUIRED', null]),
    );
    expect((await sessionsOf('billing')).length).toBe(before);
  });

  it('for reading alone let read, sign out and step up, and change nothing', async () => {
    const client = await given({ scope: 'cs:use cs:read' });
    expect((await client.gql(GUARDED)).errors).toEqual([]);
    const { answer, events } = await eventsOf(t, () => act(client));
    expect(answer.errors[0]!.extensions).toMatchObject({ code: 'SCOPE_REQUIRED', details: { scope: 'cs:write' } });
    expect(events).toMatchObject([
      { action: 'invoice.void', outcome: 'REFUSED', code: 'SCOPE_REQUIRED', actor: client.userId },
    ]);
    const refused = await client.gql('mutation { endOtherSessions(input: {}) { outcome } }');
    expect(refused.code).toBe('SCOPE_REQUIRED');
    expect((await client.mutate('stepUp', { oneTimeCode: '123456' }, 'until')).code).toBe('SECOND_FACTOR_NOT_ENROLLED');
    expect((await client.gql('mutation { signOut { signedOut } }')).errors).toEqual([]);
    expect((await client.gql(GUARDED)).code).toBe('UNAUTHENTICATED');
  });
});

describe('settings of an issuer', () => {
  const ISSUER = { OIDC_ISSUER: 'https://issuer.test', OIDC_AUDIENCE: AUDIENCE };

  it.each<[string, Record<string, string>]>([
    ['a strength without an issuer', { OIDC_AMR: 'mfa' }],
    ['a scope without an issuer', { OIDC_SCOPE: 'cs' }],
    ['an age without a strength', { ...ISSUER, OIDC_MAX_AGE_SECONDS: '300' }],
    ['an age that is none', { ...ISSUER, OIDC_AMR: 'mfa', OIDC_MAX_AGE_SECONDS: '86401' }],
    ['methods that are none', { ...ISSUER, OIDC_AMR: 'mfa,pwd+' }],
    ['an acr that is none', { ...ISSUER, OIDC_ACR: 'loa2,,loa3' }],
    ['a scope that is none', { ...ISSUER, OIDC_SCOPE: 'a"b' }],
    ['an address that links perhaps', { ...ISSUER, OIDC_LINK_BY_EMAIL: 'yes' }],
  ])('are refused: %s', (_which, wrong) => {
    expect(() => testConfig(wrong)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }));
  });

  it('as they come take nothing for two factors, and link by no address', () => {
    expect(testConfig(ISSUER).openId).toMatchObject({
      strength: null,
      scopes: [],
      writeScopes: [],
      linksByEmail: false,
    });
  });
});

const publicOf = async ({ jwk, alg }: FakeIssuer['keys'][number]) =>
  (await import('jose')).importJWK(jwk, alg) as Promise<KeyLike>;

const nowSecondsIn = (token: string): number =>
  (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { iat: number }).iat;

/** A token that the library would not sign. */
async function handMade(header: Record<string, unknown>): Promise<string> {
  const { sign } = await import('node:crypto');
  const [key] = issuer.keys;
  const part = (of: object) => Buffer.from(JSON.stringify(of)).toString('base64url');
  const signed = `${part({ alg: key!.alg, kid: key!.kid, ...header })}.${part(claimsOf('billing'))}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key!.key as never).toString('base64url')}`;
}

/** Order of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature over the same: (r, n − s). */
function mirrored(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = (ORDER - s).toString(16).padStart(64, '0');
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from(other, 'hex')]).toString('base64url');
}
