import request from 'supertest';
import { type Answer, type ApiClient, startTestApp, type TestApp } from '../support/app';
import { CANARIES } from '../support/canaries';
import { PASSWORD, USERS } from '../support/cast';
import { approve, proposed } from '../support/outcomes';
import { givenAccount, givenClientOf, givenInvoice, givenLob } from '../support/scene';
import { canonical, KEY_ID, leafOf, macOf, type StoredEvent, storedEvents } from './support';

let t: TestApp;
let accountId: string;
let invoiceId: string;
let changeRequestId: string;
let day: StoredEvent[];
const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { token } }';
const SECRETS = [CANARIES.bankAccountNumber, CANARIES.taxId, '4111111111111111', 'jane.doe@example.com', PASSWORD];

/** A day in the house: done, refused, proposed, approved, rejected, withdrawn, revealed, by all kinds of people. */
beforeAll(async () => {
  t = await startTestApp();
  accountId = await givenAccount(t);
  const lobId = await givenLob(t, accountId);
  invoiceId = await givenInvoice(t, accountId);
  await givenClientOf(t, accountId);
  const waiting = await proposed(t, 'billing', 'voidInvoice', {
    invoiceId,
    reason: 'twice, says jane.doe@example.com',
  });
  changeRequestId = waiting.id;
  await approve(t, waiting, 'billing');
  await approve(t, { ...waiting, digest: '0'.repeat(64) });
  await approve(t, waiting);
  const bank = { accountId, bankAccountNumber: '000987651234', reason: 'a card: 4111 1111 1111 1111' };
  const [one, two] = [
    await proposed(t, 'operations', 'changeAccount', bank),
    await proposed(t, 'operations', 'changeAccount', bank),
  ];
  await t.as('supervisor').mutate('rejectChangeRequest', { id: one.id, reason: 'no: 😀 "quotes" \\ and\nlines' });
  await t.as('operations').mutate('withdrawChangeRequest', { id: two.id });
  await t
    .as('billing')
    .mutate('revealSensitiveValue', { type: 'Account', id: accountId, field: 'taxId', reason: 'a form' }, 'value');
  await t.as('stranger').mutate('hireAgent', { code: 'AGX', name: 'x', hiredOn: '2020-01-01' });
  await t.nobody.mutate('hireAgent', { code: 'AGX', name: 'x', hiredOn: '2020-01-01' });
  await t.as('stranger').gql('{ accounts { totalCount } auditEvents { totalCount } }');
  await t.nobody.gql(SIGN_IN, { input: { email: 'billing@test.example', password: PASSWORD } });
  await t.nobody.gql(SIGN_IN, { input: { email: 'billing@test.example', password: 'wrong password here' } });
  await t.nobody.gql(SIGN_IN, { input: { email: 'nobody@test.example', password: PASSWORD } });
  await t.as('operations').mutate('fileComplaint', {
    accountId,
    lobId,
    channel: 'PHONE',
    category: 'Billing',
    receivedAt: '2026-11-20T10:00:00Z',
    customer: { name: 'Jane Doe', email: 'jane.doe@example.com', cardNumber: '4111111111111111' },
    narrative: 'Charged 4111 1111 1111 1111 twice',
  });
  t.clock.at = new Date('2030-06-01T12:00:00.123Z');
  await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Ünïcode & Söhne 株式会社' });
  t.clock.at = null;
  day = await storedEvents(t);
  // Reading the trail is told in it, some seconds later: readings.test.ts has that, and here it would come between two readings.
  Object.assign(t.served.app.readings, { note: () => undefined });
});
afterAll(() => t.close());

const told = (content: Buffer) => JSON.parse(content.toString('utf8')) as Record<string, any>;

describe('every event of a whole day', () => {
  it('is canonical JSON by RFC 8785, with its leaf hash and a MAC by a key that is not in the database', async () => {
    const events = await storedEvents(t);
    expect(events.length).toBeGreaterThan(40);
    for (const { content, hash, mac, key_id } of events) {
      expect(content.toString('utf8')).toBe(canonical(told(content)));
      expect(hash.toString('hex')).toBe(leafOf(content));
      expect(mac.toString('hex')).toBe(macOf(content));
      expect(key_id).toBe(KEY_ID);
    }
  });

  it('has in its columns what its bytes say', async () => {
    for (const event of await storedEvents(t)) {
      const of = told(event.content);
      expect({
        id: event.id,
        at: event.at.toISOString(),
        action: event.action,
        outcome: event.outcome,
        actor: event.actor_id,
        onBehalfOf: event.on_behalf_of_id,
        subject: { type: event.subject_type, id: event.subject_id },
        changeRequest: event.change_request_id,
        request: event.request_id,
      }).toEqual({
        id: of.id,
        at: of.at,
        action: of.action,
        outcome: of.outcome,
        actor: of.actor,
        onBehalfOf: of.onBehalfOf,
        subject: { type: of.subject.type, id: of.subject.id },
        changeRequest: of.changeRequest,
        request: of.request,
      });
    }
  });

  it('has one form: the same keys in each, and one more where something personal is sealed', async () => {
    const forms = new Set((await storedEvents(t)).map(({ content }) => Object.keys(told(content)).join()));
    expect(forms).toEqual(
      new Set([
        'action,actor,address,at,changeRequest,changes,code,form,id,onBehalfOf,outcome,reason,request,roles,rows,session,subject,userAgent',
        'action,actor,address,at,changeRequest,changes,code,form,id,onBehalfOf,outcome,reason,request,roles,rows,sealed,session,subject,userAgent',
      ]),
    );
  });

  it('holds no sensitive value in the clear', async () => {
    const text = (await storedEvents(t)).map(({ content }) => content.toString('utf8')).join('\n');
    for (const secret of SECRETS) expect(text).not.toContain(secret);
    expect(text).not.toContain('000987651234');
    expect(text.replaceAll(/[ -]/g, '')).not.toContain('4111111111111111');
  });

  it('says the truth of a refusal: a code, an outcome, and no change', async () => {
    const events = day.map(({ content }) => told(content));
    const refusals = events.filter(({ outcome }) => outcome === 'REFUSED');
    expect(refusals.length).toBeGreaterThanOrEqual(8);
    expect(refusals.every(({ code, changes }) => /^[A-Z_]+$/.test(code) && changes.length === 0)).toBe(true);
    expect(events.filter(({ outcome, code }) => outcome === 'DONE' && code !== null)).toEqual([]);
    expect(new Set(refusals.map(({ code }) => code))).toEqual(
      new Set(['FORBIDDEN', 'UNAUTHENTICATED', 'SIGN_IN_REFUSED', 'CHANGE_REQUEST_MOVED']),
    );
  });
});

const FIELDS = `id at action outcome actor { id } onBehalfOf { id } roles subjectType subjectId changes { path before after }
  reason code changeRequestId requestId sessionId ipAddress userAgent hash content`;

const find = async (filter: object, first = 100, client: ApiClient = t.as('auditor')) => {
  const answer = await client.gql(
    `query ($filter: AuditEventFilter, $first: Int) { auditEvents(filter: $filter, first: $first) { totalCount nodes { ${FIELDS} } } }`,
    { filter, first },
  );
  expect(answer.errors).toEqual([]);
  return answer.data!.auditEvents as { totalCount: number; nodes: Record<string, any>[] };
};

describe('auditEvents', () => {
  it('shows each event as it was recorded, latest first', async () => {
    const events = await storedEvents(t);
    const { totalCount, nodes } = await find({});
    expect(totalCount).toBe(events.length);
    expect(nodes.map(({ id }) => id)).toEqual(events.slice(0, 100).map(({ id }) => id));
    for (const [index, node] of nodes.entries()) {
      const { content, hash } = events[index]!;
      const of = told(content);
      expect(node).toEqual({
        id: of.id,
        at: of.at,
        action: of.action,
        outcome: of.outcome,
        actor: of.actor && { id: of.actor },
        onBehalfOf: of.onBehalfOf && { id: of.onBehalfOf },
        roles: of.roles,
        subjectType: of.subject.type,
        subjectId: of.subject.id,
        changes: of.changes,
        reason: of.reason,
        code: of.code,
        changeRequestId: of.changeRequest,
        requestId: of.request,
        sessionId: of.session,
        ipAddress: of.address,
        userAgent: of.userAgent,
        hash: hash.toString('hex'),
        content: content.toString('utf8'),
      });
    }
  });

  it('finds by each filter of the contract, and by any two of them together', async () => {
    const events = (await storedEvents(t)).map(({ content }) => told(content));
    const approved = events.find(({ action }) => action === 'changeRequest.approved')!;
    const middle = events[Math.floor(events.length / 2)]!.at as string;
    const filters: [name: string, value: string, holds: (event: Record<string, any>) => boolean][] = [
      ['actorId', t.as('supervisor').userId, ({ actor }) => actor === t.as('supervisor').userId],
      ['actorId', t.as('billing').userId, ({ actor }) => actor === t.as('billing').userId],
      ['action', 'invoice.voided', ({ action }) => action === 'invoice.voided'],
      ['action', 'changeRequest.approve', ({ action }) => action === 'changeRequest.approve'],
      ['subjectType', 'ChangeRequest', ({ subject }) => subject.type === 'ChangeRequest'],
      ['subjectType', 'Invoice', ({ subject }) => subject.type === 'Invoice'],
      ['subjectId', invoiceId, ({ subject }) => subject.id === invoiceId],
      ['subjectId', changeRequestId, ({ subject }) => subject.id === changeRequestId],
      ['outcome', 'DONE', ({ outcome }) => outcome === 'DONE'],
      ['outcome', 'REFUSED', ({ outcome }) => outcome === 'REFUSED'],
      ['outcome', 'FAILED', ({ outcome }) => outcome === 'FAILED'],
      ['from', middle, ({ at }) => at >= middle],
      ['from', '2030-01-01T00:00:00Z', ({ at }) => at >= '2030'],
      ['to', middle, ({ at }) => at < middle],
      ['requestId', approved.request, ({ request: id }) => id === approved.request],
      ['changeRequestId', changeRequestId, ({ changeRequest }) => changeRequest === changeRequestId],
    ];
    let found = 0;
    for (const [index, [name, value, holds]] of filters.entries()) {
      for (const [other, otherValue, otherHolds] of filters.slice(index)) {
        if (other === name && otherValue !== value) continue;
        const expected = events.filter((event) => holds(event) && otherHolds(event)).map(({ id }) => id);
        const { totalCount, nodes } = await find({ [name]: value, [other]: otherValue });
        expect([name, value, other, otherValue, nodes.map(({ id }) => id)]).toEqual([
          name,
          value,
          other,
          otherValue,
          expected,
        ]);
        expect(totalCount).toBe(expected.length);
        found += expected.length;
      }
    }
    expect(found).toBeGreaterThan(200);
    expect((await find({ outcome: 'DONE', actorId: null })).totalCount).toBe(
      (await find({ outcome: 'DONE' })).totalCount,
    );
  });

  it('from is inclusive and to is exclusive, to the millisecond', async () => {
    const at = '2030-06-01T12:00:00.123Z';
    expect((await find({ from: at })).totalCount).toBe(1);
    expect((await find({ from: '2030-06-01T12:00:00.124Z' })).totalCount).toBe(0);
    expect((await find({ from: '2030-06-01T12:00:00Z', to: at })).totalCount).toBe(0);
    expect((await find({ from: at, to: '2030-06-01T17:30:00.124+05:30' })).totalCount).toBe(1);
  });

  it.each(USERS.map(({ name }) => name))('is for auditors and compliance alone: %s', async (who) => {
    const may = ['auditor', 'compliance'].includes(who);
    const [event] = await storedEvents(t);
    const all = await t.as(who).gql('{ auditEvents { totalCount } }');
    const one = await t.as(who).gql('query ($id: ID!) { auditEvent(id: $id) { id } }', { id: event!.id });
    expect([all.code, one.code]).toEqual(may ? [undefined, undefined] : ['FORBIDDEN', 'FORBIDDEN']);
    if (may) expect(one.data!.auditEvent).toEqual({ id: event!.id });
    else expect([all.data, one.data?.auditEvent ?? null]).toEqual([null, null]);
  });

  it('is for nobody who is not signed in', async () => {
    expect((await t.nobody.gql('{ auditEvents { totalCount } }')).code).toBe('UNAUTHENTICATED');
  });

  it.each([
    ['latest first', 'AT_DESC'],
    ['earliest first', 'AT_ASC'],
  ])('pages are stable while events arrive: %s', async (_how, orderBy) => {
    const there = new Set((await storedEvents(t)).map(({ id }) => id));
    const seen: string[] = [];
    let after: string | null = null;
    // Events of the future that the day has one of would stay in front of those that arrive now: they are left out.
    const filter = { to: '2029-01-01T00:00:00Z' };
    for (const { id, content } of await storedEvents(t)) if (told(content).at >= filter.to) there.delete(id);
    for (let page = 0; page < 60; page += 1) {
      const answer: Answer = await t.as('auditor').gql(
        `query ($after: String, $orderBy: AuditEventOrder, $filter: AuditEventFilter) {
          auditEvents(first: 7, after: $after, orderBy: $orderBy, filter: $filter) { nodes { id } pageInfo { hasNextPage endCursor } } }`,
        { after, orderBy, filter },
      );
      expect(answer.errors).toEqual([]);
      const { nodes, pageInfo } = answer.data!.auditEvents;
      seen.push(...nodes.map(({ id }: { id: string }) => id));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
      // Two arrive between any two pages, for a while.
      if (page < 5)
        for (const who of ['stranger', 'client'] as const)
          await t.as(who).gql('{ users { totalCount } agents { totalCount } }');
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect([...there].filter((id) => !seen.includes(id))).toEqual([]);
    if (orderBy === 'AT_DESC') expect(seen.filter((id) => !there.has(id))).toEqual([]);
    else expect(seen.length).toBeGreaterThan(there.size);
  });
});

describe('who, when and from where', () => {
  const rename = (token: string | null, headers: Record<string, string>) => {
    const call = request(t.served.server).post('/graphql').set(headers);
    if (token) call.set('authorization', `Bearer ${token}`);
    return call.send({
      query: 'mutation ($input: ChangeAccountInput!) { changeAccount(input: $input) { outcome } }',
      variables: { input: { accountId, legalName: `Renamed ${Math.random()} Ltd` } },
    });
  };
  const eventOf = async (requestId: string) => {
    const { nodes } = await find({ requestId });
    expect(nodes).toHaveLength(1);
    return nodes[0]!;
  };

  it('the request’s id comes in and goes out by X-Request-Id, with address and user agent', async () => {
    const requestId = 'trace-0001.of:test_1';
    const response = await rename(t.as('operations').token, {
      'x-request-id': requestId,
      'user-agent': 'front-end/1.2',
    });
    expect(response.body).toEqual({ data: { changeAccount: { outcome: 'DONE' } } });
    expect(response.headers['x-request-id']).toBe(requestId);
    const event = await eventOf(requestId);
    const [session] = await t.sql<{ id: string }>(
      'SELECT id FROM session WHERE user_id = $1 ORDER BY created_at LIMIT 1',
      [t.as('operations').userId],
    );
    expect(event).toMatchObject({
      action: 'account.changed',
      actor: { id: t.as('operations').userId },
      onBehalfOf: null,
      roles: ['operations'],
      sessionId: session!.id,
      ipAddress: expect.stringMatching(/^(::ffff:)?127\.0\.0\.1$/),
      userAgent: 'front-end/1.2',
    });
  });

  it.each(['short', 'x'.repeat(65), 'with spaces in it', `'; DROP TABLE x; --`, 'ünïcödé-ünïcödé'])(
    'a request id that is none (%j) is replaced by one of ours',
    async (given) => {
      const response = await rename(t.as('operations').token, {
        'x-request-id': encodeURI(given) === given ? given : Buffer.from(given).toString('latin1'),
      });
      const requestId = response.headers['x-request-id']!;
      expect(requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
      expect(await eventOf(requestId)).toMatchObject({ action: 'account.changed' });
    },
  );

  it('a very long user agent is cut, and one with strange characters does no harm', async () => {
    for (const [requestId, agent, kept] of [
      ['agent-long-1', 'a'.repeat(2000), 'a'.repeat(300)],
      ['agent-odd-12', 'odd "quotes" \\ \t {json}', 'odd "quotes" \\ \t {json}'],
    ] as const) {
      const response = await rename(t.as('operations').token, { 'x-request-id': requestId, 'user-agent': agent });
      expect(response.body.errors).toBeUndefined();
      expect((await eventOf(requestId)).userAgent).toBe(kept);
    }
  });

  it('a refusal of nobody has no actor, no roles and no session, but a request and an address', async () => {
    const requestId = 'nobody-was-here';
    const response = await rename(null, { 'x-request-id': requestId, 'user-agent': 'curl/8' });
    expect(response.body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect(await eventOf(requestId)).toMatchObject({
      outcome: 'REFUSED',
      code: 'UNAUTHENTICATED',
      actor: null,
      roles: [],
      sessionId: null,
      ipAddress: expect.stringContaining('127.0.0.1'),
      userAgent: 'curl/8',
    });
  });

  it('roles are those of that time, also after they changed', async () => {
    const values = [t.as('operations').userId];
    await t.sql(
      `INSERT INTO role_grant (id, user_id, role, granted_by_id) SELECT gen_random_uuid(), $1::uuid, 'auditor', id FROM app_user WHERE email = 'admin@test.example'`,
      values,
    );
    await rename(t.as('operations').token, { 'x-request-id': 'with-two-roles' });
    await t.sql(`UPDATE role_grant SET revoked_at = now() WHERE user_id = $1 AND role = 'auditor'`, values);
    await rename(t.as('operations').token, { 'x-request-id': 'with-one-role' });
    expect((await eventOf('with-two-roles')).roles).toEqual(['auditor', 'operations']);
    expect((await eventOf('with-one-role')).roles).toEqual(['operations']);
  });

  it('whoever approves acts on behalf of whoever proposed', async () => {
    const { nodes } = await find({ changeRequestId, outcome: 'DONE' });
    expect(
      nodes.map(({ action, actor, onBehalfOf, roles }) => [action, actor.id, onBehalfOf?.id ?? null, roles]),
    ).toEqual([
      ['changeRequest.approved', t.as('supervisor').userId, null, ['supervisor']],
      ['invoice.voided', t.as('supervisor').userId, t.as('billing').userId, ['supervisor']],
      ['changeRequest.proposed', t.as('billing').userId, null, ['billing']],
    ]);
  });

  it('signing in names who did; a wrong password is nobody’s, but about whom it was tried', async () => {
    const opened = await find({ action: 'session.opened' });
    expect(opened.nodes.map(({ actor }) => actor?.id)).toEqual([t.as('billing').userId]);
    const refused = await find({ action: 'session.open' });
    expect(refused.nodes.map(({ actor, subjectId, code }) => [actor, subjectId, code])).toEqual([
      [null, null, 'SIGN_IN_REFUSED'],
      [null, t.as('billing').userId, 'SIGN_IN_REFUSED'],
    ]);
  });
});
