import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { execute, type GraphQLSchema, parse, subscribe } from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import request from 'supertest';
import { door, doorkeeper, witness } from '../../src/access/door';
import { actorById } from '../../src/access/identify';
import { pooled } from '../../src/platform/pooled';
import { reads } from '../../src/reads';
import { bareSchema, guardedSchema } from '../../src/schema';
import { ApiClient, startTestApp, type TestApp } from '../support/app';
import { givenAccount, givenClientOf, trail } from '../support/scene';
import { mutationOf, queryOf } from './documents';

/** `stranger` is signed in and holds no role; `nobody` is not signed in. */
const EVERYONE = [
  'admin',
  'billing',
  'supervisor',
  'operations',
  'compliance',
  'auditor',
  'client',
  'stranger',
  'nobody',
] as const;
type Who = (typeof EVERYONE)[number];

const STAFF = ['admin', 'billing', 'supervisor', 'operations', 'compliance', 'auditor'] as const;
const SIGNED_IN = [...STAFF, 'client', 'stranger'] as const;
const DECIDERS = ['admin', 'supervisor', 'compliance'] as const;

/** Who gets through the door, by hand: what the roles are for, not what the code says. */
const LET_IN: Record<'Query' | 'Mutation' | 'Subscription', Record<string, readonly Who[]>> = {
  Query: {
    viewer: EVERYONE,
    legalEntity: [...STAFF, 'client'],
    legalEntities: [...STAFF, 'client'],
    documentNumbers: STAFF,
    taxRule: STAFF,
    taxRules: STAFF,
    creditNote: [...STAFF, 'client'],
    creditNotes: [...STAFF, 'client'],
    account: [...STAFF, 'client'],
    accounts: [...STAFF, 'client'],
    lob: [...STAFF, 'client'],
    lobs: [...STAFF, 'client'],
    agent: STAFF,
    agents: STAFF,
    invoice: [...STAFF, 'client'],
    usageImport: [...STAFF, 'client'],
    usageImports: [...STAFF, 'client'],
    usageQuantities: [...STAFF, 'client'],
    billingRun: STAFF,
    billingRuns: STAFF,
    billingRunAccount: STAFF,
    billingPreview: ['billing'],
    callRecords: [...STAFF, 'client'],
    invoices: [...STAFF, 'client'],
    dispute: [...STAFF, 'client'],
    disputes: [...STAFF, 'client'],
    complaint: ['supervisor', 'operations', 'compliance', 'auditor', 'client'],
    complaints: ['supervisor', 'operations', 'compliance', 'auditor', 'client'],
    changeRequest: STAFF,
    changeRequests: STAFF,
    myApprovals: DECIDERS,
    approvalCounts: DECIDERS,
    approvalPolicyFor: STAFF,
    // Everybody sees what is about themselves.
    delegation: SIGNED_IN,
    delegations: SIGNED_IN,
    agreement: [...STAFF, 'client'],
    agreements: [...STAFF, 'client'],
    approvalPolicy: STAFF,
    approvalPolicies: STAFF,
    webhook: ['admin', 'compliance', 'auditor'],
    webhooks: ['admin', 'compliance', 'auditor'],
    webhookDeliveries: ['admin', 'compliance', 'auditor'],
    revealAllowances: ['admin', 'supervisor', 'compliance', 'auditor'],
    approvalLimits: ['admin', 'supervisor', 'compliance', 'auditor'],
    exchangeRates: STAFF,
    findings: ['admin', 'supervisor', 'compliance', 'auditor'],
    // Everybody sees their own.
    sessions: SIGNED_IN,
    apiKey: ['admin', 'compliance', 'auditor'],
    apiKeys: ['admin', 'compliance', 'auditor'],
    // Everybody sees themselves.
    user: SIGNED_IN,
    users: SIGNED_IN,
    auditEvent: ['compliance', 'auditor'],
    auditEvents: ['compliance', 'auditor'],
    auditCheckpoints: ['compliance', 'auditor'],
    auditInclusionProof: ['compliance', 'auditor'],
    auditConsistencyProof: ['compliance', 'auditor'],
    auditAccess: ['compliance', 'auditor'],
    accessMetrics: ['compliance', 'auditor'],
    whoCould: ['compliance', 'auditor'],
    valueReveals: ['compliance', 'auditor'],
    dormantUsers: ['compliance', 'auditor'],
    accessReview: ['admin', 'compliance', 'auditor'],
    accessReviews: ['admin', 'compliance', 'auditor'],
    // Everybody sees what they are asked about.
    accessReviewItems: SIGNED_IN,
    accessReviewEvidence: ['admin', 'compliance', 'auditor'],
    accessReviewSample: ['admin', 'compliance', 'auditor'],
    dutyExceptions: ['admin', 'compliance', 'auditor'],
    dutyMatrix: ['admin', 'compliance', 'auditor'],
    dutyConflicts: ['admin', 'compliance', 'auditor'],
  },
  Mutation: {
    signIn: EVERYONE,
    signOut: SIGNED_IN,
    changePassword: SIGNED_IN,
    choosePassword: EVERYONE,
    enrolTotp: SIGNED_IN,
    confirmTotp: SIGNED_IN,
    drawRecoveryCodes: SIGNED_IN,
    stepUp: SIGNED_IN,
    removeSecondFactor: ['admin'],
    inviteUser: ['admin'],
    drawPasswordToken: ['admin'],
    resetPassword: ['admin'],
    reactivateUser: ['admin'],
    // Everybody may end their own.
    endSession: SIGNED_IN,
    linkOidcSubject: ['admin'],
    createApiKey: ['admin'],
    rotateApiKey: ['admin'],
    drawApiKeySecret: ['admin'],
    revokeApiKey: ['admin', 'compliance'],
    endOtherSessions: SIGNED_IN,
    createUser: ['admin'],
    deactivateUser: ['admin'],
    linkUsers: ['admin'],
    grantRole: ['admin'],
    revokeRole: ['admin'],
    revealSensitiveValue: ['billing', 'supervisor', 'operations', 'compliance', 'auditor'],
    findBySensitiveValue: ['compliance'],
    grantRevealAllowance: ['billing', 'supervisor', 'operations', 'compliance'],
    approveChangeRequest: DECIDERS,
    rejectChangeRequest: DECIDERS,
    returnChangeRequest: DECIDERS,
    decideChangeRequests: DECIDERS,
    reviseChangeRequest: ['admin', 'billing', 'supervisor', 'operations', 'compliance'],
    reassignChangeRequest: DECIDERS,
    retryChangeRequest: ['admin', 'billing', 'supervisor', 'operations', 'compliance'],
    delegateApprovals: DECIDERS,
    delegateApprovalsForAnother: ['admin'],
    // Everybody may end what is about themselves.
    revokeDelegation: SIGNED_IN,
    withdrawChangeRequest: ['admin', 'billing', 'supervisor', 'operations', 'compliance'],
    createApprovalPolicy: ['admin'],
    changeApprovalPolicy: ['admin'],
    createWebhook: ['admin'],
    changeWebhook: ['admin'],
    drawWebhookSecret: ['admin'],
    redeliverWebhook: ['admin'],
    setApprovalLimit: ['admin'],
    setExchangeRate: ['admin'],
    signAgreement: ['billing'],
    amendAgreement: ['billing'],
    endAgreement: ['billing'],
    startAccessReview: ['admin', 'compliance'],
    closeAccessReview: ['admin', 'compliance'],
    decideAccessReviewItem: SIGNED_IN,
    allowDutyException: ['admin'],
    endDutyException: ['admin', 'compliance'],
    breakGlass: ['supervisor', 'compliance'],
    reviewFinding: ['compliance'],
    openLegalEntity: ['billing'],
    changeLegalEntity: ['billing'],
    burnDocumentNumbers: ['billing'],
    setTaxRule: ['billing'],
    endTaxRule: ['billing'],
    reviewInvoice: ['billing'],
    acceptInvoice: ['billing', 'client'],
    objectToInvoice: ['billing', 'client'],
    issueCreditNote: ['billing'],
    openAccount: ['operations'],
    changeAccount: ['billing', 'operations'],
    closeAccount: ['operations'],
    openLob: ['operations'],
    closeLob: ['operations'],
    hireAgent: ['operations'],
    assignAgent: ['operations'],
    requestAgentTransfer: ['operations'],
    endAssignment: ['operations'],
    importUsage: ['billing', 'operations'],
    reportUsage: ['billing', 'operations'],
    runBilling: ['billing'],
    releaseBilling: ['billing'],
    draftInvoice: ['billing'],
    issueInvoice: ['billing'],
    voidInvoice: ['billing'],
    openDispute: ['billing', 'client'],
    resolveDispute: ['billing', 'supervisor'],
    withdrawDispute: ['billing', 'client'],
    fileComplaint: ['operations', 'compliance'],
    acknowledgeComplaint: ['operations', 'compliance'],
    resolveComplaint: ['operations', 'compliance'],
    reopenComplaint: ['compliance'],
    erasePersonalData: ['compliance'],
  },
  Subscription: { changeRequestAwaits: DECIDERS },
};

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await givenClientOf(t, await givenAccount(t));
});
afterAll(() => t.close());

const schema = bareSchema();

const rootFields = (of: GraphQLSchema) =>
  [of.getQueryType()!, of.getMutationType()!, of.getSubscriptionType()].flatMap((type) =>
    type
      ? Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, type: type.name, field }))
      : [],
  );

/** Enters under a request id of its own, by which the trail can be asked. */
async function enter(client: ApiClient, { query, variables }: { query: string; variables: Record<string, unknown> }) {
  const requestId = `door-${randomUUID()}`;
  const call = request(t.served.server).post('/graphql').set('x-request-id', requestId);
  if (client.token) call.set('authorization', `Bearer ${client.token}`);
  const { body } = await call.send({ query, variables });
  const { data, errors = [] } = body as { data?: Record<string, unknown>; errors?: { extensions: { code: string } }[] };
  return { data, code: errors[0]?.extensions.code, events: await trail(t, 'request_id = $1', [requestId]) };
}

/** The same with a subscription, of which only the beginning is waited for. */
async function enterStream({ token }: ApiClient, query: string) {
  const requestId = `door-${randomUUID()}`;
  const { port } = t.served.server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/graphql/stream`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-request-id': requestId,
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query }),
  });
  const events = () => trail(t, 'request_id = $1', [requestId]);
  if (response.status === 200) {
    await response.body!.cancel();
    return { data: undefined, code: undefined, events: await events() };
  }
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return { data: undefined, code: errors[0]!.extensions.code, events: await events() };
}

const clientOf = (who: Who): ApiClient => (who === 'nobody' ? t.nobody : t.as(who));

describe('the door', () => {
  it('has a row of this table for each root field, and this table has no other', () => {
    const inTable = Object.entries(LET_IN).flatMap(([type, fields]) =>
      Object.keys(fields).map((field) => `${type}.${field}`),
    );
    expect(inTable.toSorted()).toEqual(
      rootFields(schema)
        .map(({ type, field }) => `${type}.${field.name}`)
        .toSorted(),
    );
  });

  describe.each(rootFields(schema).filter(({ field }) => field.name !== 'signOut'))('$name', ({ type, field }) => {
    const letIn = LET_IN[type as keyof typeof LET_IN][field.name] ?? [];
    const enterAs = (who: Who) => {
      if (type === 'Subscription') return enterStream(clientOf(who), `subscription { ${field.name} { id } }`);
      return enter(clientOf(who), type === 'Query' ? queryOf(field.name, field.args) : mutationOf(field.name));
    };

    if (letIn.length > 0)
      it(`is open to ${letIn.join(', ')}`, async () => {
        for (const who of letIn) {
          const { code } = await enterAs(who);
          expect({
            who,
            refused: ['FORBIDDEN', 'UNAUTHENTICATED'].includes(code ?? ''),
            broken: code === 'INTERNAL' || code === 'GRAPHQL_VALIDATION_FAILED',
          }).toEqual({
            who,
            refused: false,
            broken: false,
          });
        }
      });

    const keptOut = EVERYONE.filter((who) => !letIn.includes(who));
    if (keptOut.length > 0)
      it(`is closed to ${keptOut.join(', ')}, and each refusal leaves its event`, async () => {
        for (const who of keptOut) {
          const expected = who === 'nobody' ? 'UNAUTHENTICATED' : 'FORBIDDEN';
          const { data, code, events } = await enterAs(who);
          expect({ who, code, value: data?.[field.name] ?? null }).toEqual({ who, code: expected, value: null });
          expect(events.map((event) => ({ outcome: event.outcome, actor: event.actor, code: event.code }))).toEqual([
            { outcome: 'REFUSED', actor: who === 'nobody' ? null : clientOf(who).userId, code: expected },
          ]);
        }
      });
  });

  it('Mutation.signOut is open to whoever is signed in and closed to nobody', async () => {
    for (const who of SIGNED_IN) {
      const token = await freshSession(who);
      const { data, code } = await enter(new ApiClient(t.served, token, t.as(who).userId), mutationOf('signOut'));
      expect({ who, code, data }).toEqual({ who, code: undefined, data: { signOut: { signedOut: true } } });
    }
    const { code, events } = await enter(t.nobody, mutationOf('signOut'));
    expect(code).toBe('UNAUTHENTICATED');
    expect(events).toMatchObject([{ outcome: 'REFUSED', actor: null, code: 'UNAUTHENTICATED' }]);
  });

  it('a refused mutation changes nothing', async () => {
    const before = await t.sql(
      `SELECT (SELECT count(*) FROM account) AS accounts, (SELECT count(*) FROM change_request) AS requests, (SELECT count(*) FROM app_user) AS users, (SELECT count(*) FROM agent) AS agents`,
    );
    for (const field of ['openAccount', 'createUser', 'hireAgent']) {
      expect((await enter(t.as('auditor'), mutationOf(field))).code).toBe('FORBIDDEN');
      expect((await enter(t.nobody, mutationOf(field))).code).toBe('UNAUTHENTICATED');
    }
    const after = await t.sql(
      `SELECT (SELECT count(*) FROM account) AS accounts, (SELECT count(*) FROM change_request) AS requests, (SELECT count(*) FROM app_user) AS users, (SELECT count(*) FROM agent) AS agents`,
    );
    expect(after).toEqual(before);
  });

  it('a door that refuses one field of a document answers the others, each by itself', async () => {
    const { data, errors } = await t.as('billing').gql('{ viewer { id } auditEvents(first: 1) { totalCount } }');
    expect(errors.map(({ extensions, path }) => ({ code: extensions.code, path }))).toEqual([
      { code: 'FORBIDDEN', path: ['auditEvents'] },
    ]);
    expect(data ?? null).toBeNull(); // auditEvents is not nullable, so the whole answer is null
  });

  it('is not passed by an alias, a fragment or a second operation', async () => {
    const { userId } = t.as('stranger');
    for (const query of [
      '{ viewer: accounts(first: 1) { totalCount } }',
      'fragment F on Query { ...G } fragment G on Query { accounts(first: 1) { totalCount } } { ...F }',
      'query { ... on Query @include(if: true) { accounts(first: 1) { totalCount } } }',
    ]) {
      const { code, events } = await enter(t.as('stranger'), { query, variables: {} });
      expect({ query, code }).toEqual({ query, code: 'FORBIDDEN' });
      expect(events).toMatchObject([{ outcome: 'REFUSED', actor: userId, code: 'FORBIDDEN' }]);
    }
  });

  /** Takes a field's line out of the door for the time of the work. */
  async function withoutLine<T>(
    field: 'viewer' | 'accounts' | 'changeRequestAwaits',
    work: () => T | Promise<T>,
  ): Promise<T> {
    const lines: Record<string, unknown> = field in door.Query ? door.Query : door.Subscription;
    const line = lines[field];
    delete lines[field];
    try {
      return await work();
    } finally {
      lines[field] = line;
    }
  }

  it('a root field without a line stops the start', async () => {
    await withoutLine('accounts', () => {
      expect(() => guardedSchema()).toThrow('The door has no line for Query.accounts.');
    });
    await withoutLine('changeRequestAwaits', () => {
      expect(() => guardedSchema()).toThrow('The door has no line for Subscription.changeRequestAwaits.');
    });
    expect(() => guardedSchema()).not.toThrow();
  });

  it('a root field without a line is closed to everybody, also one that was open to anybody', async () => {
    const context = {
      app: t.served.app,
      requestId: `door-${randomUUID()}`,
      actor: null,
      sessionId: null,
      address: null,
      userAgent: null,
    };
    const answer = await withoutLine('viewer', async () => {
      const unchecked = applyMiddleware(bareSchema(), { Query: witness, Mutation: witness }, doorkeeper());
      return execute({ schema: unchecked, document: parse('{ viewer { id } }'), contextValue: context });
    });
    expect(answer.data).toEqual({ viewer: null });
    expect(answer.errors?.[0]?.originalError).toMatchObject({ code: 'FORBIDDEN' });
    expect(await trail(t, 'request_id = $1', [context.requestId])).toMatchObject([
      { outcome: 'REFUSED', code: 'FORBIDDEN', actor: null },
    ]);
  });
});

describe('the door before `subscribe`', () => {
  const document = parse('subscription { changeRequestAwaits { id } }');
  const contextOf = () => ({
    app: t.served.app,
    reads,
    requestId: `door-${randomUUID()}`,
    actor: null,
    sessionId: null,
    address: null,
    userAgent: null,
  });

  it('holds whoever runs it: graphql-js alone gets no further', async () => {
    const contextValue = contextOf();
    const answer = await subscribe({ schema: guardedSchema(), document, contextValue });
    expect(answer).toMatchObject({ errors: [{ originalError: { code: 'UNAUTHENTICATED' } }] });
    expect(await trail(t, 'request_id = $1', [contextValue.requestId])).toMatchObject([
      { action: 'Subscription.changeRequestAwaits', outcome: 'REFUSED', code: 'UNAUTHENTICATED' },
    ]);
  });

  it('a subscription that is executed as if it were a query tells nothing', async () => {
    const actor = await actorById(pooled(t.served.app), t.as('supervisor').userId, t.served.app.clock());
    const answer = await execute({ schema: guardedSchema(), document, contextValue: { ...contextOf(), actor } });
    expect(answer.data ?? null).toBeNull();
  });
});

/** A session of its own, so that to end it does not end that of the other tests. */
async function freshSession(who: (typeof SIGNED_IN)[number]): Promise<string> {
  const { createHash, randomBytes } = await import('node:crypto');
  const token = randomBytes(32).toString('base64url');
  const hash = createHash('sha256').update(token).digest();
  await t.sql(
    `INSERT INTO session (id, user_id, token_hash, expires_at) VALUES (gen_random_uuid(), $1, $2, '2999-01-01')`,
    [t.as(who).userId, hash],
  );
  return token;
}
