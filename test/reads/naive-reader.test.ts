import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app';
import { naiveReader } from './naive-reader';
import { givenBusiness, type Scene, withoutCursors } from './scene';

let t: TestApp;
let scene: Scene;
beforeAll(async () => {
  t = await startTestApp();
  scene = await givenBusiness(t);
});
afterAll(() => t.close());

/** The compiled read and the naive one answer alike, for somebody who sees everything and for somebody who does not. */
async function answersAlike(document: string, variables: Record<string, unknown> = {}) {
  for (const [who, sees] of [
    ['auditor', 'everything'],
    ['client', { accountId: scene.clientAccountId }],
  ] as const) {
    const naive = await naiveReader(t, sees);
    const expected = naive(document, variables);
    const answer = await t.as(who).gql(document, variables);
    expect({ who, errors: answer.errors, data: withoutCursors(answer.data) }).toEqual({ who, errors: [], ...expected });
  }
}

describe('a compiled read answers what a naive reader answers', () => {
  it.each([
    [
      'aliases',
      '{ one: accounts(first: 2) { all: nodes { c: code code } n: totalCount } two: accounts(last: 2) { nodes { code c: currency } } }',
    ],
    [
      'named fragments within fragments',
      `{ accounts { nodes { ...A } } lobs { nodes { account { ...A } ...L } } }
       fragment A on Account { code ...B } fragment B on Account { legalName lobs { nodes { ...L } } } fragment L on Lob { code name }`,
    ],
    [
      'inline fragments, with and without a type, that overlap',
      `{ accounts { ... { totalCount } ... on AccountConnection { nodes { ... on Account { code lobs { totalCount } } ... { status lobs { nodes { code } } } } } } }`,
    ],
    [
      '__typename at every level, also as the only field, also under an alias',
      `{ __typename a: __typename accounts(first: 3) { __typename edges { __typename node { __typename t: __typename lobs { __typename } invoices(first: 1) { nodes { __typename total { __typename } lines { __typename } } } } } pageInfo { __typename } } }`,
    ],
    [
      'many root fields',
      Array.from(
        { length: 12 },
        (_, index) => `a${index}: accounts(first: ${index}) { nodes { code } pageInfo { hasNextPage } }`,
      ).join(' '),
    ],
    [
      'the same field twice with other arguments under aliases, at every level',
      `{ a: accounts(first: 2, orderBy: CODE_DESC) { nodes { x: lobs(first: 1) { nodes { code } } y: lobs(last: 1) { nodes { code } } z: lobs(filter: { code: "L1" }) { nodes { code } } } }
         b: accounts(first: 3, orderBy: CODE_DESC) { nodes { x: invoices(first: 1, orderBy: TOTAL_DESC) { nodes { total { amount } } } y: invoices(first: 2, orderBy: TOTAL_ASC) { nodes { total { amount currency } } } } } }`,
    ],
    [
      'nodes beside edges with different selections, each several times',
      `{ accounts(first: 4) { nodes { code } m: nodes { legalName lobs { totalCount } } edges { node { id } } e: edges { cursor node { code lobs(first: 1) { nodes { name } } } n: node { status } } } }`,
    ],
    [
      'lists with no rows',
      '{ accounts(filter: { code: "NONE" }) { totalCount nodes { code lobs { nodes { id } } } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }',
    ],
    [
      'a page of nothing',
      '{ accounts(first: 0) { totalCount nodes { code } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } l: accounts(last: 0) { nodes { code } pageInfo { hasNextPage hasPreviousPage } } }',
    ],
    ['only the count', '{ accounts { totalCount } lobs { totalCount } invoices { totalCount } }'],
    [
      'only where the page lies',
      '{ accounts(first: 2) { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }',
    ],
    [
      'six levels down and up again',
      '{ accounts(first: 7) { nodes { code lobs { nodes { code account { code invoices(first: 2) { nodes { lines { lineNumber lob { code account { code } } } account { code } } } } } } } } }',
    ],
    [
      'every plain field of every type',
      `{ accounts { nodes { id code legalName status currency timeZone taxId bankAccountNumber version createdAt closedAt pendingChanges { id }
          invoices { nodes { id number status paymentStatus version createdAt subtotal { amount currency } tax { amount } total { amount currency } openAmount { amount }
            lines { id lineNumber description quantity unitPrice amount { amount currency } lob { id code name status version createdAt } } } } } } }`,
    ],
  ])('%s', async (_what, document) => {
    await answersAlike(document.startsWith('{') ? document : `{ ${document} }`);
  });

  it('more than fifty fields of one object', async () => {
    const many = Array.from(
      { length: 130 },
      (_, index) => `f${index}: ${['code', 'legalName', 'status'][index % 3]}`,
    ).join(' ');
    await answersAlike(`{ accounts(first: 3) { nodes { ${many} } } }`);
  });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('@include and @skip with variables: %s, %s', async (yes, no) => {
    await answersAlike(
      `query ($yes: Boolean!, $no: Boolean!) {
        accounts(first: 3) @include(if: $yes) { totalCount @skip(if: $no) nodes { code @include(if: $no) ...F @skip(if: $yes) ... @include(if: $no) { legalName } ... on Account @skip(if: $no) { id } } }
        lobs(first: 2) @skip(if: $no) { edges { cursor @include(if: $yes) node { id code @skip(if: $yes) @include(if: $no) } } }
        __typename }
       fragment F on Account { status lobs @include(if: $no) { totalCount } }`,
      { yes, no },
    );
  });

  it('variables, with defaults, with nulls, in nested places', async () => {
    const document = `query ($first: Int = 2, $order: AccountOrder = LEGAL_NAME_DESC, $filter: AccountFilter = { status: OPEN }, $lobs: Int = 1, $code: String) {
      accounts(first: $first, orderBy: $order, filter: $filter) { nodes { code lobs(first: $lobs, filter: { code: $code }) { nodes { code } totalCount } } totalCount } }`;
    await answersAlike(document);
    await answersAlike(document, { first: 3, order: null, filter: null, lobs: null, code: 'L0' });
    await answersAlike(document, { first: null, order: 'CODE_DESC', filter: { currency: 'JPY' }, code: null });
  });

  it('one row by its id: there, foreign, unknown, impossible, in capitals', async () => {
    for (const id of [
      ...scene.accountIds.slice(2, 5),
      scene.accountIds[3]!.toUpperCase(),
      '01890000-0000-7000-8000-000000000000',
      'x',
      '',
      '1',
    ]) {
      const known = id.toLowerCase();
      const document = 'query ($id: ID!) { account(id: $id) { id code lobs { nodes { code } } } }';
      for (const [who, sees] of [
        ['auditor', 'everything'],
        ['client', { accountId: scene.clientAccountId }],
      ] as const) {
        const expected = (await naiveReader(t, sees))(document, { id: known });
        const answer = await t.as(who).gql(document, { id });
        expect({ id, who, data: answer.data, errors: answer.errors }).toEqual({ id, who, errors: [], ...expected });
      }
    }
  });

  describe('any document at all', () => {
    const alias = fc.constantFrom('', '', '', 'x: ', 'y: ', 'z: ');
    const directive = fc.constantFrom(
      '',
      '',
      '',
      '',
      ' @include(if: $yes)',
      ' @skip(if: $yes)',
      ' @include(if: $no)',
      ' @skip(if: $no)',
    );
    const size = fc.constantFrom(null, 0, 1, 2, 3, 5, 100);
    const orders: Record<string, string[]> = {
      Account: ['CODE_ASC', 'CODE_DESC', 'LEGAL_NAME_ASC', 'LEGAL_NAME_DESC', 'CREATED_AT_ASC', 'CREATED_AT_DESC'],
      Lob: ['CODE_ASC', 'CODE_DESC', 'CREATED_AT_ASC', 'CREATED_AT_DESC'],
      Invoice: ['CREATED_AT_ASC', 'CREATED_AT_DESC', 'TOTAL_ASC', 'TOTAL_DESC'],
    };
    const filters: Record<string, string[]> = {
      Account: [
        '{ status: OPEN }',
        '{ currency: "USD" }',
        '{ search: "T A" }',
        '{ code: "R300" }',
        '{ status: CLOSED }',
        '{}',
        'null',
      ],
      Lob: ['{ code: "L0" }', '{ status: OPEN }', '{ code: "L1", status: OPEN }', '{}'],
      Invoice: ['{ status: DRAFT }', '{ status: ISSUED }', '{ disputed: false }', '{}'],
    };
    const LEAVES: Record<string, string[]> = {
      Account: ['id', 'code', 'legalName', 'status', 'currency', 'taxId', 'createdAt', 'version', '__typename'],
      Lob: ['id', 'code', 'name', 'status', 'createdAt', '__typename'],
      Invoice: ['id', 'status', 'total { amount currency }', 'createdAt', 'version', '__typename'],
      InvoiceLine: ['id', 'lineNumber', 'description', 'quantity', 'unitPrice', 'amount { amount }', '__typename'],
    };
    const ONES: Record<string, [field: string, type: string][]> = {
      Account: [],
      Lob: [['account', 'Account']],
      Invoice: [
        ['account', 'Account'],
        ['lines', 'InvoiceLine'],
      ],
      InvoiceLine: [['lob', 'Lob']],
    };
    const LISTS: Record<string, [field: string, type: string][]> = {
      Account: [
        ['lobs', 'Lob'],
        ['invoices', 'Invoice'],
      ],
      Lob: [],
      Invoice: [],
      InvoiceLine: [],
    };

    const several = <T>(what: fc.Arbitrary<T>, maxLength: number) => fc.array(what, { minLength: 1, maxLength });

    /** A response key stands for one field alone: each selection gets its own aliases, so that documents stay valid. */
    let unique = 0;
    const selection = (type: string, depth: number): fc.Arbitrary<string> => {
      const leaf = fc.tuple(fc.constantFrom(...LEAVES[type]!), directive).map(([field, when]) => {
        const [name, ...rest] = field.split(' ');
        return `${name}${when}${rest.length ? ` ${rest.join(' ')}` : ''}`;
      });
      const renamed = fc.tuple(alias, leaf).map(([as, field]) => (as === '' ? field : `r${(unique += 1)}: ${field}`));
      if (depth === 0) return several(renamed, 4).map((fields) => `__typename ${fields.join(' ')}`);
      const below = depth - 1;
      const one = ONES[type]!.map(([field, of]) =>
        fc
          .tuple(directive, selection(of, below))
          .map(([when, inner]) => `o${(unique += 1)}: ${field}${when} { ${inner} }`),
      );
      const list = LISTS[type]!.map(([field, of]) =>
        connection(field, of, below).map((inner) => `l${(unique += 1)}: ${inner}`),
      );
      const inline = fc
        .tuple(directive, fc.boolean(), several(renamed, 3))
        .map(([when, typed, fields]) => `...${typed ? ` on ${type}` : ''}${when} { ${fields.join(' ')} }`);
      return several(fc.oneof(renamed, renamed, inline, ...one, ...list), 5).map(
        (fields) => `__typename ${fields.join(' ')}`,
      );
    };
    const connection = (field: string, type: string, depth: number): fc.Arbitrary<string> =>
      fc
        .tuple(
          size,
          size,
          fc.option(fc.constantFrom(...orders[type]!)),
          fc.option(fc.constantFrom(...filters[type]!)),
          fc.tuple(selection(type, depth), selection(type, depth)),
          fc.array(fc.constantFrom('nodes', 'edges', 'pageInfo', 'totalCount'), { minLength: 1, maxLength: 4 }),
        )
        .map(([first, last, orderBy, filter, [one, two], parts]) => {
          const args = [
            first === null ? '' : `first: ${first}`,
            last === null ? '' : `last: ${last}`,
            orderBy === null ? '' : `orderBy: ${orderBy}`,
            filter === null ? '' : `filter: ${filter}`,
          ].filter(Boolean);
          const of: Record<string, string> = {
            nodes: `nodes { ${one} }`,
            edges: `edges { cursor n${(unique += 1)}: node { ${two} } }`,
            pageInfo: 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }',
            totalCount: 'totalCount',
          };
          return `${field}${args.length ? `(${args.join(', ')})` : ''} { ${parts.map((part) => (part === 'nodes' || part === 'edges' ? `p${(unique += 1)}: ${of[part]}` : of[part])).join(' ')} }`;
        });
    const roots: [string, string][] = [
      ['accounts', 'Account'],
      ['lobs', 'Lob'],
      ['invoices', 'Invoice'],
    ];
    const document = several(
      fc.oneof(
        ...roots.map(([field, type]) => connection(field, type, 2).map((inner) => `q${(unique += 1)}: ${inner}`)),
      ),
      3,
    ).map(
      (fields) =>
        `query ($yes: Boolean! = true, $no: Boolean! = false) { __typename ${fields.join(' ')} always: accounts @include(if: $yes) @skip(if: $no) { totalCount } }`,
    );

    it('that can be asked of accounts, LOBs and invoices', async () => {
      const readers = [
        ['auditor', await naiveReader(t, 'everything')],
        ['client', await naiveReader(t, { accountId: scene.clientAccountId })],
      ] as const;
      // When it fails, fast-check prints the seed and the smallest document that it fails for.
      await fc.assert(
        fc.asyncProperty(document, async (asked) => {
          for (const [who, naive] of readers) {
            const answer = await t.as(who).gql(asked);
            expect({ errors: answer.errors, data: withoutCursors(answer.data) }).toEqual({
              errors: [],
              ...naive(asked, {}),
            });
          }
        }),
        { numRuns: 60 },
      );
    });
  });
});
