import fc from 'fast-check';
import { Pool } from 'pg';
import { Slot, supply } from '../src/platform/slot';
import { textFrom } from '../src/platform/statements';
import { isText } from '../src/platform/text';
import { startTestApp, type TestApp } from './support/app';
import { givenAccount, givenDraft } from './support/scene';

let t: TestApp;
let accountId: string;
beforeAll(async () => {
  t = await startTestApp();
  accountId = await givenAccount(t, { code: 'PLAN1', legalName: 'Planned Ltd' });
  await givenAccount(t, { code: 'PLAN2', legalName: 'Another Ltd' });
});
afterAll(() => t.close());

/** How queries were answered while something was done: the ways, and the reasons for the ordinary one. */
async function ways(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const count = async () => {
    const { metrics } = t.served.app;
    const values = [...(await metrics.reads.get()).values, ...(await metrics.ordinary.get()).values];
    return new Map(values.map(({ labels, value }) => [Object.values(labels).join(), value]));
  };
  const before = await count();
  await work();
  const changed = [...(await count())].map(([way, value]) => [way, value - (before.get(way) ?? 0)] as const);
  return Object.fromEntries(changed.filter(([, more]) => more > 0));
}

const CODE = 'query ($id: ID!) { account(id: $id) { code } }';

describe('a document is planned once', () => {
  it('for all values of its variables', async () => {
    const document = `${CODE} # values`;
    expect(await ways(() => t.as('auditor').gql(document, { id: accountId }))).toEqual({ compiled: 1 });
    for (const [id, code] of [
      [accountId, 'PLAN1'],
      ['nothing', undefined],
      [accountId.toUpperCase(), 'PLAN1'],
    ])
      expect(
        await ways(async () => expect((await t.as('auditor').gql(document, { id })).data!.account?.code).toBe(code)),
      ).toEqual({ cached: 1 });
  });

  it('for every viewer of a kind, each of whom is answered as themselves', async () => {
    const document = '{ viewer { id name } # kinds\n }';
    expect(await ways(() => t.as('billing').gql(document))).toEqual({ compiled: 1 });
    expect(
      await ways(async () =>
        expect((await t.as('billing2').gql(document)).data!.viewer.id).toBe(t.as('billing2').userId),
      ),
    ).toEqual({ cached: 1 });
    expect(await ways(() => t.as('supervisor').gql(document))).toEqual({ compiled: 1 });
  });

  it('for each page size and order, since they are text of the statement', async () => {
    const document =
      'query ($n: Int, $by: AccountOrder, $f: AccountFilter) { accounts(first: $n, orderBy: $by, filter: $f) { nodes { code } } }';
    const ask = (variables: object) => async () => {
      const { data, errors } = await t.as('auditor').gql(document, variables as never);
      expect(errors).toEqual([]);
      return (data!.accounts.nodes as { code: string }[]).map(({ code }) => code);
    };
    const orders = { n: 1, by: 'CODE_ASC', f: { search: 'PLAN' } };
    expect(await ask(orders)()).toEqual(['PLAN1']);
    expect(await ways(ask({ ...orders, f: { search: 'plan2' } }))).toEqual({ cached: 1 });
    expect(await ask({ ...orders, f: { search: 'plan2' } })()).toEqual(['PLAN2']);
    expect(await ways(ask({ ...orders, n: 2 }))).toEqual({ compiled: 1 });
    expect(await ask({ ...orders, n: 2 })()).toEqual(['PLAN1', 'PLAN2']);
    expect(await ask({ ...orders, n: 2, by: 'CODE_DESC' })()).toEqual(['PLAN2', 'PLAN1']);
    expect(await ask(orders)()).toEqual(['PLAN1']);
    expect(await ways(ask(orders))).toEqual({ cached: 1 });
  });

  it('for each shape of its variables: what is there, what is null, and booleans', async () => {
    const document =
      'query ($f: AgentFilter, $all: Boolean! = true) { agents(filter: $f) { totalCount @include(if: $all) __typename } }';
    const shapes = [
      {},
      { f: null },
      { f: {} },
      { f: { free: true } },
      { f: { free: false } },
      { f: { search: null } },
      { all: false },
    ];
    for (const shape of shapes) {
      expect([shape, await ways(() => t.as('auditor').gql(document, shape as never))]).toEqual([
        shape,
        { compiled: 1 },
      ]);
      expect([shape, await ways(() => t.as('auditor').gql(document, shape as never))]).toEqual([shape, { cached: 1 }]);
    }
  });

  it('for each operation of it', async () => {
    const document = 'query A { accounts(first: 1) { totalCount } } query B { lobs(first: 1) { totalCount } }';
    const ask = (operationName: string) => () =>
      fetchAs('auditor', { query: document, operationName }).then(({ data }) => Object.keys(data));
    expect(await ask('A')()).toEqual(['accounts']);
    expect(await ask('B')()).toEqual(['lobs']);
    expect(await ways(ask('A'))).toEqual({ cached: 1 });
  });
});

async function fetchAs(who: 'auditor', body: object) {
  const { port } = t.served.server.address() as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${t.as(who).token}` },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { data: Record<string, any> };
}

describe('what is answered the ordinary way, and why', () => {
  it.each([
    ['introspection', 'auditor', '{ __schema { queryType { name } } accounts(first: 1) { totalCount } }', {}],
    ['refused', 'billing', '{ auditEvents { totalCount } }', {}],
    ['hidden', 'billing', '{ accounts { nodes { complaints { totalCount } } } }', {}],
    ['refused', 'auditor', '{ accounts(first: 101) { totalCount } }', {}],
    ['refused', 'auditor', '{ accounts(after: "forged") { totalCount } }', {}],
    ['variables', 'auditor', CODE, {}],
    ['variables', 'auditor', CODE, { id: 'x'.repeat(1001) }],
    ['variables', 'auditor', CODE, { id: '\u0007' }],
  ] as const)('%s, %s: %s', async (reason, who, document, variables) => {
    expect(await ways(() => t.as(who).gql(document, variables))).toEqual({ ordinary: 1, [reason]: 1 });
  });

  it.each(['totalCount', 'nodes { id }', 'pageInfo { endCursor }', '__typename'])(
    'a cursor in a variable that is none, whatever is asked: %s',
    async (asked) => {
      const ask = (c: string | null) => () =>
        t.as('auditor').gql(`query ($c: String) { accounts(first: 1, after: $c) { ${asked} } }`, { c });
      expect(await ways(ask('forged'))).toEqual({ compiled: 1, ordinary: 1, refused: 1 });
      expect((await ask('forged')()).code).toBe('CURSOR_INVALID');
      expect((await ask(null)()).errors).toEqual([]);
    },
  );

  it('whatever nobody asks', async () => {
    expect(await ways(() => t.nobody.gql('{ viewer { id } }'))).toEqual({ ordinary: 1, nobody: 1 });
  });

  it('what may be null for a viewer and must not be: graphql-js knows what that makes of the rest', async () => {
    const ask = () =>
      t.as('auditor').gql('{ invoices(first: 2) { nodes { id account { code } } } lobs { totalCount } }');
    await givenDraft(t, accountId);
    const invoiceId = await givenDraft(t, accountId);
    expect(await ways(ask)).toEqual({ compiled: 1 });
    await t.rewind('UPDATE invoice SET account_id = gen_random_uuid() WHERE id = $1', [invoiceId]);
    expect(await ways(ask)).toEqual({ cached: 1, ordinary: 1, 'may be null': 1 });
    const { data, errors } = await ask();
    expect(data).toBeNull();
    expect(errors.map(({ path }) => path)).toEqual([['invoices', 'nodes', 0, 'account']]);
    await t.rewind('UPDATE invoice SET account_id = $1', [accountId]);
    expect(await ways(ask)).toEqual({ cached: 1 });
  });

  it('what failed in the database: the other fields are answered', async () => {
    await t.sql('ALTER TABLE agent RENAME TO agent_gone');
    try {
      const ask = () => t.as('auditor').gql('{ accounts(first: 1) { totalCount } agent(id: "x") { id } }');
      expect(await ways(ask)).toEqual({ compiled: 1, ordinary: 1, failed: 1 });
      const { data, errors } = await ask();
      expect(data).toEqual({ accounts: { totalCount: 2 }, agent: null });
      expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['agent'], 'INTERNAL']]);
    } finally {
      await t.sql('ALTER TABLE agent_gone RENAME TO agent');
    }
  });

  it('mutations, which are no reads', async () => {
    expect(await ways(() => t.as('operations').mutate('hireAgent', {}))).toEqual({});
  });

  it('refuses as a whole what would cost too much, before anything of it is read', async () => {
    const nest = (depth: number): string =>
      depth === 0 ? 'id' : `account { complaints(first: 100) { nodes { ${nest(depth - 1)} } } }`;
    const { data, code, status } = await t
      .as('auditor')
      .gql(`{ accounts(first: 1) { totalCount } complaints(first: 100) { nodes { ${nest(3)} } } }`);
    expect({ data, code, status }).toEqual({ data: undefined, code: 'QUERY_TOO_LARGE', status: 400 });
  });
});

describe('a guess about who asks', () => {
  it('never answers for a session that has ended, nor with roles that are gone', async () => {
    const ask = () => t.as('supervisor2').gql('{ agents(first: 1) { nodes { id } } }');
    const { userId } = t.as('supervisor2');
    expect((await ask()).errors).toEqual([]);
    expect(await ways(ask)).toEqual({ cached: 1 });
    await t.sql('UPDATE role_grant SET revoked_at = now(), revoked_by_id = $2 WHERE user_id = $1', [
      userId,
      t.as('admin').userId,
    ]);
    expect((await ask()).code).toBe('FORBIDDEN');
    await t.sql('UPDATE session SET ended_at = now() WHERE user_id = $1', [userId]);
    expect((await ask()).code).toBe('UNAUTHENTICATED');
  });
});

describe('prepared statements', () => {
  it('are bounded for each connection, which is let go when it holds too many', async () => {
    const pool = new Pool({ connectionString: t.apiUrl, max: 1 });
    const pid = async () =>
      Number(await textFrom(pool, { text: 'select pg_backend_pid()::text', name: 'pid', uses: 0 }, []));
    const held = async () =>
      Number(
        await textFrom(pool, { text: 'select count(*)::text from pg_prepared_statements', name: 'n', uses: 0 }, []),
      );
    const first = await pid();
    let most = 0;
    for (let index = 0; index < 301; index += 1) {
      expect(await textFrom(pool, { text: `select '${index}'`, name: `s${index}`, uses: 1 }, [])).toBe(String(index));
      if (index % 50 === 0) most = Math.max(most, await held());
    }
    expect(most).toBeGreaterThan(200);
    expect(await held()).toBe(0);
    expect(await pid()).not.toBe(first);
    await pool.end();
  });

  it('are not made for what comes once', async () => {
    const pool = new Pool({ connectionString: t.apiUrl, max: 1 });
    const statement = { text: 'select count(*)::text from pg_prepared_statements', name: 'again', uses: 0 };
    expect([
      await textFrom(pool, statement, []),
      await textFrom(pool, statement, []),
      await textFrom(pool, statement, []),
    ]).toEqual(['0', '1', '1']);
    await pool.end();
  });

  it('give a connection back whatever became of the statement', async () => {
    const pool = new Pool({ connectionString: t.apiUrl, max: 1 });
    for (let index = 0; index < 3; index += 1)
      await expect(textFrom(pool, { text: 'select 1/0', name: 'z', uses: index }, [])).rejects.toThrow('division');
    expect(await textFrom(pool, { text: `select 'well'`, name: 'w', uses: 0 }, [])).toBe('well');
    await pool.end();
  });
});

describe('a statement of one text', () => {
  const open = (max = 1) => new Pool({ connectionString: t.apiUrl, max });
  const told = {
    text: `select to_json(array[$1::text, $2::text[]::text, $3::bytea::text, $4::int::text, $5::timestamptz::text, $6::bool::text])::text`,
  };

  it('sends values as pg itself does', async () => {
    const pool = open();
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((each) => isText(each));
    const values = fc.tuple(
      fc.option(text),
      fc.option(fc.array(fc.option(text), { maxLength: 4 })),
      fc.option(fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))),
      fc.option(fc.integer({ min: -2_147_483_648, max: 2_147_483_647 })),
      fc.option(fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })),
      fc.option(fc.boolean()),
    );
    let uses = 0;
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const ours = await textFrom(pool, { ...told, name: 'told', uses: uses++ }, given);
        const { rows } = await pool.query<[string]>({ ...told, values: given, rowMode: 'array' });
        expect(ours).toBe(rows[0]![0]);
      }),
      { seed, numRuns: 200 },
    );
    await pool.end();
  });

  it('is null where the database says null', async () => {
    const pool = open();
    expect(await textFrom(pool, { text: 'select null::text', name: 'null', uses: 1 }, [])).toBeNull();
    await pool.end();
  });

  it('fails alone when a value cannot be sent, whoever asks next on its connection', async () => {
    const pool = open();
    const circle: unknown[] = [];
    circle.push({ circle });
    const statement = { text: 'select $1::text', name: 'circle', uses: 1 };
    await expect(textFrom(pool, statement, [{ circle }])).rejects.toThrow('circular');
    expect(await Promise.all([textFrom(pool, statement, ['a']), textFrom(pool, statement, ['b'])])).toEqual(['a', 'b']);
    await pool.end();
  });

  it('fails when its connection is ended under it, and the next has another', async () => {
    const pool = open();
    pool.on('error', () => undefined);
    const ended = textFrom(
      pool,
      { text: 'select pg_terminate_backend(pg_backend_pid())::text', name: 'end', uses: 1 },
      [],
    );
    await expect(ended).rejects.toThrow('terminat');
    expect(await textFrom(pool, { text: `select 'well'`, name: 'w', uses: 1 }, [])).toBe('well');
    expect(pool.totalCount).toBe(1);
    await pool.end();
  });

  it('comes back to whoever asked, many at once over few connections', async () => {
    const pool = open(3);
    const statement = { text: `select $1 || pg_sleep(0.001)::text`, name: 'echo', uses: 1 };
    const asked = Array.from({ length: 200 }, (_, index) => String(index));
    expect(await Promise.all(asked.map((each) => textFrom(pool, statement, [each])))).toEqual(asked);
    await pool.end();
  });
});

describe('a slot', () => {
  const supplied = { viewer: {}, now: new Date(0), variables: { a: 1 } };
  const slot = new Slot(({ variables }) => variables.a as number);

  it('cannot be looked into', () => {
    expect(() => slot.fixed()).toThrow('cannot depend');
    expect(() => slot.map((value) => value + 1).fixed()).toThrow('cannot depend');
  });

  it('is filled at each request, also within lists and behind changes', () => {
    expect(supply([slot, [slot.map((value) => value + 1)], 'x'], supplied)).toEqual([1, [2], 'x']);
  });
});
