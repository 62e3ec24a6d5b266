import { startTestApp, type TestApp } from '../support/app';
import { givenAccount, givenClientOf, givenInvoice, givenLob, linesOf, trail } from '../support/scene';
import { NO_ID } from './documents';

/** Two accounts alike in everything; the cast's client belongs to the first. */
interface World {
  account: string;
  lob: string;
  invoice: string;
  line: string;
  dispute: string;
  complaint: string;
}

let t: TestApp;
let own: World;
let foreign: World;
beforeAll(async () => {
  t = await startTestApp();
  own = await givenWorld('OWN');
  foreign = await givenWorld('FOREIGN');
  await givenClientOf(t, own.account);
});
afterAll(() => t.close());

async function givenWorld(code: string): Promise<World> {
  const account = await givenAccount(t, { code: `SCOPE-${code}`, legalName: `Scope ${code}` });
  const lob = await givenLob(t, account, { name: `Lob ${code}` });
  const invoice = await givenInvoice(t, account, {
    lines: [{ lobId: lob, description: `Line ${code}`, quantity: '1', unitPrice: '100' }],
  });
  const line = (await linesOf(t, invoice))[0]!.id;
  const items = [{ lineId: line, amount: { amount: '10.00', currency: 'USD' } }];
  const { result } = await t
    .person('billing')
    .submit('dispute.open', { invoiceId: invoice, reasonCode: 'RATE', items }, `dispute-${code}`);
  const filed = await t.person('operations').submit(
    'complaint.file',
    {
      accountId: account,
      lobId: lob,
      channel: 'EMAIL',
      category: `Category ${code}`,
      receivedAt: '2026-01-05T10:00:00Z',
    },
    `complaint-${code}`,
  );
  // Something that waits over each: nobody outside of the house sees it.
  await t
    .person('billing')
    .submit('invoice.void', { invoiceId: await givenInvoice(t, account), reason: 'twice' }, `void-${code}`);
  return {
    account,
    lob,
    invoice,
    line,
    dispute: result.dispute as string,
    complaint: filed.result.complaint as string,
  };
}

const client = () => t.as('client');
const ask = (query: string, variables: Record<string, unknown> = {}) => client().gql(query, variables);

const TYPES = [
  { one: 'account', all: 'accounts' },
  { one: 'lob', all: 'lobs' },
  { one: 'invoice', all: 'invoices' },
  { one: 'dispute', all: 'disputes' },
  { one: 'complaint', all: 'complaints' },
] as const;

/** No answer may name anything of the other account. */
function expectNothingForeign(text: string): void {
  for (const id of Object.values(foreign)) expect(text).not.toContain(id);
  expect(text).not.toContain('FOREIGN');
}

describe('a client’s user', () => {
  it.each(TYPES)('sees its own $one by id, and a foreign one like an unknown one', async ({ one }) => {
    const by = (id: string) => ask(`query ($id: ID!) { ${one}(id: $id) { id } }`, { id });
    expect((await by(own[one])).data).toEqual({ [one]: { id: own[one] } });
    const [strange, unknown, garbage] = [await by(foreign[one]), await by(NO_ID), await by(`' OR true --`)];
    expect(strange.data).toEqual({ [one]: null });
    expect(strange.text).toBe(unknown.text);
    expect(garbage.text).toBe(unknown.text);
    expect(strange.errors).toEqual([]);
    // It is there for those who may see it.
    expect(
      (await t.as('auditor').gql(`query ($id: ID!) { ${one}(id: $id) { id } }`, { id: foreign[one] })).data,
    ).toEqual({ [one]: { id: foreign[one] } });
  });

  it.each(TYPES)(
    'finds in $all and their totalCount its own alone, in every order and direction',
    async ({ one, all }) => {
      const [{ count }] = (await t.sql(
        `SELECT count(*)::int FROM ${one} WHERE ${one === 'account' ? 'id' : 'account_id'} = $1`,
        [own.account],
      )) as [{ count: number }];
      expect(count).toBeGreaterThan(0);
      for (const args of ['', '(first: 100)', '(last: 100)', '(first: 1)', '(last: 1)']) {
        const answer = await ask(
          `{ ${all}${args} { totalCount nodes { id } edges { node { id } } pageInfo { hasNextPage hasPreviousPage } } }`,
        );
        expect(answer.errors).toEqual([]);
        expect({ args, totalCount: answer.data![all].totalCount }).toEqual({ args, totalCount: count });
        expect(answer.data![all].nodes.length).toBe(args.includes('1)') ? 1 : count);
        expectNothingForeign(answer.text);
      }
    },
  );

  it.each(TYPES.slice(1))('filters $all by a foreign account and finds none', async ({ all }) => {
    const answer = await ask(
      `query ($accountId: ID!) { ${all}(filter: { accountId: $accountId }) { totalCount nodes { id } } }`,
      { accountId: foreign.account },
    );
    expect(answer.data).toEqual({ [all]: { totalCount: 0, nodes: [] } });
    expect(
      (
        await ask(`query ($accountId: ID!) { ${all}(filter: { accountId: $accountId }) { totalCount } }`, {
          accountId: own.account,
        })
      ).data![all].totalCount,
    ).toBeGreaterThan(0);
  });

  it('learns nothing by any other filter', async () => {
    for (const filtered of [
      'accounts(filter: { code: "SCOPE-FOREIGN" })',
      'accounts(filter: { search: "FOREIGN" })',
      'lobs(filter: { code: "FOREIGN" })',
      `disputes(filter: { invoiceId: "${foreign.invoice}" })`,
      `complaints(filter: { lobId: "${foreign.lob}" })`,
      'complaints(filter: { category: "Category FOREIGN" })',
      `users(filter: { email: "billing@test.example" })`,
      'users(filter: { role: billing })',
    ]) {
      const [all] = filtered.split('(') as [string];
      const answer = await ask(`{ ${filtered} { totalCount nodes { id } } }`);
      expect({ filtered, data: answer.data }).toEqual({ filtered, data: { [all]: { totalCount: 0, nodes: [] } } });
    }
    const [{ number }] = (await t.sql('SELECT number FROM invoice WHERE id = $1', [foreign.invoice])) as [
      { number: string },
    ];
    expect(
      (await ask('query ($n: String!) { invoices(filter: { number: $n }) { totalCount } }', { n: number })).data,
    ).toEqual({ invoices: { totalCount: 0 } });
  });

  it('stays within its account on every path through the graph', async () => {
    const answer = await ask(`{
      accounts(first: 3) { nodes { id legalName
        lobs { totalCount nodes { id account { id lobs { totalCount nodes { id } } } complaints { totalCount nodes { id account { id } } } pendingChanges { id } } }
        invoices { totalCount nodes { id account { id invoices { totalCount } } lines { id lob { id account { id } } }
          disputes { totalCount nodes { id invoice { id account { id } } account { id } items { line { id lob { id } } } openedBy { id } resolvedBy { id } pendingChanges { id } } } pendingChanges { id } } }
        complaints { totalCount nodes { id account { id } lob { id account { id complaints { totalCount nodes { id } } } } filedBy { id } pendingChanges { id } } }
        pendingChanges { id }
      } }
      disputes { nodes { invoice { account { id } disputes { nodes { id } } } } }
      complaints { nodes { account { invoices { nodes { id } } } } }
    }`);
    expect(answer.errors).toEqual([]);
    expectNothingForeign(answer.text);
    const [account] = answer.data!.accounts.nodes;
    expect(answer.data!.accounts.nodes).toHaveLength(1);
    expect(account).toMatchObject({
      id: own.account,
      lobs: { totalCount: 1 },
      invoices: { totalCount: 2 },
      complaints: { totalCount: 1 },
    });
    expect(account.lobs.nodes[0].account).toEqual({
      id: own.account,
      lobs: { totalCount: 1, nodes: [{ id: own.lob }] },
    });
    const disputes = account.invoices.nodes.flatMap((invoice: any) => invoice.disputes.nodes);
    expect(disputes.find(({ id }: any) => id === own.dispute)).toMatchObject({
      invoice: { id: own.invoice, account: { id: own.account } },
      items: [{ line: { id: own.line, lob: { id: own.lob } } }],
      openedBy: null,
    });
    expect(account.complaints.nodes[0].lob.account.complaints).toEqual({
      totalCount: 1,
      nodes: [{ id: own.complaint }],
    });
  });

  it('sees neither change requests nor the people who made them', async () => {
    const everything = await ask(
      `{ accounts { nodes { pendingChanges { id } invoices { nodes { pendingChanges { id reason } } } } } disputes { nodes { id openedBy { id } } } complaints { nodes { filedBy { id } } } }`,
    );
    expect(everything.errors).toEqual([]);
    expect(
      everything
        .data!.accounts.nodes.flatMap((each: any) => [
          each.pendingChanges,
          ...each.invoices.nodes.map((invoice: any) => invoice.pendingChanges),
        ])
        .flat(),
    ).toEqual([]);
    expect(everything.data!.disputes.nodes.find(({ id }: any) => id === own.dispute)).toEqual({
      id: own.dispute,
      openedBy: null,
    });
    expect(everything.data!.complaints.nodes).toEqual([{ filedBy: null }]);
    const [{ id }] = (await t.sql(`SELECT id FROM change_request WHERE account_id = $1 AND status = 'PENDING'`, [
      own.account,
    ])) as [{ id: string }];
    expect((await ask('query ($id: ID!) { changeRequest(id: $id) { id } }', { id })).code).toBe('FORBIDDEN');
    expect((await ask('{ changeRequests { totalCount } }')).code).toBe('FORBIDDEN');
    // What waits is there for those who may see it.
    expect(
      (await t.as('auditor').gql('query ($id: ID!) { changeRequest(id: $id) { id } }', { id })).data!.changeRequest,
    ).toEqual({ id });
  });

  it('sees of all users itself alone', async () => {
    const answer = await ask('{ users { totalCount nodes { id roleGrants { id } } } }');
    expect(answer.data).toEqual({ users: { totalCount: 1, nodes: [{ id: client().userId, roleGrants: null }] } });
    expect(answer.code).toBe('FORBIDDEN');
    const by = (id: string) => ask('query ($id: ID!) { user(id: $id) { id } }', { id });
    expect((await by(client().userId)).data).toEqual({ user: { id: client().userId } });
    expect((await by(t.as('admin').userId)).text).toBe((await by(NO_ID)).text);
  });

  it('cannot carry a cursor of somebody else’s list beyond its account', async () => {
    for (const { all } of TYPES) {
      const staff = await t.as('auditor').gql(`{ ${all}(first: 100) { edges { cursor node { id } } } }`);
      expect(staff.errors).toEqual([]);
      for (const { cursor } of staff.data![all].edges) {
        const after = await ask(`query ($c: String!) { ${all}(after: $c, first: 100) { totalCount nodes { id } } }`, {
          c: cursor,
        });
        const before = await ask(`query ($c: String!) { ${all}(before: $c, last: 100) { totalCount nodes { id } } }`, {
          c: cursor,
        });
        expect([after.code, before.code]).toEqual([undefined, undefined]);
        expectNothingForeign(after.text);
        expectNothingForeign(before.text);
      }
    }
  });

  it('cannot make up a cursor or take one of another order', async () => {
    const { data } = await ask('{ invoices(first: 1, orderBy: TOTAL_ASC) { pageInfo { endCursor } } }');
    const cursor = data!.invoices.pageInfo.endCursor as string;
    const [payload, signature] = cursor.split('.') as [string, string];
    const forged = Buffer.from(Buffer.from(payload, 'hex').toString().replace(/\d+/, '0')).toString('hex');
    for (const each of [
      cursor,
      `${forged}.${signature}`,
      payload,
      `${payload}.`,
      `${payload}.${'0'.repeat(32)}`,
      'garbage',
      '',
      '.',
      `${payload}.${signature}x`,
    ])
      expect({
        each,
        code: (await ask('query ($c: String!) { invoices(after: $c) { totalCount } }', { c: each })).code,
      }).toEqual({ each, code: 'CURSOR_INVALID' });
  });

  const amount = { amount: '1.00', currency: 'USD' };
  const mutations: [string, (world: World) => object][] = [
    [
      'openDispute',
      ({ invoice, line }) => ({ invoiceId: invoice, reasonCode: 'RATE', items: [{ lineId: line, amount }] }),
    ],
    ['withdrawDispute', ({ dispute }) => ({ disputeId: dispute })],
    ['withdrawDispute', ({ dispute }) => ({ disputeId: dispute, expectedVersion: 999 })],
  ];
  it.each(mutations)(
    '%s about what is foreign is answered exactly like about what is unknown, and changes nothing',
    async (name, input) => {
      const unknown = { account: NO_ID, lob: NO_ID, invoice: NO_ID, line: NO_ID, dispute: NO_ID, complaint: NO_ID };
      const before = await t.sql(
        'SELECT i.version, i.disputed_minor, (SELECT count(*) FROM dispute) AS disputes FROM invoice i WHERE id = $1',
        [foreign.invoice],
      );
      const strange = await client().mutate(name, input(foreign), 'outcome');
      const nothing = await client().mutate(name, input(unknown), 'outcome');
      expect(strange.code).toBe('NOT_FOUND');
      expect({ status: strange.status, text: strange.text }).toEqual({ status: nothing.status, text: nothing.text });
      expect(
        await t.sql(
          'SELECT i.version, i.disputed_minor, (SELECT count(*) FROM dispute) AS disputes FROM invoice i WHERE id = $1',
          [foreign.invoice],
        ),
      ).toEqual(before);
      expect((await trail(t, `actor_id = $1 AND outcome = 'REFUSED'`, [client().userId])).slice(-1)).toMatchObject([
        { code: 'NOT_FOUND' },
      ]);
    },
  );

  it('cannot dispute a foreign line by way of an own invoice, and learns nothing of it', async () => {
    const dispute = (lineId: string) =>
      client().mutate(
        'openDispute',
        { invoiceId: own.invoice, reasonCode: 'RATE', items: [{ lineId, amount }] },
        'outcome',
      );
    const [strange, unknown] = [await dispute(foreign.line), await dispute(NO_ID)];
    expect(strange.code).toBe('NOT_FOUND');
    expect(strange.text).toBe(unknown.text);
  });

  it('cannot withdraw what somebody else opened on its own account: FORBIDDEN, since it sees it', async () => {
    const answer = await client().mutate('withdrawDispute', { disputeId: own.dispute }, 'outcome');
    expect(answer.code).toBe('FORBIDDEN');
    expect((await t.sql('SELECT status FROM dispute WHERE id = $1', [own.dispute]))[0]).toEqual({ status: 'OPEN' });
  });

  it('disputes its own invoice and takes its own dispute back', async () => {
    const opened = await client().mutate(
      'openDispute',
      { invoiceId: own.invoice, reasonCode: 'QUANTITY', items: [{ lineId: own.line, amount }] },
      'dispute { id openedBy { id } }',
    );
    expect(opened.errors).toEqual([]);
    expect(opened.payload.dispute.openedBy).toEqual({ id: client().userId });
    const withdrawn = await client().mutate(
      'withdrawDispute',
      { disputeId: opened.payload.dispute.id },
      'dispute { status }',
    );
    expect(withdrawn.payload).toEqual({ dispute: { status: 'WITHDRAWN' } });
  });
});

describe('somebody without a role', () => {
  it('sees themselves and nothing else', async () => {
    const { data } = await t
      .as('stranger')
      .gql('{ users { totalCount nodes { id email roles } } viewer { permissions { action subject } } }');
    expect(data!.users).toEqual({
      totalCount: 1,
      nodes: [{ id: t.as('stranger').userId, email: 'stranger@test.example', roles: [] }],
    });
    expect(data!.viewer.permissions).toEqual([
      { action: 'changePassword', subject: 'User' },
      { action: 'confirmTotp', subject: 'User' },
      { action: 'decide', subject: 'AccessReviewItem' },
      { action: 'drawRecoveryCodes', subject: 'User' },
      { action: 'end', subject: 'Session' },
      { action: 'enrolTotp', subject: 'User' },
      { action: 'read', subject: 'AccessReviewItem' },
      { action: 'read', subject: 'Delegation' },
      { action: 'read', subject: 'Session' },
      { action: 'read', subject: 'User' },
      { action: 'readSecondFactorOf', subject: 'User' },
      { action: 'revoke', subject: 'Delegation' },
      { action: 'stepUp', subject: 'Session' },
    ]);
  });
});

describe('staff', () => {
  it.each(['admin', 'billing'] as const)(
    '%s finds no complaint by way of accounts or lines of business',
    async (who) => {
      const { data, errors } = await t
        .as(who)
        .gql(
          '{ accounts { nodes { complaints { totalCount nodes { id } } lobs { nodes { complaints { totalCount } } } } } }',
        );
      expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['FORBIDDEN']));
      expect(data!.accounts.nodes.length).toBeGreaterThan(1);
      for (const { complaints, lobs } of data!.accounts.nodes) {
        expect(complaints).toBeNull();
        for (const lob of lobs.nodes) expect(lob.complaints).toBeNull();
      }
    },
  );

  it.each(['billing', 'supervisor', 'operations'] as const)(
    '%s sees who holds which role, but not by whose grant',
    async (who) => {
      const { data } = await t
        .as(who)
        .gql('query ($id: ID!) { user(id: $id) { roles roleGrants { id } } }', { id: t.as('auditor').userId });
      expect(data!.user).toEqual({ roles: ['auditor'], roleGrants: null });
    },
  );
});
