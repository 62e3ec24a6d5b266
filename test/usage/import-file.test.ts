import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { abandonUsageImports } from '../../src/usage/abandon-usage-imports';
import { startTestApp, type TestApp } from '../support/app';
import { TEST_MASTER_KEY } from '../support/config';
import { eventsOf } from '../support/outcomes';
import { random } from '../support/random';
import { freshCode } from '../support/scene';
import {
  BANK_LAYOUT,
  type Client,
  countsOf,
  dyingAfter,
  fileOf,
  forgetFiles,
  givenClient,
  imported,
  recordsOf,
  rejectionsOf,
  sharedFile,
} from './support';

let t: TestApp;
let client: Client;
beforeAll(async () => {
  t = await startTestApp();
  client = await givenClient(t, ['CARDS', 'LOANS']);
});
afterAll(async () => {
  await t.close();
  forgetFiles();
});

const done = (counts: [all: number, fresh: number, known: number, rejected: number]) => ({
  state: 'DONE',
  in: counts[0],
  new: counts[1],
  known: counts[2],
  rejected: counts[3],
});

const HEADER = 'sourceId,lob,startedAt,talkSeconds,service';
const lineOf = (id: number) => `c${id},CARDS,2026-01-${String((id % 28) + 1).padStart(2, '0')}T10:00:00Z,${id % 100},s`;
const BAD = 'c-bad,NONE,2026-01-01T10:00:00Z,1,s';
/** So many calls, every tenth line a bad one. */
const someLines = (count: number): string[] =>
  Array.from({ length: count }, (_x, id) => (id % 10 === 9 ? BAD.replace('bad', `bad${id}`) : lineOf(id)));
const csv = (lines: readonly string[]) => [HEADER, ...lines].join('\n');

const bank = sharedFile('technion_bank_calls_1999_08.dev');
const callmemaybe = sharedFile('callmemaybe_calls.dev');

/** By type: what `xz -dc … | node test/usage/bank-totals.mjs` prints. */
const BANK = {
  IN: { calls: 1961, handled: 963, talkSeconds: 291_246, minutesBegun: 5323 },
  NE: { calls: 1768, handled: 1545, talkSeconds: 390_302, minutesBegun: 7285 },
  NW: { calls: 3909, handled: 1789, talkSeconds: 249_619, minutesBegun: 5061 },
  PE: { calls: 102, handled: 50, talkSeconds: 14_984, minutesBegun: 274 },
  PS: { calls: 15_390, handled: 11_061, talkSeconds: 1_978_770, minutesBegun: 38_618 },
  TT: { calls: 538, handled: 480, talkSeconds: 56_309, minutesBegun: 1236 },
};

describe('real files (skipped when ../shared/data or xz is absent)', () => {
  // "Anonymous Bank" data: I. Guedj and A. Mandelbaum, Technion.
  (bank ? it : it.skip)(
    'a bank’s calls come to the totals of an independent script, also when imported twice',
    async () => {
      const theBank = await givenClient(t, Object.keys(BANK), 'Asia/Jerusalem');
      const file = fileOf(bank!);
      const script = path.resolve(__dirname, 'bank-totals.mjs');
      expect(JSON.parse(execFileSync(process.execPath, [script], { input: bank! }).toString())).toEqual(BANK);
      const once = await imported(t, theBank, file, { layout: BANK_LAYOUT });
      expect(countsOf(once)).toEqual(done([23_668, 23_668, 0, 0]));
      const before = await recordsOf(t, theBank);
      expect(countsOf(await imported(t, theBank, file, { layout: BANK_LAYOUT, size: 7_000 }))).toEqual(
        done([23_668, 0, 23_668, 0]),
      );
      expect(await recordsOf(t, theBank)).toEqual(before);
      const totals = await t.sql(
        `SELECT l.code, count(*)::int AS calls, count(*) FILTER (WHERE outcome = 'HANDLED')::int AS handled,
         sum(talk_seconds) FILTER (WHERE outcome = 'HANDLED')::int AS "talkSeconds",
         sum(ceil(talk_seconds / 60.0)) FILTER (WHERE outcome = 'HANDLED')::int AS "minutesBegun"
       FROM call_record r JOIN lob l ON l.id = r.lob_id WHERE r.account_id = $1 GROUP BY 1`,
        [theBank.id],
      );
      expect(Object.fromEntries(totals.map(({ code, ...of }) => [code, of]))).toEqual(BANK);
      // 23:54:40 to 0:04:25, which is of the next day; and a minute of an agent who never spoke.
      const late = before.find(({ source_id: id }) => id === 'AA0206/47700');
      expect(late).toMatchObject({
        answered_at: new Date('2010-08-02T20:58:54Z'),
        ended_at: new Date('2010-08-02T21:04:25Z'),
        talk_seconds: 331,
      });
      expect(before.filter(({ flags }) => flags.includes('ZERO_TALK'))).toHaveLength(61);
      expect(before.filter(({ flags }) => flags.includes('TALK_UNHANDLED'))).toHaveLength(263);
    },
  );

  (callmemaybe ? it : it.skip)('lines that a file has twice make one record each', async () => {
    const layout = {
      columns: {
        sourceId: ['user_id', 'date', 'direction', 'internal', 'operator_id', 'is_missed_call'],
        lob: 'direction',
        startedAt: 'date',
        talkSeconds: 'call_duration',
        agent: 'operator_id',
      },
      // Totals of days are no calls: a day has more seconds of talk than a call may.
      empty: { agent: ['unknown'] },
    };
    const [, ...lines] = callmemaybe!.trim().split('\n');
    const caller = await givenClient(t, ['in', 'out']);
    const { recordsIn, recordsNew, recordsKnown, recordsRejected, id } = await imported(
      t,
      caller,
      fileOf(callmemaybe!),
      { layout },
    );
    const long = (line: string) => Number(line.split(',')[7]) > 86_400;
    const taken = lines.filter((line) => !long(line));
    const keyOf = (line: string) => line.split(',').slice(0, 6).join('/');
    const said = (line: string) => line.split(',')[7];
    const firsts = new Map(taken.toReversed().map((line) => [keyOf(line), said(line)]));
    const other = taken.filter((line) => firsts.get(keyOf(line)) !== said(line)).length;
    expect({ recordsIn, recordsNew, recordsKnown, recordsRejected }).toEqual({
      recordsIn: lines.length,
      recordsNew: firsts.size,
      recordsKnown: taken.length - firsts.size - other,
      recordsRejected: lines.length - taken.length + other,
    });
    expect(firsts.size).toBeLessThan(taken.length);
    expect((await rejectionsOf(t, id)).filter(({ code }) => code === 'SOURCE_ID_REUSED')).toHaveLength(other);
  });
});

describe('dirt of files', () => {
  const codes = async (run: Parameters<typeof imported>[3] & { content: string | Buffer; name?: string }) => {
    const source = freshCode('D');
    const { content, name, ...more } = run;
    const { id, ...of } = await imported(t, client, fileOf(content, name), { source, ...more });
    const rejected = (await rejectionsOf(t, id)).map(({ line, code }) => [line, code]);
    const rows = await t.sql(
      'SELECT source_id AS id, service FROM call_record WHERE import_id = $1 ORDER BY sequence',
      [id],
    );
    return { counts: countsOf({ id, ...of }), rejected, rows };
  };
  const good = (id: string, service = 's') => `${id},CARDS,2026-01-01T10:00:00Z,5,${service}`;

  it('a byte order mark, newlines of either kind, quoted newlines and delimiters, short and long rows', async () => {
    const content = `\uFEFF${HEADER}\r\n${good('a', '"two\nlines, ""quoted"""')}\r\n\r\n${good('b')},more\r\nc,CARDS,2026-01-01T10:00:00Z\r\n${good('d', '5" pipe')}`;
    const { counts, rejected, rows } = await codes({ content });
    expect({ counts, rejected }).toEqual({ counts: done([4, 4, 0, 0]), rejected: [] });
    expect(rows).toEqual([
      { id: 'a', service: 'two\nlines, "quoted"' },
      { id: 'b', service: 's' },
      { id: 'c', service: null },
      { id: 'd', service: '5" pipe' },
    ]);
  });

  it('a quote that is never closed takes no other line with it, nor do bytes that are no text, or a line without end', async () => {
    const lines = [
      HEADER,
      good('a', '"half'),
      good('b'),
      good('c\u0000'),
      good('d', 'x'.repeat(70_000)),
      good('e', '"again'),
      ...Array.from({ length: 60 }, (_x, n) => good(`n${n}`)),
    ].map((line) => Buffer.from(`${line}\n`));
    lines.push(Buffer.from([...Buffer.from('f,CARDS,2026-01-01T10:00:00Z,5,caf'), 0xe9, 0x0a]), Buffer.from(good('g')));
    const { counts, rejected, rows } = await codes({ content: Buffer.concat(lines) });
    expect(rejected).toEqual([
      [2, 'QUOTE_UNCLOSED'],
      [4, 'LINE_UNREADABLE'],
      [5, 'LINE_TOO_LONG'],
      [6, 'QUOTE_UNCLOSED'],
      [67, 'ENCODING_INVALID'],
    ]);
    expect(rows.map(({ id }) => id)).toEqual(['b', ...Array.from({ length: 60 }, (_x, n) => `n${n}`), 'g']);
    expect(counts).toEqual(done([67, 62, 0, 5]));
  });

  it('other encodings, told or marked', async () => {
    const text = `${HEADER}\n${good('a', 'café')}\n`;
    const latin = await codes({ content: Buffer.from(text, 'latin1'), layout: { encoding: 'windows-1252' } });
    const marked = await codes({ content: Buffer.from(`\uFEFF${text}`, 'utf16le') });
    for (const { rows } of [latin, marked]) expect(rows).toEqual([{ id: 'a', service: 'café' }]);
  });

  it('JSON Lines, with what is no flat object or no exact number', async () => {
    const call = {
      sourceId: 7,
      lob: 'CARDS',
      startedAt: '2026-01-01T10:00:00Z',
      talkSeconds: 5,
      resolved: true,
      service: null,
    };
    const lines = [
      JSON.stringify(call),
      '{',
      '[]',
      '"x"',
      JSON.stringify({ ...call, lob: { code: 'CARDS' } }),
      '{"sourceId":12345678901234567890}',
    ];
    const { counts, rejected, rows } = await codes({ content: lines.join('\n'), layout: { format: 'jsonl' } });
    expect(rejected).toEqual([2, 3, 4, 5, 6].map((line) => [line, 'LINE_UNREADABLE']));
    expect({ counts, rows }).toEqual({ counts: done([6, 1, 0, 5]), rows: [{ id: '7', service: null }] });
  });

  it('times of day that go past midnight, and clocks that go wrong', async () => {
    const content = [
      'sourceId,lob,date,startedAt,answeredAt,endedAt,talkSeconds',
      'late,CARDS,2026-01-31,23:59:30,0:00:10,0:01:10,60',
      'wrong,CARDS,2026-01-31,12:04:42,12:03:15,12:05:42,61',
      'feb,CARDS,2026-02-30,12:00:00,,,1',
    ].join('\n');
    const { rejected } = await codes({ content });
    expect(rejected).toEqual([[4, 'TIME_INVALID']]);
    const rows = await t.sql(
      `SELECT source_id AS id, answered_at, ended_at, talk_seconds AS talk, flags FROM call_record
      WHERE account_id = $1 AND source_id IN ('late', 'wrong') ORDER BY 1`,
      [client.id],
    );
    expect(rows).toEqual([
      {
        id: 'late',
        answered_at: new Date('2026-02-01T00:00:10Z'),
        ended_at: new Date('2026-02-01T00:01:10Z'),
        talk: 60,
        flags: [],
      },
      { id: 'wrong', answered_at: null, ended_at: new Date('2026-01-31T12:05:42Z'), talk: 61, flags: ['TIMES_MISFIT'] },
    ]);
  });

  it('refuses a file that lacks what records need, or what its layout names', async () => {
    await expect(codes({ content: 'a,b\n1,2\n' })).rejects.toMatchObject({ code: 'USAGE_COLUMN_MISSING' });
    await expect(codes({ content: '' })).rejects.toMatchObject({ code: 'USAGE_COLUMN_MISSING' });
    await expect(codes({ content: csv([]), layout: { columns: { agent: 'server' } } })).rejects.toMatchObject({
      details: { column: 'server' },
    });
    await expect(codes({ content: csv([]), layout: { columns: { nothing: 'x' } } })).rejects.toMatchObject({
      code: 'USAGE_LAYOUT_INVALID',
    });
    await expect(imported(t, client, '/nowhere/calls.csv')).rejects.toMatchObject({ code: 'USAGE_FILE_UNREADABLE' });
    await expect(imported(t, { ...client, code: 'NOBODY' }, fileOf(csv([])))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(imported(t, client, fileOf(csv([])), { as: 'supervisor' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});

describe('an import that is stopped', () => {
  const lines = someLines(100);

  it('goes on after each point at which it may die, and comes to the same', async () => {
    const expected = done([100, 90, 0, 10]);
    for (let batches = 0; batches < 7; batches += 1) {
      const source = freshCode('KILL');
      const file = fileOf(csv(lines));
      const run = { source, size: 15 };
      await expect(imported(t, client, file, { ...run, progress: dyingAfter(batches) })).rejects.toThrow('dies here');
      const [row] = await t.sql(
        'SELECT state, failure_code AS code, records_in AS done FROM usage_import WHERE source = $1',
        [source],
      );
      expect(row).toMatchObject({ state: 'FAILED', code: 'INTERNAL' });
      const after = await imported(t, client, file, { ...run, size: 40 });
      expect(countsOf(after)).toEqual(expected);
      expect(await t.sql('SELECT count(*)::int AS imports FROM usage_import WHERE source = $1', [source])).toEqual([
        { imports: 1 },
      ]);
      expect(await rejectionsOf(t, after.id)).toHaveLength(10);
      expect(countsOf(await imported(t, client, file, run))).toEqual(done([100, 0, 90, 10]));
    }
  });

  it('tells the trail of each batch, and that it failed', async () => {
    const file = fileOf(csv(lines));
    const source = freshCode('TOLD');
    const { events } = await eventsOf(t, () =>
      imported(t, client, file, { source, size: 60, progress: dyingAfter(1) }).catch(() => undefined),
    );
    expect(events.map(({ action, subject }) => [action, subject.version])).toEqual([
      ['usage.imported', 1],
      ['usage.imported', 2],
      ['usageImport.failed', 3],
    ]);
  });

  it('is abandoned after an hour of silence, by nobody, and can be gone on with', async () => {
    const file = fileOf(csv(lines));
    const source = freshCode('QUIET');
    await imported(t, client, file, { source, size: 60, progress: dyingAfter(1) }).catch(() => undefined);
    const set = `UPDATE usage_import SET state = 'RUNNING', failure_code = NULL, updated_at = now() - $2::interval WHERE source = $1`;
    const state = () => t.sql('SELECT state, failure_code AS code FROM usage_import WHERE source = $1', [source]);
    const run = () => eventsOf(t, () => abandonUsageImports.run(t.served.app, {}, new AbortController().signal));
    await t.sql(set, [source, '59 minutes']);
    expect((await run()).events).toEqual([]);
    await t.sql(set, [source, '61 minutes']);
    expect((await run()).events).toMatchObject([{ action: 'usageImport.abandoned', actor: null, outcome: 'DONE' }]);
    expect(await state()).toEqual([{ state: 'ABANDONED', code: 'USAGE_IMPORT_SILENT' }]);
    expect(countsOf(await imported(t, client, file, { source }))).toEqual(done([100, 90, 0, 10]));
    expect(await state()).toEqual([{ state: 'DONE', code: null }]);
  });

  it('is one import for one of two that go on with it, and two that begin at once make each record once', async () => {
    const file = fileOf(csv(someLines(1_000)));
    const source = freshCode('TWO');
    const ran = await Promise.allSettled([1, 2].map(() => imported(t, client, file, { source, size: 100 })));
    for (const each of ran)
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'USAGE_IMPORT_MOVED_ON' });
    const all = await t.sql(`SELECT sum(records_new)::int AS fresh FROM usage_import WHERE source = $1`, [source]);
    expect(all).toEqual([{ fresh: 900 }]);
    expect(ran.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(
      await t.sql(
        `SELECT count(*)::int FROM call_key k JOIN usage_source s ON s.number = k.source_number WHERE s.code = $1`,
        [source],
      ),
    ).toEqual([{ count: 900 }]);
  });
});

/** A line as it comes over GraphQL. */
const recordOf = (line: string) => {
  const [sourceId, lob, startedAt, talkSeconds, service] = line.split(',');
  return { sourceId, lob, startedAt, talkSeconds: Number(talkSeconds), service };
};

describe('the same lines', () => {
  it('make the same records, however they are split, ordered, repeated and sent; and counts add up', async () => {
    const lines = someLines(60);
    const plain = await givenClient(t, ['CARDS', 'LOANS']);
    await imported(t, plain, fileOf(csv(lines)));
    const withoutLob = ({ lob_id: _lob, ...row }: Record<string, any>) => row;
    const expected = (await recordsOf(t, plain)).map(withoutLob);
    const rejected = new Set(lines.filter((line) => line.startsWith('c-bad')));
    const seed = Number(process.env.USAGE_SEED ?? Math.floor(Math.random() * 2 ** 31));
    process.stdout.write(`USAGE_SEED=${seed}\n`);
    const part = fc.record({
      at: fc.integer({ min: 0, max: 59 }),
      length: fc.integer({ min: 1, max: 60 }),
      size: fc.integer({ min: 1, max: 70 }),
      seed: fc.integer(),
      api: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), async (parts) => {
        const source = freshCode('P');
        const whole = { at: 0, length: 60, size: 7, seed: parts.length, api: false };
        const sums = { in: 0, new: 0, known: 0, rejected: 0 };
        const sent: string[] = [];
        for (const { at, length, size, seed: order, api } of [...parts, whole]) {
          const below = random(order);
          const some = lines
            .slice(at, at + length)
            .map((line) => [below(1 << 30), line] as const)
            .toSorted(([a], [b]) => a - b)
            .map(([, line]) => line);
          sent.push(...some);
          const counts = api
            ? await overApi(source, some)
            : countsOf(await imported(t, client, fileOf(csv(some)), { source, size }));
          for (const key of ['in', 'new', 'known', 'rejected'] as const) sums[key] += counts[key];
        }
        const rows = await recordsOf(t, client, source);
        expect(rows.map(withoutLob)).toEqual(expected);
        const bad = sent.filter((line) => rejected.has(line)).length;
        expect(sums).toEqual({
          in: sent.length,
          new: expected.length,
          known: sent.length - bad - expected.length,
          rejected: bad,
        });
      }),
      { seed, numRuns: Number(process.env.USAGE_RUNS ?? 12) },
    );
  });

  async function overApi(source: string, lines: string[]) {
    const { payload } = await t
      .as('billing')
      .mutate(
        'importUsage',
        { accountId: client.id, source, records: lines.map(recordOf) },
        'usageImport { recordsIn recordsNew recordsKnown recordsRejected }',
      );
    const { recordsIn, recordsNew, recordsKnown, recordsRejected } = payload.usageImport;
    return { in: recordsIn, new: recordsNew, known: recordsKnown, rejected: recordsRejected } as Record<string, number>;
  }
});

describe('npm run usage', () => {
  const COMMAND = path.resolve(__dirname, '../../dist/src/usage-command.js');
  interface Ran {
    code: number | null;
    out: string;
    err: string;
  }

  function start(args: string[], token: string | null) {
    const env = {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      MASTER_KEY: TEST_MASTER_KEY,
      DATABASE_URL: t.ownerUrl,
      DEMO_DATA: 'false',
      ...(token && { USAGE_TOKEN: token }),
    };
    const child = spawn(process.execPath, [COMMAND, ...args], { env });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    const ran = new Promise<Ran>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
    return { child, ran };
  }
  const run = (args: string[], token: string | null = t.as('billing').token) => start(args, token).ran;
  const into = (file: string, source: string) => [
    'import',
    file,
    '--source',
    source,
    '--account',
    client.code,
    '--json',
  ];

  it('imports, and says in its number whether all is well', async () => {
    const [help, ...refused] = await Promise.all([
      run(['--help'], null),
      run(['import'], null),
      run(['export', 'x'], null),
      run(into('x.csv', 'two words'), null),
    ]);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain('--account');
    for (const each of refused)
      expect(each).toMatchObject({ code: 2, err: expect.stringContaining('USAGE_COMMAND_INVALID') });
    const file = fileOf(csv([lineOf(1), lineOf(2)]));
    const source = freshCode('CLI');
    expect(await run(into(file, source), null)).toMatchObject({
      code: 2,
      err: expect.stringContaining('UNAUTHENTICATED'),
    });
    expect(await run(into(file, source), 'nobody’s')).toMatchObject({ code: 2 });
    expect(await run(into(file, source), t.as('auditor').token)).toMatchObject({
      code: 2,
      err: expect.stringContaining('FORBIDDEN'),
    });
    const ran = await run(into(file, source));
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(ran.out)).toMatchObject({ state: 'DONE', recordsIn: 2, recordsNew: 2, recordsRejected: 0 });
    expect(await t.sql('SELECT started_by_id AS by FROM usage_import WHERE source = $1', [source])).toEqual([
      { by: t.as('billing').userId },
    ]);
    writeFileSync(file, csv([lineOf(1), BAD]));
    expect(await run(into(file, source))).toMatchObject({ code: 1 });
  });

  it('killed in the middle, goes on where it was', async () => {
    const file = fileOf(csv(Array.from({ length: 90_000 }, (_x, id) => lineOf(id))));
    const source = freshCode('DEAD');
    const { child, ran } = start(into(file, source), t.as('billing').token);
    const rows = () =>
      t.sql<{ done: number; state: string }>('SELECT records_in AS done, state FROM usage_import WHERE source = $1', [
        source,
      ]);
    while (((await rows())[0]?.done ?? 0) === 0) expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    await ran;
    const [left] = await rows();
    expect(left!.state).toBe('RUNNING');
    const again = await run(into(file, source));
    expect(again).toMatchObject({ code: 0 });
    expect(JSON.parse(again.out)).toMatchObject({
      state: 'DONE',
      recordsIn: 90_000,
      recordsNew: 90_000,
      recordsKnown: 0,
    });
    expect(JSON.parse(again.out).resumedAt).toBeGreaterThan(0);
  });
});
