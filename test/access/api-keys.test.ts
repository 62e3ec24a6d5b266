import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { couldBeKey, SCOPES, secretFrom } from '../../src/access/api-key.rules';
import { abilityOf, scopeOf } from '../../src/access/permissions';
import { ApiClient, startAppOver, startTestApp, type TestApp } from '../support/app';
import { type CastName } from '../support/cast';
import { countersigned, eventsOf, expectRefused, proposed, rowOf, withoutPolicy } from '../support/outcomes';
import { until } from '../support/poll';
import { givenAccount, givenDraft } from '../support/scene';

let t: TestApp;
let other: TestApp;
let accountId: string;
beforeAll(async () => {
  t = await startTestApp();
  other = await startAppOver(t.ownerUrl);
  accountId = await givenAccount(t);
});
afterEach(() => {
  t.clock.at = other.clock.at = null;
});
afterAll(async () => {
  await other.close();
  await t.close();
});

const DAY = 86_400_000;
const later = (ms: number) => (t.clock.at = other.clock.at = new Date(Date.now() + ms));

const input = (more: object = {}) => ({ name: 'Dialler', scopes: ['account.read'], reason: 'imports usage', ...more });

interface Key {
  id: string;
  userId: string;
}

async function givenKey(more: object = {}): Promise<Key> {
  const { result } = await countersigned(t, 'admin', 'createApiKey', input(more), 'compliance');
  const { user_id: userId } = await rowOf(t, 'api_key', result.apiKey);
  return { id: result.apiKey, userId };
}

const DRAWN = 'outcome secret apiKey { id prefix active drawnAt }';
const draw = (apiKeyId: string, who: CastName = 'admin') => t.as(who).mutate('drawApiKeySecret', { apiKeyId }, DRAWN);

async function drawn({ id, userId }: Key): Promise<ApiClient> {
  const { payload, errors } = await draw(id);
  expect(errors).toEqual([]);
  return new ApiClient(t.served, payload.secret, userId);
}

const grant = (userId: string, role: string) =>
  countersigned(t, 'admin', 'grantRole', { userId, role, reason: 'imports usage' }, 'compliance');

/** A system that works: a key, a role, and its secret. */
async function givenSystem(
  scopes: string[],
  role = 'billing',
  more: object = {},
): Promise<Key & { client: ApiClient }> {
  const key = await givenKey({ scopes, ...more });
  await grant(key.userId, role);
  return { ...key, client: await drawn(key) };
}

const ACCOUNTS = '{ accounts { totalCount } }';
const codeOf = async (client: ApiClient, query = ACCOUNTS) => (await client.gql(query)).code ?? 'fine';

describe('apiKey.create', () => {
  it('waits for a second person, then there is a key without a secret, and a user without a role or a password', async () => {
    const [{ before }] = (await t.sql('SELECT count(*) AS before FROM api_key')) as [any];
    const request = await proposed(t, 'admin', 'createApiKey', input({ expiresInDays: 30 }));
    expect((await t.sql('SELECT count(*) AS before FROM api_key'))[0]).toEqual({ before });
    const { events } = await eventsOf(t, () =>
      t
        .as('compliance')
        .mutate('approveChangeRequest', { id: request.id, revision: 1, digest: request.digest }, 'outcome'),
    );
    const [{ result }] = (await t.sql('SELECT result FROM change_request WHERE id = $1', [request.id])) as [any];
    const key = await rowOf(t, 'api_key', result.apiKey);
    expect(key).toMatchObject({
      scopes: ['account.read'],
      created_by_id: t.as('admin').userId,
      prefix: null,
      drawn_at: null,
      revoked_at: null,
    });
    expect(Math.round((key.expires_at - Date.now()) / DAY)).toBe(30);
    expect(await rowOf(t, 'app_user', key.user_id)).toMatchObject({
      name: 'Dialler',
      service: true,
      password_hash: '',
    });
    expect(events.find(({ action }) => action === 'apiKey.created')).toMatchObject({
      actor: t.as('compliance').userId,
      onBehalfOf: t.as('admin').userId,
      reason: 'imports usage',
      subject: { type: 'ApiKey', id: result.apiKey, version: 1 },
      rows: expect.arrayContaining([
        expect.objectContaining({ type: 'User', id: key.user_id }),
        expect.objectContaining({ type: 'ApiKey', id: result.apiKey }),
      ]),
    });
    expect(await t.sql('SELECT FROM session WHERE user_id = $1', [key.user_id])).toEqual([]);
  });

  it('lasts 90 days unless told', async () => {
    const { id } = await givenKey();
    expect(Math.round(((await rowOf(t, 'api_key', id)).expires_at - Date.now()) / DAY)).toBe(90);
  });

  it.each([
    ['approves', ['changeRequest.approve']],
    ['reveals', ['account.reveal']],
    ['lets in', ['user.create']],
    ['grants', ['roleGrant.grant']],
    ['makes keys', ['apiKey.create']],
    ['is a word', ['everything']],
    ['is for all', ['account.manage', 'account.read']],
    ['is none', []],
    ['is twice', ['account.read', 'account.read']],
  ])('takes no scope that %s', async (_what, scopes) => {
    expect((await t.as('admin').mutate('createApiKey', input({ scopes }))).code).toBe('BAD_USER_INPUT');
  });

  it('takes scopes that a role of systems allows, and each of them narrows to what it says', () => {
    const ROLES = ['billing', 'operations', 'auditor', 'client'] as const;
    for (const scope of SCOPES) {
      const narrowed = ROLES.flatMap(
        (role) =>
          abilityOf('u', [{ role, accountId: role === 'client' ? accountId : null, lobId: null }], [scope]).rules,
      );
      expect([scope, narrowed.length > 0]).toEqual([scope, true]);
      expect(new Set(narrowed.map(({ action, subject }) => scopeOf(String(action), String(subject))))).toEqual(
        new Set([scope]),
      );
    }
    const verbs = new Set(SCOPES.map((scope) => scope.split('.')[1]));
    for (const verb of [
      'approve',
      'reject',
      'return',
      'breakGlass',
      'reveal',
      'grant',
      'revoke',
      'create',
      'erase',
      'drawSecret',
    ])
      expect(verbs).not.toContain(verb);
    // A condition of a role stays one.
    const [rule] = abilityOf('u', [{ role: 'client', accountId, lobId: null }], ['invoice.read']).rules;
    expect(rule!.conditions).toMatchObject({ accountId });
  });

  it('takes no life of more than a year', async () => {
    for (const expiresInDays of [0, 366, -1])
      expect((await t.as('admin').mutate('createApiKey', input({ expiresInDays }))).code).toBe('BAD_USER_INPUT');
  });

  it.each(['billing', 'supervisor', 'operations', 'compliance', 'auditor', 'client', 'stranger'] as const)(
    'is refused to %s',
    async (as) => {
      await expectRefused(t, {
        as,
        mutation: 'createApiKey',
        operation: 'apiKey.create',
        input: input(),
        code: 'FORBIDDEN',
      });
    },
  );

  it('never goes without a second person, whatever the policies say, and once per idempotency key', async () => {
    const code = await withoutPolicy(
      t,
      'apiKey.create',
      async () => (await t.as('admin').mutate('createApiKey', input())).code,
    );
    expect(code).toBe('APPROVAL_POLICY_MISSING');
    const keyed = input({ idempotencyKey: randomUUID() });
    const [one, two] = await Promise.all([0, 1].map(() => t.as('admin').mutate('createApiKey', keyed)));
    expect(one!.payload).toEqual(two!.payload);
  });
});

describe('apiKeySecret.draw', () => {
  it('shows a secret once, of which nothing is kept but its hash and its beginning', async () => {
    const key = await givenKey();
    const { answer, events } = await eventsOf(t, () => draw(key.id));
    const { secret, apiKey } = answer.payload;
    expect(secret).toMatch(/^cs_test_[0-9A-Za-z]{49}$/);
    expect(couldBeKey(secret as string)).toBe(true);
    expect(apiKey).toMatchObject({ id: key.id, prefix: (secret as string).slice(0, 12), active: true });
    const session = await rowOf(t, 'session', key.id);
    expect(session).toMatchObject({
      user_id: key.userId,
      kind: 'API_KEY',
      scopes: ['account.read'],
      token_hash: createHash('sha256')
        .update(secret as string)
        .digest(),
      idle_until: null,
      expires_at: (await rowOf(t, 'api_key', key.id)).expires_at,
    });
    expect(events).toMatchObject([
      {
        action: 'apiKeySecret.drawn',
        actor: t.as('admin').userId,
        subject: { type: 'ApiKey', id: key.id },
        changes: [{ path: 'secret', before: null, after: '••••••••' }],
      },
    ]);
    const dump = await t.sql(
      `SELECT (SELECT json_agg(k)::text FROM api_key k) || (SELECT json_agg(s)::text FROM session s) ||
         (SELECT json_agg(convert_from(content, 'UTF8'))::text FROM audit.told) AS everything`,
    );
    expect(dump[0]!.everything).not.toContain(secret);
    expect((await draw(key.id)).code).toBe('API_KEY_NOT_DRAWABLE');
  });

  it('is for whoever made the key', async () => {
    const { id } = await givenKey();
    const operation = { mutation: 'drawApiKeySecret', operation: 'apiKeySecret.draw', input: { apiKeyId: id } };
    await expectDrawRefused(operation, 'admin2', 'API_KEY_NOT_DRAWABLE');
    for (const as of ['compliance', 'auditor', 'billing'] as const) await expectDrawRefused(operation, as, 'FORBIDDEN');
  });

  it('raced by five is done once, with one idempotency key, too', async () => {
    const [one, two] = [await givenKey(), await givenKey()];
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => draw(one.id)));
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'API_KEY_NOT_DRAWABLE')).toHaveLength(4);
    const again = () => t.as('admin').mutate('drawApiKeySecret', { apiKeyId: two.id, idempotencyKey: 'draw' }, DRAWN);
    expect((await again()).payload.secret).toMatch(/^cs_test_/);
    expect((await again()).code).toBe('API_KEY_NOT_DRAWABLE');
  });

  const expectDrawRefused = async (operation: { input: { apiKeyId: string } }, as: CastName, code: string) => {
    const { answer, events } = await eventsOf(t, () => draw(operation.input.apiKeyId, as));
    expect(answer.code).toBe(code);
    expect(events).toMatchObject([{ outcome: 'REFUSED', code, actor: t.as(as).userId }]);
    expect((await rowOf(t, 'api_key', operation.input.apiKeyId)).drawn_at).toBeNull();
  };
});

describe('a key', () => {
  it('does what both its scopes and the roles of its system allow, and nothing else', async () => {
    const { client, id, userId } = await givenSystem([
      'account.read',
      'invoice.read',
      'invoice.draft',
      'complaint.read',
    ]);
    expect(await codeOf(client)).toBe('fine');
    expect(await codeOf(client, '{ invoices { totalCount } }')).toBe('fine');
    // A scope without the role, a role without the scope.
    expect(await codeOf(client, '{ complaints { totalCount } }')).toBe('FORBIDDEN');
    for (const field of ['disputes', 'users', 'changeRequests', 'apiKeys', 'sessions', 'auditEvents', 'lobs'])
      expect([field, await codeOf(client, `{ ${field} { totalCount } }`)]).toEqual([field, 'FORBIDDEN']);
    const lines = [{ description: 'Calls', quantity: '1', unitPrice: '1.00' }];
    const { answer, events } = await eventsOf(t, () =>
      client.mutate('draftInvoice', { accountId, lines }, 'outcome invoice { id account { code } }'),
    );
    expect(answer.payload).toMatchObject({ outcome: 'DONE', invoice: { id: expect.any(String) } });
    // Events name the key: as the one who acts, and as the session.
    expect(events).toMatchObject([{ action: 'invoice.drafted', actor: userId, session: id, roles: ['billing'] }]);
    const invoiceId = answer.payload.invoice.id as string;
    const refused = await client.mutate('issueInvoice', { invoiceId }, 'outcome');
    expect(refused.code).toBe('FORBIDDEN');
    const { viewer } = (await client.gql('{ viewer { id name permissions { action subject } } }')).data!;
    expect(viewer).toMatchObject({ id: userId, name: 'Dialler' });
    expect(viewer.permissions).toEqual([
      { action: 'draft', subject: 'Invoice' },
      { action: 'read', subject: 'Account' },
      { action: 'read', subject: 'Invoice' },
    ]);
  });

  it('is told apart from the same roles of people, and from keys of other scopes, where statements are kept', async () => {
    const [reads, drafts] = [await givenSystem(['account.read']), await givenSystem(['invoice.read'])];
    const query = '{ accounts { totalCount } invoices { totalCount } }';
    for (let round = 0; round < 2; round += 1) {
      expect(await codeOf(t.as('billing'), query)).toBe('fine');
      expect(await codeOf(reads.client, query)).toBe('FORBIDDEN');
      expect(await codeOf(drafts.client, query)).toBe('FORBIDDEN');
      expect(await codeOf(reads.client)).toBe('fine');
    }
    // What lies within something that it reads is as closed.
    await givenDraft(t, accountId);
    const nested = await drafts.client.gql('{ invoices(first: 1) { nodes { id account { code } } } }');
    expect(nested.errors.map(({ extensions, path }) => [extensions.code, path!.join('.')])).toEqual([
      ['FORBIDDEN', 'invoices.nodes.0.account'],
    ]);
  });

  it('proposes what needs two people, and decides nothing', async () => {
    const { client, userId } = await givenSystem(['invoice.read', 'invoice.issue', 'changeRequest.read']);
    const invoiceId = await givenDraft(t, accountId);
    const { payload } = await client.mutate('issueInvoice', { invoiceId });
    expect(payload).toMatchObject({ outcome: 'AWAITING_APPROVAL' });
    expect((await rowOf(t, 'change_request', payload.changeRequest.id)).maker_id).toBe(userId);
    const { id, revision, digest } = payload.changeRequest;
    for (const [mutation, more] of [
      ['approveChangeRequest', { id, revision, digest }],
      ['rejectChangeRequest', { id, reason: 'x' }],
      ['withdrawChangeRequest', { id }],
      ['revealSensitiveValue', { type: 'Account', id: accountId, field: 'taxId', reason: 'x' }],
      ['changePassword', { presentPassword: '', newPassword: 'a password for a system' }],
      ['endOtherSessions', {}],
      ['createApiKey', input()],
    ] as const) {
      const selection =
        { revealSensitiveValue: 'value', changePassword: 'viewer { id }' }[mutation as string] ?? 'outcome';
      const { code } = await client.mutate(mutation, more, selection);
      expect([mutation, code]).toEqual([mutation, expect.stringMatching(/^(FORBIDDEN|NOT_FOUND|PASSWORD_WRONG)$/)]);
    }
    expect((await client.gql('mutation { signOut { signedOut } }')).code).toBe('NOT_FOUND');
    expect(await codeOf(client, '{ invoices { totalCount } }')).toBe('fine');
  });

  it('signs nobody in, whatever password is tried', async () => {
    const { userId } = await givenSystem(['account.read']);
    const { email } = await rowOf(t, 'app_user', userId);
    for (const password of ['', 'x', 'correct horse battery staple']) {
      const { code } = await t.nobody.mutate('signIn', { email, password }, 'token');
      expect(code).toBe('SIGN_IN_REFUSED');
    }
    await expect(t.sql(`UPDATE app_user SET password_hash = 'x' WHERE id = $1`, [userId])).rejects.toThrow(
      'app_user_service',
    );
  });

  it.each(['admin', 'supervisor', 'compliance'])('has never the role %s', async (role) => {
    const { userId } = await givenKey();
    const { code } = await t.as('admin').mutate('grantRole', { userId, role, reason: 'x' }, 'outcome');
    expect(code).toBe('ROLE_NOT_GRANTABLE');
  });

  it('lives on when its system gets or loses a role, which counts from the next request on', async () => {
    const { client, userId } = await givenSystem(['account.read', 'complaint.read']);
    expect(await codeOf(client, '{ complaints { totalCount } }')).toBe('FORBIDDEN');
    await grant(userId, 'operations');
    expect(await codeOf(client.at(other), '{ complaints { totalCount } }')).toBe('fine');
    for (const { id } of await t.sql('SELECT id FROM role_grant WHERE user_id = $1', [userId]))
      await t.as('admin').mutate('revokeRole', { roleGrantId: id, reason: 'over' }, 'outcome');
    for (const app of [t, other]) expect(await codeOf(client.at(app))).toBe('FORBIDDEN');
  });

  it('works no more once its system was deactivated', async () => {
    const { client, userId } = await givenSystem(['account.read']);
    await t.as('admin').mutate('deactivateUser', { userId, reason: 'switched off' }, 'outcome');
    for (const app of [t, other]) expect(await codeOf(client.at(app))).toBe('UNAUTHENTICATED');
  });

  it('works no more once it has expired, and rests as long as it likes before', async () => {
    const { client } = await givenSystem(['account.read'], 'billing', { expiresInDays: 2 });
    later(1.9 * DAY);
    for (const app of [t, other]) expect(await codeOf(client.at(app))).toBe('fine');
    later(2.1 * DAY);
    for (const app of [t, other]) expect(await codeOf(client.at(app))).toBe('UNAUTHENTICATED');
  });

  it('tells when it was last used', async () => {
    const { client, id } = await givenSystem(['account.read']);
    const used = async () =>
      (await t.as('auditor').gql('query ($id: ID!) { apiKey(id: $id) { lastUsedAt } }', { id })).data!.apiKey
        .lastUsedAt as string | null;
    expect(await used()).toBeNull();
    const now = later(60_000);
    await codeOf(client);
    await until(async () => (await used()) === now.toISOString());
  });

  it('that is cut, or of which a letter is another, is not even asked for', async () => {
    const { client } = await givenSystem(['account.read']);
    const secret = client.token!;
    const changed = secret.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    for (const token of [
      secret.slice(0, -1),
      `${secret}a`,
      changed,
      secret.toLowerCase(),
      secret.replace('cs_test_', 'cs_live_'),
    ])
      expect(await codeOf(new ApiClient(t.served, token, ''))).toBe('UNAUTHENTICATED');
    expect(secretFrom(randomBytes(32), true)).toMatch(/^cs_live_[0-9A-Za-z]{49}$/);
    expect(secretFrom(Buffer.alloc(32), true).slice(8, 51)).toBe('0'.repeat(43));
  });
});

describe('apiKey.rotate', () => {
  const rotated = async (apiKeyId: string, more: object = {}) => {
    const { result } = await countersigned(
      t,
      'admin',
      'rotateApiKey',
      { apiKeyId, reason: 'time', ...more },
      'compliance',
    );
    return result.replacement as string;
  };

  it('has both work for a while, from when the new secret is drawn, then the new one alone', async () => {
    const { client, id, userId } = await givenSystem(['account.read']);
    const replacement = await rotated(id, { overlapHours: 2 });
    const row = await rowOf(t, 'api_key', replacement);
    expect(row).toMatchObject({ user_id: userId, scopes: ['account.read'], replaces_id: id, overlap_hours: 2 });
    later(5 * 3_600_000);
    expect(await codeOf(client)).toBe('fine');
    t.clock.at = other.clock.at = null;
    const { answer, events } = await eventsOf(t, () => draw(replacement));
    const next = new ApiClient(t.served, answer.payload.secret, userId);
    expect(events[0]!.changes[1]).toMatchObject({ path: 'replacedUntil' });
    for (const app of [t, other]) for (const each of [client, next]) expect(await codeOf(each.at(app))).toBe('fine');
    later(1.9 * 3_600_000);
    for (const each of [client, next]) expect(await codeOf(each)).toBe('fine');
    later(2.1 * 3_600_000);
    for (const app of [t, other]) {
      expect(await codeOf(client.at(app))).toBe('UNAUTHENTICATED');
      expect(await codeOf(next.at(app))).toBe('fine');
    }
  });

  it('without overlap ends the old one with the drawing', async () => {
    const { client, id } = await givenSystem(['account.read']);
    await draw(await rotated(id, { overlapHours: 0 }));
    for (const app of [t, other]) expect(await codeOf(client.at(app))).toBe('UNAUTHENTICATED');
  });

  it('never prolongs a key that was to end sooner', async () => {
    const { id } = await givenSystem(['account.read'], 'billing', { expiresInDays: 1 });
    const { expires_at } = await rowOf(t, 'api_key', id);
    await draw(await rotated(id, { overlapHours: 168 }));
    expect((await rowOf(t, 'api_key', id)).expires_at).toEqual(expires_at);
    const prolong = `SET expires_at = expires_at + interval '1 day' WHERE id = $1`;
    for (const table of ['api_key', 'session'])
      await expect(t.apiSql(`UPDATE ${table} ${prolong}`, [id])).rejects.toThrow('sooner');
  });

  it('is refused for one that is revoked or over, and for whoever may not', async () => {
    const { id } = await givenSystem(['account.read']);
    const operation = { mutation: 'rotateApiKey', operation: 'apiKey.rotate', input: { apiKeyId: id, reason: 'x' } };
    await expectRefused(t, { ...operation, as: 'compliance', code: 'FORBIDDEN' });
    await expectRefused(t, {
      ...operation,
      as: 'admin',
      input: { apiKeyId: randomUUID(), reason: 'x' },
      code: 'NOT_FOUND',
    });
    await t.as('admin').mutate('revokeApiKey', { apiKeyId: id, reason: 'x' }, 'outcome');
    await expectRefused(t, { ...operation, as: 'admin', code: 'API_KEY_NOT_USABLE' });
  });
});

describe('apiKey.revoke', () => {
  it('takes it away on every process, without a second person, and says who and why', async () => {
    const { client, id } = await givenSystem(['account.read']);
    for (const app of [t, other]) expect(await codeOf(client.at(app))).toBe('fine');
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('compliance')
        .mutate(
          'revokeApiKey',
          { apiKeyId: id, reason: 'found in a repository' },
          'outcome apiKey { active revokedAt }',
        ),
    );
    expect(answer.payload).toEqual({ outcome: 'DONE', apiKey: { active: false, revokedAt: expect.any(String) } });
    for (const app of [t, other]) expect(await codeOf(client.at(app))).toBe('UNAUTHENTICATED');
    expect(events[0]).toMatchObject({
      action: 'apiKey.revoked',
      actor: t.as('compliance').userId,
      reason: 'found in a repository',
      rows: [expect.objectContaining({ type: 'ApiKey', id }), expect.objectContaining({ type: 'Session', id })],
    });
  });

  it('is refused a second time, to strangers, and by way of its session', async () => {
    const { id } = await givenSystem(['account.read']);
    const operation = { mutation: 'revokeApiKey', operation: 'apiKey.revoke', input: { apiKeyId: id, reason: 'x' } };
    for (const as of ['auditor', 'billing', 'stranger'] as const)
      await expectRefused(t, { ...operation, as, code: 'FORBIDDEN' });
    const ended = { mutation: 'endSession', operation: 'session.end', input: { sessionId: id } };
    await expectRefused(t, { ...ended, as: 'admin', code: 'SESSION_OF_KEY' });
    const answers = await Promise.all(
      [1, 2, 3].map(() => t.as('admin').mutate('revokeApiKey', operation.input, 'outcome')),
    );
    expect(answers.map(({ code }) => code ?? 'DONE').toSorted()).toEqual([
      'API_KEY_NOT_USABLE',
      'API_KEY_NOT_USABLE',
      'DONE',
    ]);
    await expectRefused(t, { ...operation, as: 'admin', code: 'API_KEY_NOT_USABLE' });
    expect((await draw(id)).code).toBe('API_KEY_NOT_DRAWABLE');
  });

  it('before its secret was drawn leaves nothing to draw', async () => {
    const { id } = await givenKey();
    await t.as('admin').mutate('revokeApiKey', { apiKeyId: id, reason: 'x' }, 'outcome');
    expect((await draw(id)).code).toBe('API_KEY_NOT_USABLE');
  });
});

describe('where a second factor is required', () => {
  it('a system has its roles without one, and a person beside it none', async () => {
    const { client } = await givenSystem(['account.read']);
    const ruled = (required: boolean) => t.sql('UPDATE access_rule SET second_factor_required = $1', [required]);
    await ruled(true);
    try {
      expect(await codeOf(client)).toBe('fine');
      expect(await codeOf(t.as('billing'))).toBe('FORBIDDEN');
    } finally {
      await ruled(false);
    }
  });
});
