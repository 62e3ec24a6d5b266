import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { Client } from 'pg';
import { currencies, exponentOf, formatMinor } from '../../src/platform/money';
import { reads } from '../../src/reads';
import { startTestApp, type TestApp } from '../support/app';
import { stateOf } from '../support/outcomes';
import { givenAccount, givenInvoice, givenLob } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  const accountId = await givenAccount(t, { code: 'SQL0' });
  await givenLob(t, accountId);
  await givenInvoice(t, accountId);
});
afterAll(() => t.close());

/** The reads that some work sends to PostgreSQL; the other statements, of transactions and of who is there, are TypeORM's. */
async function statementsOf<T>(work: () => Promise<T>): Promise<{ answer: T; texts: string[]; connections: number }> {
  // What an earlier test has left behind (the event of a refusal) is none of it.
  const { pool } = t.served.app.database;
  while (pool.idleCount < pool.totalCount) await new Promise((resolve) => setTimeout(resolve, 5));
  const query = jest.spyOn(Client.prototype, 'query');
  const connect = jest.spyOn(pool, 'connect');
  try {
    const answer = await work();
    const asked = query.mock.calls.map(([of]) => of as unknown as { text: string } | string);
    const texts = asked.map((of) => (typeof of === 'string' ? of : of.text));
    return {
      answer,
      texts: texts.filter((text) => text.startsWith('select ')),
      connections: connect.mock.calls.length - asked.length,
    };
  } finally {
    query.mockRestore();
    connect.mockRestore();
  }
}

describe('one SQL statement for a document, whatever it asks for', () => {
  it.each([
    [
      'a row with everything below',
      1,
      `{ accounts { totalCount nodes { code lobs { nodes { code account { code } } } invoices { edges { cursor node { lines { lob { code } amount { amount } } pendingChanges { maker { name } decisions { decidedBy { name } } } } } pageInfo { endCursor } } } } }`,
    ],
    ['two fields', 1, '{ a: accounts { totalCount } l: lobs { nodes { code } } }'],
    [
      'five fields',
      1,
      '{ accounts { totalCount } lobs { totalCount } agents { totalCount } users { nodes { roles email } } myApprovals { nodes { id } } }',
    ],
    [
      'who is signed in, beside data',
      1,
      '{ viewer { name roles permissions { action subject } } lobs { totalCount } }',
    ],
    ['what is left out', 1, '{ accounts @skip(if: true) { totalCount } lobs { totalCount } }'],
    ['the schema', 0, '{ __schema { queryType { name } } __typename }'],
    // What cannot be planned is read field by field.
    ['the schema beside data', 2, '{ __schema { queryType { name } } accounts { totalCount } lobs { totalCount } }'],
    ['a refused field beside others', 1, '{ auditEvent(id: "x") { id } lob(id: "x") { code } }'],
  ])('%s: %i', async (_what, count, document) => {
    for (let again = 0; again < 3; again += 1) {
      const { texts, connections } = await statementsOf(() => t.as('supervisor').gql(document));
      expect(texts).toHaveLength(count);
      // No transaction: a connection for each statement, and none waits.
      if (!document.includes('auditEvent')) expect(connections).toBeLessThanOrEqual(0);
    }
  });

  it('the payload of a mutation: one more for all objects of it', async () => {
    const [account] = await t.sql<{ id: string }>('SELECT id FROM account LIMIT 1');
    const selection = 'outcome account { code lobs { nodes { code } } } changeRequest { id maker { name } }';
    const input = { accountId: account!.id, bankAccountNumber: '000123450000' };
    const { answer, texts } = await statementsOf(() => t.as('operations').mutate('changeAccount', input, selection));
    expect(answer.errors).toEqual([]);
    expect(texts).toHaveLength(1);
  });

  it('the number of rows changes nothing of the statement, so that its plan can be kept', async () => {
    const document = 'query ($code: String) { accounts(first: 10, filter: { code: $code }) { nodes { code } } }';
    const text = async (code: string) => (await statementsOf(() => t.as('auditor').gql(document, { code }))).texts[0];
    expect(await text('SQL0')).toBe(await text('NONE'));
  });
});

const PAYLOADS = [
  `' OR '1'='1`,
  `'; DROP TABLE account; --`,
  `") OR 1=1 --`,
  `\\'; SELECT pg_sleep(9); --`,
  `$1`,
  `$$; DELETE FROM invoice; $$`,
  `%' AND 1=0 UNION SELECT password_hash FROM app_user --`,
  `{"$in":["x"]}`,
  `x' || (SELECT email FROM app_user LIMIT 1) || '`,
  `/* */ UNION ALL SELECT 1`,
  `t1."password_hash"`,
  `E'\\\\047'`,
];

const BLNS = path.resolve(__dirname, '../../../shared/data/validation/blns.json');

/** Every argument of a query that takes text of a client's, with its type. */
const TEXTS: [type: string, field: string][] = [
  ['ID!', 'account(id: $x) { id }'],
  ['ID!', 'lob(id: $x) { id }'],
  ['ID!', 'agent(id: $x) { id }'],
  ['ID!', 'invoice(id: $x) { id }'],
  ['ID!', 'dispute(id: $x) { id }'],
  ['ID!', 'complaint(id: $x) { id }'],
  ['ID!', 'changeRequest(id: $x) { id }'],
  ['ID!', 'approvalPolicy(id: $x) { id }'],
  ['ID!', 'user(id: $x) { id }'],
  ['ID!', 'auditEvent(id: $x) { id }'],
  ['String', 'accounts(filter: { code: $x }) { totalCount nodes { id } }'],
  ['String', 'accounts(filter: { search: $x }) { totalCount nodes { id } }'],
  ['String', 'agents(filter: { search: $x }) { totalCount }'],
  ['ID', 'agents(filter: { lobId: $x }) { totalCount }'],
  ['ID', 'lobs(filter: { accountId: $x }) { totalCount }'],
  ['String', 'lobs(filter: { code: $x }) { totalCount }'],
  ['ID', 'invoices(filter: { accountId: $x }) { totalCount }'],
  ['String', 'invoices(filter: { number: $x }) { totalCount }'],
  ['String', 'changeRequests(filter: { operation: $x }) { totalCount }'],
  ['String', 'changeRequests(filter: { subjectType: $x }) { totalCount }'],
  ['ID', 'changeRequests(filter: { subjectId: $x }) { totalCount }'],
  ['ID', 'changeRequests(filter: { makerId: $x }) { totalCount }'],
  ['ID', 'changeRequests(filter: { accountId: $x }) { totalCount }'],
  ['String', 'approvalPolicies(filter: { operation: $x }) { totalCount }'],
  ['String', 'users(filter: { email: $x }) { totalCount }'],
  ['ID', 'auditEvents(filter: { actorId: $x }) { totalCount }'],
  ['String', 'auditEvents(filter: { action: $x }) { totalCount }'],
  ['String', 'auditEvents(filter: { subjectType: $x }) { totalCount }'],
  ['ID', 'auditEvents(filter: { subjectId: $x }) { totalCount }'],
  ['String', 'auditEvents(filter: { requestId: $x }) { totalCount }'],
  ['ID', 'auditEvents(filter: { changeRequestId: $x }) { totalCount }'],
  ['String', 'accounts { nodes { lobs(filter: { code: $x }) { totalCount } } }'],
  ['ID', 'accounts { nodes { invoices(filter: { accountId: $x }) { totalCount } } }'],
];

describe('no text of a client’s becomes SQL', () => {
  it.each(TEXTS)('%s in %s', async (type, field) => {
    const before = await stateOf(t);
    for (const x of PAYLOADS) {
      const { answer, texts } = await statementsOf(() =>
        t.as('compliance').gql(`query ($x: ${type}) { ${field} }`, { x }),
      );
      expect({ x, errors: answer.errors }).toEqual({ x, errors: [] });
      expect(texts).toHaveLength(1);
      if (x.length > 3) expect(texts[0]).not.toContain(x);
      const [value] = Object.values(answer.data!);
      if (type === 'ID!') expect(value).toBeNull();
      else expect(JSON.stringify(value)).toMatch(/"totalCount":0/);
    }
    expect(await stateOf(t)).toEqual(before);
  });

  it.each([
    ['orderBy', 'query ($x: AccountOrder) { accounts(orderBy: $x) { totalCount } }'],
    ['a status', 'query ($x: AccountStatus) { accounts(filter: { status: $x }) { totalCount } }'],
    ['an instant', 'query ($x: DateTime) { auditEvents(filter: { from: $x }) { totalCount } }'],
    ['a date', 'query ($x: LocalDate) { invoices(filter: { overdueOn: $x }) { totalCount } }'],
    ['a size', 'query ($x: Int) { accounts(first: $x) { totalCount } }'],
    ['a yes or no', 'query ($x: Boolean) { invoices(filter: { disputed: $x }) { totalCount } }'],
    ['a filter', 'query ($x: AccountFilter) { accounts(filter: $x) { totalCount } }'],
    ['a cursor', 'query ($x: String) { accounts(after: $x) { totalCount } }'],
    ['a cursor below', 'query ($x: String) { accounts { nodes { lobs(before: $x) { totalCount } } } }'],
  ])('%s is refused before any statement', async (_what, document) => {
    for (const x of PAYLOADS) {
      const { answer, texts } = await statementsOf(() => t.as('compliance').gql(document, { x }));
      expect(['BAD_USER_INPUT', 'CURSOR_INVALID']).toContain(answer.code);
      expect(texts).toEqual([]);
      expect(answer.text).not.toContain(JSON.stringify(x).slice(1, -1));
    }
  });

  const naughty = existsSync(BLNS) ? (JSON.parse(readFileSync(BLNS, 'utf8')) as string[]) : [];
  (naughty.length > 0 ? it : it.skip)(
    `the big list of naughty strings finds nothing and breaks nothing (${BLNS})`,
    async () => {
      for (const x of naughty) {
        const { code, data } = await t
          .as('compliance')
          .gql(
            'query ($x: String, $id: ID!) { accounts(filter: { code: $x }) { totalCount } account(id: $id) { id } }',
            { x, id: x },
          );
        if (code) expect(['TEXT_INVALID', 'BAD_USER_INPUT']).toContain(code);
        else expect(data).toEqual({ accounts: { totalCount: 0 }, account: null });
      }
    },
  );

  it('% and _ mean themselves in a search', async () => {
    const found = async (search: string) =>
      (
        await t
          .as('auditor')
          .gql('query ($search: String) { accounts(filter: { search: $search }) { totalCount } }', { search })
      ).data!.accounts.totalCount;
    expect(await Promise.all(['sql0', 'QL0 t', '%', '_', 'S_L', ''].map(found))).toEqual([1, 1, 0, 0, 0, 1]);
  });
});

describe('money in SQL and in TypeScript is the same', () => {
  it('currency_exponent for every currency of ISO 4217', async () => {
    const rows = await t.sql<{ currency: string; exponent: number }>(
      'SELECT c AS currency, currency_exponent(c) AS exponent FROM unnest($1::text[]) c',
      [currencies()],
    );
    expect(rows.length).toBeGreaterThan(150);
    expect(rows).toEqual(currencies().map((currency) => ({ currency, exponent: exponentOf(currency) })));
  });

  it('amount_text for every currency and the amounts where signs and digits change', async () => {
    const edges = `0 1 -1 9 -9 10 99 100 -100 999 1000 9999 10000 9007199254740993 9223372036854775807
      -9223372036854775808`.split(/\s+/);
    const rows = await t.sql<{ minor: string; currency: string; shown: string }>(
      'SELECT m::text AS minor, c AS currency, amount_text(m, c) AS shown FROM unnest($1::text[]) c, unnest($2::bigint[]) m',
      [currencies(), edges],
    );
    expect(rows).toHaveLength(currencies().length * edges.length);
    for (const { minor, currency, shown } of rows) expect(shown).toBe(formatMinor(BigInt(minor), currency));
  });

  it('amount_text for any amount of any currency', async () => {
    const amount = fc.tuple(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.constantFrom(...currencies()));
    await fc.assert(
      fc.asyncProperty(fc.array(amount, { minLength: 100, maxLength: 200 }), async (amounts) => {
        const rows = await t.sql<{ text: string }>(
          'SELECT amount_text(m, c) AS text FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS a (m, c, n) ORDER BY n',
          [amounts.map(([minor]) => String(minor)), amounts.map(([, currency]) => currency)],
        );
        expect(rows.map(({ text }) => text)).toEqual(amounts.map(([minor, currency]) => formatMinor(minor, currency)));
      }),
      { numRuns: 20 },
    );
  });
});

describe('codes are written without looking for what JSON escapes', () => {
  const columns = [...reads.values()].flatMap(({ table, fields }) =>
    Object.values(fields)
      .flatMap((field) => (field.kind === 'group' ? Object.values(field.fields) : [field]))
      .flatMap((field) => (field.kind === 'value' && field.form === 'token' && field.column ? [field.column] : []))
      .map((column) => `${table}.${column}`),
  );

  it.each([...new Set(columns)])('%s: since a constraint keeps that away', async (of) => {
    const [column, table] = [of.split('.').at(-1)!, of.split('.').slice(0, -1).join('.')];
    const [found] = await t.sql<{ definition: string }>(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = $1::regclass AND conname = $2 AND convalidated`,
      [table, `${table.replace('audit.', '')}_${column}_plain`],
    );
    expect(found?.definition).toContain(column);
    const [kept] = await t.sql<{ kept: string[] }>(
      `SELECT array_agg(chr(i)) AS kept FROM generate_series(1, 1000) i WHERE ${found!.definition.replace(/^CHECK/, '').replaceAll(column, 'chr(i)')}`,
    );
    const escaped = kept!.kept.filter((each) => JSON.stringify(each) !== `"${each}"`);
    expect({ escaped, kept: kept!.kept.length }).toEqual({ escaped: [], kept: 93 });
  });
});
