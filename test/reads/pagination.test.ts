import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { TEST_MASTER_KEY } from '../support/config';
import { startTestApp, type TestApp } from '../support/app';
import { givenAccount } from '../support/scene';
import { idInCursor } from './scene';

let t: TestApp;
let lettered: string;
beforeAll(async () => {
  t = await startTestApp();
  // Accounts R00 … R12 with ties in name and time; within one of them LOBs A to E.
  for (let index = 0; index < 13; index += 1)
    await givenAccount(t, { code: `R${String(index).padStart(2, '0')}`, legalName: `client ${'abc'[index % 3]}` });
  await t.sql(`UPDATE account SET created_at = date_trunc('hour', created_at)`);
  lettered = await givenAccount(t, { code: 'Z99', legalName: 'client z' });
  for (const code of ['C', 'A', 'E', 'D', 'B'])
    await t.as('operations').mutate('openLob', { accountId: lettered, code, name: 'Letter' }, 'outcome');
});
afterAll(() => t.close());

interface Page {
  edges: { cursor: string; node: { id: string; code: string } }[];
  nodes: { code: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  totalCount: number;
}

const PAGE =
  'edges { cursor node { id code } } nodes { code } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount';

const accounts = async (args: Record<string, unknown>) => {
  const answer = await t.as('auditor').gql(
    `query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: AccountOrder, $filter: AccountFilter) {
      accounts(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy, filter: $filter) { ${PAGE} } }`,
    args,
  );
  return { ...answer, page: answer.data?.accounts as Page };
};

const letters = async (args: Record<string, unknown>) => {
  const answer = await t.as('auditor').gql(
    `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
      account(id: $id) { lobs(first: $first, after: $after, last: $last, before: $before) { ${PAGE} } } }`,
    { id: lettered, ...args },
  );
  return { ...answer, page: answer.data?.account?.lobs as Page };
};

const RULES = path.resolve(__dirname, '../../../shared/data/graphql/relay_connection_rules.json');

interface Case {
  args: { first?: number; last?: number; after?: string; before?: string };
  edges?: string;
  hasNextPage?: boolean;
  hasPreviousPage?: boolean;
  error?: boolean;
}

describe('the worked cases of the Relay connection rules', () => {
  const cases = existsSync(RULES) ? (JSON.parse(readFileSync(RULES, 'utf8')) as { cases: Case[] }).cases : [];
  if (cases.length === 0) it.skip(`are skipped: ${RULES} is not there`, () => undefined);
  else
    it.each(cases.map((each) => [JSON.stringify(each.args), each] as const))('%s', async (_args, each) => {
      const whole = (await letters({ first: 100 })).page.edges;
      expect(whole.map(({ node }) => node.code).join('')).toBe('ABCDE');
      const cursorOf = (letter: string) => whole.find(({ node }) => node.code === letter)?.cursor ?? letter;
      const { after, before, ...sizes } = each.args;
      const args = { ...sizes, ...(after && { after: cursorOf(after) }), ...(before && { before: cursorOf(before) }) };
      const { page, code } = await letters(args);
      // Where the rules let an unknown cursor pass unnoticed, ours is refused: a forged place is no place.
      if (after === 'unknown') return expect(code).toBe('CURSOR_INVALID');
      if (each.error) return expect(['PAGE_SIZE_INVALID', 'BAD_USER_INPUT']).toContain(code);
      expect(page.edges.map(({ node }) => node.code).join('')).toBe(each.edges);
      if (each.hasNextPage !== undefined) expect(page.pageInfo.hasNextPage).toBe(each.hasNextPage);
      if (each.hasPreviousPage !== undefined) expect(page.pageInfo.hasPreviousPage).toBe(each.hasPreviousPage);
      expect(page.pageInfo.startCursor).toBe(page.edges[0]?.cursor ?? null);
      expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor ?? null);
      expect(page.nodes.map((node) => node.code)).toEqual(page.edges.map(({ node }) => node.code));
      expect(page.totalCount).toBe(5);
      return undefined;
    });

  it('the same cases backward: a page from the end is the page from the start, seen from there', async () => {
    const whole = (await letters({ first: 100 })).page.edges;
    for (let size = 0; size <= 6; size += 1)
      for (const [index, edge] of whole.entries()) {
        const { page } = await letters({ last: size, before: edge.cursor });
        expect(page.edges).toEqual(whole.slice(Math.max(0, index - size), index));
        expect(page.pageInfo.hasPreviousPage).toBe(index > size);
        expect(page.pageInfo.hasNextPage).toBe(true);
        const forward = (await letters({ first: size, after: edge.cursor })).page;
        expect(forward.edges).toEqual(whole.slice(index + 1, index + 1 + size));
        expect(forward.pageInfo.hasNextPage).toBe(whole.length - index - 1 > size);
        expect(forward.pageInfo.hasPreviousPage).toBe(true);
      }
  });
});

const ORDERS = ['CODE', 'LEGAL_NAME', 'CREATED_AT'].flatMap((key) => [`${key}_ASC`, `${key}_DESC`]);

describe('pages, one after the other, are the whole list', () => {
  it('for every order, page size and direction', async () => {
    const wholes = new Map<string, Page>();
    for (const orderBy of ORDERS) wholes.set(orderBy, (await accounts({ first: 100, orderBy })).page);
    for (const orderBy of ORDERS) expect(wholes.get(orderBy)!.totalCount).toBe(14);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ORDERS),
        fc.integer({ min: 1, max: 15 }),
        fc.boolean(),
        async (orderBy, size, backward) => {
          const whole = wholes.get(orderBy)!;
          let met: Page['edges'] = [];
          let cursor: string | null = null;
          for (let more = true; more;) {
            const { page } = await accounts(
              backward ? { last: size, before: cursor, orderBy } : { first: size, after: cursor, orderBy },
            );
            expect(page.totalCount).toBe(14);
            met = backward ? [...page.edges, ...met] : [...met, ...page.edges];
            more = backward ? page.pageInfo.hasPreviousPage : page.pageInfo.hasNextPage;
            cursor = backward ? page.pageInfo.startCursor : page.pageInfo.endCursor;
            if (more) expect(page.edges).toHaveLength(size);
          }
          expect(met).toEqual(whole.edges);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('descending is ascending turned round, ties included', async () => {
    for (const key of ['CODE', 'LEGAL_NAME', 'CREATED_AT']) {
      const up = (await accounts({ first: 100, orderBy: `${key}_ASC` })).page.edges.map(({ node }) => node.id);
      const down = (await accounts({ first: 100, orderBy: `${key}_DESC` })).page.edges.map(({ node }) => node.id);
      expect(down).toEqual(up.toReversed());
    }
  });

  it('without a size a page has twenty at most', async () => {
    const { data } = await t.as('auditor').gql('{ auditEvents { nodes { id } totalCount pageInfo { hasNextPage } } }');
    expect(data!.auditEvents.nodes).toHaveLength(20);
    expect(data!.auditEvents.pageInfo.hasNextPage).toBe(data!.auditEvents.totalCount > 20);
  });

  it('a row that goes or comes between two pages shifts no other', async () => {
    const first = (await accounts({ first: 5 })).page;
    await givenAccount(t, { code: 'A00', legalName: 'before' });
    const second = (await accounts({ first: 5, after: first.pageInfo.endCursor })).page;
    expect(second.nodes.map(({ code }) => code)).toEqual(['R05', 'R06', 'R07', 'R08', 'R09']);
    await t.sql(`DELETE FROM account WHERE code = 'A00'`);
  });
});

describe('page sizes', () => {
  it.each([{ first: 101 }, { last: 101 }, { first: -1 }, { last: -1 }, { first: 2147483647 }, { first: -2147483648 }])(
    '%j is refused, at the root and below',
    async (args) => {
      for (const { code, data } of [await accounts(args), await letters(args)]) {
        expect(['BAD_USER_INPUT', 'PAGE_SIZE_INVALID']).toContain(code);
        expect(data?.accounts ?? data?.account ?? null).toBeNull();
      }
    },
  );

  it.each(['first: 1.5', 'first: "2"', 'first: 99999999999', 'last: true', 'first: [1]', 'first: {}'])(
    '%s is no size',
    async (args) => {
      const { code, data } = await t.as('auditor').gql(`{ accounts(${args}) { totalCount } }`);
      expect({ code, data }).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED', data: undefined });
    },
  );

  it('0 to 100 are', async () => {
    for (const size of [0, 1, 100]) {
      expect((await accounts({ first: size })).page.edges).toHaveLength(Math.min(size, 14));
      expect((await accounts({ last: size })).page.edges).toHaveLength(Math.min(size, 14));
    }
  });
});

describe('CURSOR_INVALID', () => {
  const refused = async (args: Record<string, unknown>) => {
    const { code, data, text } = await accounts({ first: 2, ...args });
    expect({ args, code, data: data ?? null }).toEqual({ args, code: 'CURSOR_INVALID', data: null });
    expect(text).not.toMatch(/select|syntax|json|hmac/i);
  };

  it('a cursor that nobody wrote', async () => {
    for (const cursor of [
      '',
      'x',
      '.',
      '..',
      'a.b',
      `${'0'.repeat(40)}.${'0'.repeat(32)}`,
      `' OR 1=1 --`,
      'ünïcödé',
      '[]',
      'bnVsbA==',
    ])
      for (const place of ['after', 'before']) await refused({ [place]: cursor });
  });

  it('a cursor of ours that was cut, lengthened or changed in any one place', async () => {
    const cursor = (await accounts({ first: 1 })).page.edges[0]!.cursor;
    await refused({ after: cursor.slice(0, -1) });
    await refused({ after: cursor.slice(1) });
    await refused({ after: cursor.split('.')[0] });
    await refused({ after: `${cursor.split('.')[0]}.` });
    await refused({ after: `${cursor}0` });
    await refused({ after: `${cursor}.more` });
    await refused({ after: ` ${cursor}` });
    await refused({ after: cursor.toUpperCase() });
    for (let place = 0; place < cursor.length; place += 7) {
      const other = cursor[place] === '0' ? '1' : '0';
      await refused({ after: cursor.slice(0, place) + other + cursor.slice(place + 1) });
    }
    expect((await accounts({ first: 2, after: cursor })).code).toBeUndefined();
  });

  it('a cursor of another order', async () => {
    for (const orderBy of ORDERS) {
      const cursor = (await accounts({ first: 1, orderBy })).page.edges[0]!.cursor;
      for (const other of ORDERS.filter((each) => each !== orderBy)) await refused({ after: cursor, orderBy: other });
    }
  });

  it('a cursor of another list in an order of the same name', async () => {
    const cursor = (await letters({ first: 1 })).page.edges[0]!.cursor;
    await refused({ after: cursor, orderBy: 'CODE_ASC' });
  });

  it('a cursor of another installation', async () => {
    const other = await startTestApp({
      MASTER_KEY: Buffer.from('a key of thirty-two bytes: other').toString('base64'),
      MASTER_KEYS_RETIRED: TEST_MASTER_KEY,
    });
    try {
      const { data } = await other.as('auditor').gql('{ users(first: 1) { edges { cursor } } }');
      const foreign = data!.users.edges[0].cursor as string;
      expect(idInCursor(foreign)).toMatch(/^[0-9a-f-]{36}$/);
      const answer = await t
        .as('auditor')
        .gql('query ($after: String) { users(after: $after) { totalCount } }', { after: foreign });
      expect(answer.code).toBe('CURSOR_INVALID');
    } finally {
      await other.close();
    }
  });
});
