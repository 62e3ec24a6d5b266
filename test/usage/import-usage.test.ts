import { startTestApp, type TestApp } from '../support/app';
import { approve, eventsOf, expectRefused, NOBODYS_ID, proposed, tally } from '../support/outcomes';
import { freshCode, givenAgent, givenClientOf } from '../support/scene';
import { type Client, givenClient, recordsOf } from './support';

let t: TestApp;
let client: Client;
let other: Client;
beforeAll(async () => {
  t = await startTestApp();
  client = await givenClient(t, ['CARDS', 'LOANS'], 'America/New_York');
  other = await givenClient(t, ['CARDS']);
});
afterAll(() => t.close());

const START = '2026-02-27T09:00:00Z';
const record = (sourceId: string, more: object = {}) => ({
  sourceId,
  lob: 'CARDS',
  startedAt: START,
  talkSeconds: 60,
  ...more,
});
const input = (records: object[], more: object = {}) => ({ accountId: client.id, source: 'acd', records, ...more });

const IMPORT = `outcome changeRequest { id revision digest } usageImport { id state source recordsIn recordsNew recordsKnown recordsRejected
  rejections(first: 100) { totalCount nodes { lineNumber code field line } } }`;
const importing = (records: object[], more: object = {}, as: 'operations' | 'billing' = 'operations') =>
  t.as(as).mutate('importUsage', input(records, more), IMPORT);
const counts = ({ recordsIn, recordsNew, recordsKnown, recordsRejected }: Record<string, number>) => [
  recordsIn,
  recordsNew,
  recordsKnown,
  recordsRejected,
];

/** Records by the ids of their sources, each of a source of its own so that tests do not meet. */
async function whatBecomesOf(records: object[]) {
  const source = freshCode('S');
  const { payload, errors } = await importing(records, { source });
  expect(errors).toEqual([]);
  const rows = await t.sql(
    `SELECT r.* FROM call_record r JOIN usage_source s ON s.number = r.source_number WHERE s.code = $1 ORDER BY sequence`,
    [source],
  );
  return { rows, usage: payload.usageImport };
}

describe('usage.import', () => {
  it('adds calls, and says so in the trail', async () => {
    const agentId = await givenAgent(t, { code: 'AVI' });
    const call = record('one', {
      agent: 'AVI',
      service: 'priority',
      answeredAt: '2026-02-27T09:00:20Z',
      resolved: true,
    });
    const { answer, events } = await eventsOf(t, () => importing([call], { source: 'first' }));
    const { id, ...usage } = answer.payload.usageImport;
    expect(usage).toMatchObject({
      state: 'DONE',
      source: 'first',
      recordsIn: 1,
      recordsNew: 1,
      recordsKnown: 0,
      recordsRejected: 0,
    });
    expect(events).toMatchObject([
      {
        action: 'usage.imported',
        outcome: 'DONE',
        actor: t.as('operations').userId,
        subject: { type: 'UsageImport', id, version: 1 },
        changes: [
          { path: 'source', before: null, after: 'first' },
          { path: 'state', before: null, after: 'DONE' },
          { path: 'recordsIn', before: 0, after: 1 },
          { path: 'recordsNew', before: 0, after: 1 },
          { path: 'recordsKnown', before: 0, after: 0 },
          { path: 'recordsRejected', before: 0, after: 0 },
        ],
      },
    ]);
    const { data } = await t.as('auditor').gql(
      `query ($id: ID!) { callRecords(filter: { importId: $id }) { totalCount nodes { source sourceId kind service agentCode startedAt answeredAt endedAt
         waitSeconds talkSeconds outcome resolved flags account { id } lob { id } agent { id } } } }`,
      { id },
    );
    expect(data!.callRecords).toEqual({
      totalCount: 1,
      nodes: [
        {
          source: 'first',
          sourceId: 'one',
          kind: 'CALL',
          service: 'priority',
          agentCode: 'AVI',
          startedAt: '2026-02-27T09:00:00.000Z',
          answeredAt: '2026-02-27T09:00:20.000Z',
          endedAt: '2026-02-27T09:01:20.000Z',
          waitSeconds: 20,
          talkSeconds: 60,
          outcome: 'HANDLED',
          resolved: true,
          flags: [],
          account: { id: client.id },
          lob: { id: client.lobs.CARDS },
          agent: { id: agentId },
        },
      ],
    });
  });

  it('refuses whoever may not, accounts that are not there, and what is no batch', async () => {
    const refused = (as: any, code: string, more: object = {}) =>
      expectRefused(t, {
        as,
        mutation: 'importUsage',
        operation: 'usage.import',
        input: input([record('x')], more),
        code,
      });
    await refused('nobody', 'UNAUTHENTICATED');
    for (const as of ['admin', 'supervisor', 'compliance', 'auditor', 'stranger']) await refused(as, 'FORBIDDEN');
    await refused('operations', 'NOT_FOUND', { accountId: NOBODYS_ID });
    await refused('operations', 'NOT_FOUND', { accountId: 'no id' });
    for (const more of [
      { records: [] },
      { source: '' },
      { source: 'two words' },
      { records: Array.from({ length: 1001 }, (_x, n) => record(`${n}`)) },
    ])
      expect((await importing([], more)).code).toBe('BAD_USER_INPUT');
    expect((await importing([record('x'.repeat(201))])).code).toBe('BAD_USER_INPUT');
  });

  it('makes a record once: repeated, under a key, in one batch, and with another content', async () => {
    const source = 'again';
    const first = await importing([record('a'), record('b')], { source, idempotencyKey: 'usage-once' });
    const same = await importing([record('a'), record('b')], { source, idempotencyKey: 'usage-once' });
    expect(same.payload.usageImport.id).toBe(first.payload.usageImport.id);
    const known = await importing([record('b'), record('c'), record('c'), record('a')], { source });
    expect(counts(known.payload.usageImport)).toEqual([4, 1, 3, 0]);
    const reused = await importing([record('a', { talkSeconds: 61 }), record('d'), record('d', { lob: 'LOANS' })], {
      source,
    });
    expect(counts(reused.payload.usageImport)).toEqual([3, 1, 0, 2]);
    expect(reused.payload.usageImport.rejections.nodes.map(({ lineNumber, code }: any) => [lineNumber, code])).toEqual([
      [1, 'SOURCE_ID_REUSED'],
      [3, 'SOURCE_ID_REUSED'],
    ]);
    const moved = await importing([record('a', { startedAt: '2025-12-01T09:00:00Z' })], { source });
    expect(counts(moved.payload.usageImport)).toEqual([1, 0, 0, 1]);
    const elsewhere = await importing([record('a')], { source, accountId: other.id });
    expect(counts(elsewhere.payload.usageImport)).toEqual([1, 1, 0, 0]);
  });

  it('raced by others with the same calls, makes each once, and no sequence that was seen is overtaken', async () => {
    const batch = (from: number) => Array.from({ length: 60 }, (_x, n) => record(`race-${from + n}`));
    const seen: { upTo: string; count: string }[] = [];
    // First the cut, then what is within it: see docs/decisions/0016-usage.md.
    const count = async (upTo: string) => {
      const within = 'SELECT count(*) FROM call_record WHERE account_id = $1 AND sequence <= $2';
      return (await t.sql<{ count: string }>(within, [client.id, upTo]))[0]!.count;
    };
    const look = async () => {
      const [ledger] = await t.sql<{ upTo: string }>(
        'SELECT last_sequence AS "upTo" FROM usage_ledger WHERE account_id = $1',
        [client.id],
      );
      if (ledger) seen.push({ upTo: ledger.upTo, count: await count(ledger.upTo) });
    };
    const race = { over: false };
    const watching = (async () => {
      while (!race.over) await look();
    })();
    const answers = await Promise.all(
      [0, 30, 0, 60, 30, 90, 0, 60].map((from) => importing(batch(from), { source: 'race' })),
    );
    race.over = true;
    await watching;
    expect(tally(answers, 'importUsage')).toEqual({ DONE: 8 });
    const sums = answers
      .map(({ payload }) => counts(payload.usageImport))
      .reduce((a, b) => a.map((n, at) => n! + b[at]!));
    expect(sums).toEqual([480, 150, 330, 0]);
    for (const each of seen) expect(await count(each.upTo)).toBe(each.count);
  });

  it('waits for a second person where a policy says so, and is carried out then', async () => {
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'usage.import'`);
    try {
      const request = await proposed(
        t,
        'operations',
        'importUsage',
        input([record('later'), record('bad', { lob: 'NONE' })], { source: 'held' }),
      );
      expect(await t.sql(`SELECT FROM usage_import WHERE source = 'held'`)).toEqual([]);
      expect((await approve(t, request)).payload.changeRequest.status).toBe('EXECUTED');
      expect(await t.sql(`SELECT records_new, records_rejected FROM usage_import WHERE source = 'held'`)).toEqual([
        { records_new: 1, records_rejected: 1 },
      ]);
    } finally {
      await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'usage.import'`);
    }
  });
});

describe('what a line comes to', () => {
  const REJECTED: [more: object, code: string, field: string | null][] = [
    [{ lob: 'NONE' }, 'LOB_UNKNOWN', 'lob'],
    [{ lob: ' ' }, 'FIELD_MISSING', 'lob'],
    [{ sourceId: '' }, 'FIELD_MISSING', 'sourceId'],
    [{ service: 'x'.repeat(101) }, 'FIELD_TOO_LONG', 'service'],
    [{ startedAt: '' }, 'FIELD_MISSING', 'startedAt'],
    [{ startedAt: '2026-02-30T09:00:00Z' }, 'TIME_INVALID', 'startedAt'],
    [{ startedAt: '2026-02-27T24:00:00Z' }, 'TIME_INVALID', 'startedAt'],
    [{ startedAt: '9:00:00' }, 'TIME_INVALID', 'startedAt'],
    [{ answeredAt: 'soon' }, 'TIME_INVALID', 'answeredAt'],
    [{ endedAt: '27/02/2026 09:00' }, 'TIME_INVALID', 'endedAt'],
    [{ startedAt: '1999-12-31T23:59:59Z' }, 'TOO_LONG_AGO', 'startedAt'],
    [{ startedAt: '2999-01-01T00:00:00Z' }, 'IN_FUTURE', 'startedAt'],
    [{ talkSeconds: 86_401 }, 'DURATION_TOO_LONG', 'talkSeconds'],
    [{ waitSeconds: 86_401 }, 'DURATION_TOO_LONG', 'waitSeconds'],
    [{ talkSeconds: null, endedAt: '2026-03-02T09:00:01Z' }, 'DURATION_TOO_LONG', 'endedAt'],
    [{ outcome: 'HANG' }, 'OUTCOME_UNKNOWN', 'outcome'],
    [{ kind: 'CREDIT' }, 'KIND_UNKNOWN', 'kind'],
    [{ kind: 'REVERSAL' }, 'CORRECTION_INVALID', 'corrects'],
    [{ kind: 'CALL', corrects: 'x' }, 'CORRECTION_INVALID', 'corrects'],
    [{ sourceId: 'self', corrects: 'self' }, 'CORRECTION_INVALID', 'corrects'],
  ];

  it('is rejected with a reason, kept as it came, and stops no other', async () => {
    const bad = REJECTED.map(([more], at) => record(`bad-${at}`, more));
    const { rows, usage } = await whatBecomesOf([record('good-1'), ...bad, record('good-2')]);
    expect(rows.map(({ source_id: id }) => id)).toEqual(['good-1', 'good-2']);
    expect(counts(usage)).toEqual([bad.length + 2, 2, 0, bad.length]);
    expect(usage.rejections.nodes.map(({ line, ...of }: any) => ({ ...of, said: JSON.parse(line) }))).toEqual(
      REJECTED.map(([more, code, field], at) => ({ lineNumber: at + 2, code, field, said: record(`bad-${at}`, more) })),
    );
  });

  it('is kept without card numbers and addresses', async () => {
    const { usage } = await whatBecomesOf([record('4111111111111111', { lob: 'jo@doe.example' })]);
    expect(usage.rejections.nodes[0].line).not.toMatch(/4111111111111111|jo@doe/);
  });

  const KEPT: [name: string, more: object, row: object][] = [
    ['zero seconds', { talkSeconds: 0, outcome: 'HANDLED' }, { talk_seconds: 0, flags: ['ZERO_TALK'] }],
    ['talk of what was abandoned', { outcome: 'abandoned' }, { outcome: 'ABANDONED', flags: ['TALK_UNHANDLED'] }],
    ['an unknown agent', { agent: 'WHO' }, { agent_id: null, agent_code: 'WHO', flags: ['AGENT_UNKNOWN'] }],
    ['no talk and no outcome', { talkSeconds: null }, { outcome: 'ABANDONED', talk_seconds: 0, flags: [] }],
    [
      'talk longer than its ends',
      { answeredAt: START, endedAt: '2026-02-27T09:00:40Z' },
      { talk_seconds: 40, flags: ['TIMES_MISFIT'] },
    ],
    [
      'talk shorter than its ends',
      { answeredAt: START, endedAt: '2026-02-27T09:02:00Z' },
      { talk_seconds: 60, flags: ['TIMES_MISFIT'] },
    ],
    ['talk rounded up', { answeredAt: START, endedAt: '2026-02-27T09:00:59.5Z' }, { talk_seconds: 59, flags: [] }],
    [
      'an end before its answer',
      { answeredAt: '2026-02-27T09:01:00Z', endedAt: START },
      { talk_seconds: 60, ended_at: new Date('2026-02-27T09:02:00Z'), flags: ['TIMES_MISFIT'] },
    ],
    [
      'an answer before the start',
      { answeredAt: '2026-02-27T08:59:00Z' },
      { answered_at: null, flags: ['TIMES_MISFIT'] },
    ],
    ['seconds below zero', { waitSeconds: -87 }, { wait_seconds: 0, flags: ['TIMES_MISFIT'] }],
    ['a local time', { startedAt: '2026-02-27 04:00:00' }, { started_at: new Date(START), flags: [] }],
    ['another offset', { startedAt: '2026-02-27T14:30:00+05:30' }, { started_at: new Date(START), flags: [] }],
    ['a correction', { corrects: 'not-there-yet' }, { kind: 'CORRECTION', corrects: 'not-there-yet', flags: [] }],
    ['a reversal', { corrects: 'x', kind: 'reversal' }, { kind: 'REVERSAL', corrects: 'x' }],
  ];

  it('is made to fit where it does not, and marked', async () => {
    const { rows, usage } = await whatBecomesOf(KEPT.map(([name, more]) => record(name, more)));
    expect(usage.rejections.nodes).toEqual([]);
    expect(rows).toMatchObject(KEPT.map(([name, , row]) => ({ source_id: name, ...row })));
  });

  it('is rejected when its call began after its LOB was closed, and taken when it began before', async () => {
    const { id, lobs } = await givenClient(t, ['SHORT']);
    await t.sql(`UPDATE lob SET status = 'CLOSED', closed_at = $2 WHERE id = $1`, [lobs.SHORT, START]);
    const records = [
      record('before', { lob: 'SHORT', startedAt: '2026-02-27T08:59:59Z' }),
      record('after', { lob: 'SHORT', startedAt: '2026-02-27T09:00:01Z' }),
    ];
    const { payload } = await importing(records, { accountId: id });
    expect(payload.usageImport).toMatchObject({
      recordsNew: 1,
      rejections: { nodes: [{ lineNumber: 2, code: 'LOB_WAS_CLOSED' }] },
    });
  });
});

describe('who sees what', () => {
  const ALL = `{ callRecords(first: 100) { nodes { account { id } agentCode agent { id } } } usageImports(first: 100) { nodes { account { id }
    rejections { nodes { line } } } } }`;

  it('a client’s user sees calls and imports of their own account, and no agents', async () => {
    const seen = [record('seen', { agent: 'WHO' }), record('seen-2'), record('unseen', { lob: 'NONE' })];
    await importing(seen, { source: 'mine' });
    const theirs = await importing([record('theirs'), record('no', { lob: 'NONE' })], {
      accountId: other.id,
      source: 'theirs',
    });
    await givenClientOf(t, client.id);
    const { data, errors } = await t.as('client').gql(ALL);
    expect(errors).toEqual([]);
    expect(data!.callRecords.nodes.length).toBeGreaterThan(1);
    for (const { account, agentCode, agent } of data!.callRecords.nodes)
      expect({ account, agentCode, agent }).toEqual({ account: { id: client.id }, agentCode: null, agent: null });
    expect(data!.usageImports.nodes.every(({ account }: any) => account.id === client.id)).toBe(true);
    const { data: hidden } = await t.as('client').gql(
      `query ($id: ID!, $account: ID!) { usageImport(id: $id) { id rejections { nodes { line } } } callRecords(filter: { accountId: $account }) { totalCount }
         usageImports(filter: { accountId: $account }) { totalCount } bySource: callRecords(filter: { sourceId: "theirs" }) { totalCount } }`,
      { id: theirs.payload.usageImport.id, account: other.id },
    );
    expect(hidden).toEqual({
      usageImport: null,
      callRecords: { totalCount: 0 },
      usageImports: { totalCount: 0 },
      bySource: { totalCount: 0 },
    });
    expect((await t.as('client').mutate('importUsage', input([record('mine')]), 'outcome')).code).toBe('FORBIDDEN');
  });

  it('somebody without a role is let in nowhere', async () => {
    for (const field of ['callRecords', 'usageImports'])
      expect((await t.as('stranger').gql(`{ ${field} { totalCount } }`)).code).toBe('FORBIDDEN');
  });
});

describe('the database by itself', () => {
  const refused = (text: string, message: RegExp) => expect(t.apiSql(text)).rejects.toThrow(message);

  it('lets the API change, delete and make nothing of it', async () => {
    for (const table of ['call_record', 'call_key', 'usage_rejection', 'usage_source']) {
      await refused(`DELETE FROM ${table}`, /permission denied/);
      await refused(`TRUNCATE ${table}`, /permission denied/);
    }
    await refused('UPDATE call_record SET talk_seconds = 0', /permission denied/);
    await refused(`UPDATE call_key SET source_id = 'x'`, /permission denied/);
    await refused(`UPDATE usage_import SET source = 'x'`, /permission denied/);
    await refused(
      'CREATE TABLE call_record_2031_01 PARTITION OF call_record DEFAULT',
      /permission denied|must be owner/,
    );
    await refused(`SELECT call_record_month('1999-12-31T00:00:00Z')`, /no calls are kept of that month/);
    await refused(`SELECT call_record_month('2999-01-01T00:00:00Z')`, /no calls are kept of that month/);
  });

  it('takes no key twice, no second record of a call, no ledger back and no import that is done', async () => {
    await whatBecomesOf([record('there')]);
    await refused('INSERT INTO call_key SELECT * FROM call_key LIMIT 1', /call_key_pkey/);
    await refused('INSERT INTO call_record SELECT * FROM call_record LIMIT 1', /pkey/);
    await refused('UPDATE usage_ledger SET last_sequence = 0', /only grows/);
    await refused(`UPDATE usage_import SET state = 'RUNNING', finished_at = NULL WHERE state = 'DONE'`, /only grows/);
  });

  it('opens a month once, whoever asks for it at the same time', async () => {
    const asked = await Promise.all(
      Array.from({ length: 6 }, () => t.apiSql(`SELECT call_record_month('2003-05-31T23:59:59Z') AS month`)),
    );
    expect(asked.flat()).toEqual(Array.from({ length: 6 }, () => ({ month: 'call_record_2003_05' })));
    const { rows } = await whatBecomesOf([
      record('old', { startedAt: '2003-05-31T23:59:59Z' }),
      record('next', { startedAt: '2003-06-01T00:00:00Z' }),
    ]);
    expect(rows.map(({ source_id: id }) => id)).toEqual(['old', 'next']);
    expect(await recordsOf(t, { ...other, id: NOBODYS_ID })).toEqual([]);
  });
});
