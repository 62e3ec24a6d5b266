import { type Comparison, startComparison } from './comparison';
import { everythingOf, mayBeNull, typesOf, WORKED_OUT } from './everything';
import { printedSchema } from './naive-reader';

let comparison: Comparison;
beforeAll(async () => {
  comparison = await startComparison();
});
afterAll(() => comparison.close());

/** The compiled read and the naive one answer alike, whoever asks. */
const answersAlike = (text: string, variables: Record<string, unknown> = {}, operationName?: string) =>
  comparison.alike({ text, variables, operationName });

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
      { length: 90 },
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
    const ids = await comparison.t.sql<{ id: string }>('SELECT id FROM account ORDER BY code LIMIT 5');
    for (const id of [...ids.map((each) => each.id), ids[2]!.id.toUpperCase(), UNKNOWN, 'x', '', '1', 5])
      await answersAlike('query ($id: ID!) { account(id: $id) { id code lobs { nodes { code } } } }', { id });
  });

  it('the operation that is asked for, of several that share fragments', async () => {
    const document = `query A ($n: Int = 1) { accounts(first: $n) { ...P } }
      query B ($n: Int = 2, $o: AccountOrder) { b: accounts(last: $n, orderBy: $o) { ...P } viewer { name } }
      fragment P on AccountConnection { nodes { code lobs(first: 1) { totalCount } } pageInfo { startCursor endCursor } }`;
    await answersAlike(document, {}, 'A');
    await answersAlike(document, { o: 'LEGAL_NAME_DESC' }, 'B');
    await answersAlike(document, { n: 3, o: 'CODE_ASC' }, 'A');
    await answersAlike(document, { n: 3, o: 'CODE_ASC' }, 'B');
  });

  it('introspection beside data', async () => {
    await answersAlike(
      `query ($type: String!) { __schema { queryType { name } mutationType { name } } accounts(first: 1) { nodes { code } }
        __type(name: $type) { name kind description fields { name type { name kind ofType { name } } } } none: __type(name: "None") { name } }`,
      { type: 'Invoice' },
    );
  });

  it('the parts of a value that is no row, under aliases, twice, and named alone', async () => {
    await answersAlike(`{ invoices(first: 5) { nodes { total { sum: amount amount currency: amount } total { c: currency ...M } subtotal { __typename } } }
      changeRequests(first: 9) { nodes { changes { where: path path: before } changes { to: after __typename } } } }
      fragment M on Money { again: amount ... { currency2: currency } }`);
    await answersAlike('{ auditEvents(first: 9) { nodes { changes { x: path y: after z: before t: __typename } } } }');
    await answersAlike(
      '{ viewer { p: permissions { a: action subject: action } permissions { subject2: subject } me: id } }',
    );
  });

  it('one refused root field beside others that are not', async () => {
    await answersAlike('{ viewer { name } complaint(id: "x") { id } auditEvent(id: "x") { id } user(id: "x") { id } }');
    await answersAlike('{ viewer { name } complaints { totalCount } accounts { totalCount } }');
    await answersAlike('{ auditEvents(first: 2) { nodes { action outcome } } users { totalCount } }');
  });

  it('a place that is none of the list refuses its root field, wherever it stands, and no other', async () => {
    const bad = 'ab.cd';
    await answersAlike('query ($c: String) { account(id: "x") { lobs(after: $c) { totalCount } } viewer { name } }', {
      c: bad,
    });
    await answersAlike(
      `{ lobs { totalCount } a: accounts(filter: { code: "NONE" }) { nodes { lobs(before: "${bad}") { totalCount } } } }`,
    );
    await answersAlike(
      `query ($c: String, $no: Boolean!) { accounts(after: $c) @include(if: $no) { totalCount } lobs { nodes { complaints(after: $c) @include(if: $no) { totalCount } code } } }`,
      { c: bad, no: false },
    );
  });
});

const UNKNOWN = '01890000-0000-7000-8000-000000000000';

const schema = printedSchema();

/** What lies deeper than is gone into everywhere. */
const DEEPER = `{ agreements(first: 1000) { nodes { versions { rates {
  lob { id } tiers { upTo perUnit flat } windows { weekdays from until holidays } } } } } }`;

describe('everything that there is, seen by everybody', () => {
  it.each(everythingOf(schema, 1, 100))('%s', async (_name, document) => {
    await answersAlike(document);
  });

  it('has a value in each field, and a null in each that may be null', () => {
    const { naive, viewers } = comparison;
    // Where the size of a page is nobody's concern.
    for (const text of [...everythingOf(schema, 2, 1000).map(([, each]) => each), DEEPER])
      for (const { looker, name } of viewers)
        if (['auditor', 'compliance', 'client', 'nobody'].includes(name)) naive.answer(looker, { text });
    const missing = typesOf(schema).flatMap((type) =>
      Object.values(type.getFields()).flatMap((field) => {
        const name = `${type.name}.${field.name}`;
        // A root field that names one row is tried by its id.
        if (field.args.some((arg) => arg.name === 'id') || WORKED_OUT.includes(name)) return [];
        return [
          ...(naive.met.value.has(name) ? [] : [`${name} has no value`]),
          ...(mayBeNull(field) && !NEVER_NULL.has(name) && !naive.met.null.has(name) ? [`${name} has no null`] : []),
        ];
      }),
    );
    expect(missing).toEqual([]);
  });
});

/** Fields that may be null, and are not for anybody of the cast: who sees the one sees the other. */
const NEVER_NULL = new Set([
  // Null for those alone who may not see it, and then with an error.
  'Account.complaints',
  'Lob.complaints',
  'User.roleGrants',
  'Assignment.agent',
  'Assignment.lob',
  'Lob.account',
  'Complaint.account',
  'Complaint.lob',
  'Complaint.rule',
  'ChangeRequest.maker',
  'ApprovalLimit.user',
  'BillingRun.startedBy',
  'RevealAllowance.user',
  'Finding.changeRequest',
  'Finding.raisedBy',
  'ChangeRequest.expiresAt',
  'Decision.decidedBy',
  'RoleGrant.user',
  'Session.user',
  'ApiKey.user',
  'ApiKey.createdBy',
  'AccessReview.startedBy',
  'AccessReviewItem.accessReview',
  'AccessReviewItem.user',
  'AccessReviewItem.reviewer',
  'DutyException.user',
  'DutyException.owner',
  'DutyException.allowedBy',
]);
