import { startTestApp, type TestApp } from './support/app';
import { givenAccount, trail } from './support/scene';

let t: TestApp;
beforeAll(async () => {
  // What a document may be at most is another matter: see test/edge/document-limits.test.ts.
  t = await startTestApp({ LIMITS: 'depth=200,nesting=200,aliases=20000,fields=20000' });
});
afterAll(() => t.close());

const aliases = (count: number, field = '__typename') =>
  `{ ${Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(' ')} }`;

describe('what a request costs, before anything runs', () => {
  it('refuses a read whose pages multiply, and answers one that stays small', async () => {
    await givenAccount(t);
    const nested = (first: number) =>
      `{ complaints(first: ${first}) { nodes { account { complaints(first: ${first}) { nodes { account { complaints(first: ${first}) { nodes { id } } } } } } } } }`;
    expect((await t.as('auditor').gql(nested(100))).code).toBe('QUERY_TOO_LARGE');
    expect((await t.as('auditor').gql(nested(20))).errors).toEqual([]);
  });

  it.each([0, 1])('is not got round by pages of %i, which cost a look at one row more', async (first) => {
    const nest = (depth: number, inner: number): string =>
      depth === 0 ? 'id' : `account { complaints(first: ${inner}) { nodes { ${nest(depth - 1, inner)} } } }`;
    const document = `{ complaints(first: ${first}) { nodes { ${nest(first === 0 ? 3 : 20, first === 0 ? 100 : 1)} } } }`;
    expect((await t.as('auditor').gql(document)).code).toBe('QUERY_TOO_LARGE');
  });

  it('refuses thousands of aliases below the root, and those that root fields make together', async () => {
    const wide = (count: number) => Array.from({ length: count }, (_, index) => `c${index}: content`).join(' ');
    const one = `{ auditEvents(first: 100) { nodes { ${wide(3000)} } } }`;
    expect((await t.as('auditor').gql(one)).code).toBe('QUERY_TOO_LARGE');
    const many = `{ ${Array.from({ length: 40 }, (_, index) => `r${index}: auditEvents(first: 100) { nodes { ...W } }`).join(' ')} } fragment W on AuditEvent { ${wide(250)} }`;
    expect(
      (await t.as('auditor').gql(many)).errors.some(({ extensions }) => extensions.code === 'QUERY_TOO_LARGE'),
    ).toBe(true);
  });

  it('refuses a mutation whose payload could not be read before it does anything', async () => {
    const accountId = await givenAccount(t);
    const before = await t.sql('SELECT count(*)::int AS count FROM lob');
    for (const page of ['first: 1000', 'after: "forged"']) {
      const answer = await t
        .as('operations')
        .mutate(
          'openLob',
          { accountId, code: 'LATE', name: 'Late' },
          `lob { account { lobs(${page}) { nodes { id } } } }`,
        );
      expect(['PAGE_SIZE_INVALID', 'CURSOR_INVALID']).toContain(answer.code);
    }
    expect(await t.sql('SELECT count(*)::int AS count FROM lob')).toEqual(before);
  });

  it('records each of fifty refusals of one request, one after another', async () => {
    const before = (await trail(t)).length;
    const answer = await t.as('billing').gql(aliases(50, 'auditEvent(id: 1) { id }'));
    expect(answer.errors).toHaveLength(50);
    const events = (await trail(t)).slice(before);
    expect(events).toHaveLength(50);
    expect(new Set(events.map(({ code, actor }) => `${code} ${actor}`))).toEqual(
      new Set([`FORBIDDEN ${t.as('billing').userId}`]),
    );
  });

  it('keeps no endless reason of a refusal', async () => {
    const { code } = await t.nobody.mutate(
      'voidInvoice',
      { invoiceId: t.as('billing').userId, reason: 'A '.repeat(400_000) },
      'outcome',
    );
    expect(code).toBe('UNAUTHENTICATED');
    const [event] = (await trail(t)).slice(-1);
    expect(event).toMatchObject({ action: 'invoice.void', code: 'UNAUTHENTICATED', reason: null });
  });

  it('ends a session within the document that signs out', async () => {
    const app = await startTestApp();
    try {
      const accountId = await givenAccount(app);
      const answer = await app
        .as('supervisor')
        .gql(
          `mutation ($id: ID!) { a: signOut { signedOut } b: revealSensitiveValue(input: { type: "Account", id: $id, field: "taxId", reason: "late" }) { value } }`,
          { id: accountId },
        );
      expect(answer.code).toBe('UNAUTHENTICATED');
      expect(answer.text).not.toContain('12-3456789');
    } finally {
      await app.close();
    }
  });
});
