import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkpointText } from '../../src/audit/checkpoint';
import { signNote } from '../../src/audit/note';
import { noteSigner } from '../../src/audit/note-keys';
import { NO_PROGRESS } from '../../src/audit/progress';
import { signerOf } from '../../src/audit/sealer';
import type { Verdict } from '../../src/audit/verdict';
import { verifyExport } from '../../src/audit/verify-export';
import type { ExportVerification } from '../../src/audit/walk-export';
import { startTestApp, type TestApp } from '../support/app';
import { attack, givenTrail, publishAll, rebuild, truncateTo } from './attacks';
import { exported, fileOf, tamper, tamperManifest } from './export-support';

let t: TestApp;
let folder: string;
let out: string;
let heads: string;
let sizes: number[];

beforeAll(async () => {
  t = await startTestApp();
  sizes = await givenTrail(t, null);
});
afterAll(() => t.close());

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-export-'));
  [out, heads] = [path.join(folder, 'out'), path.join(folder, 'heads')];
  await exported(t, out);
});
afterEach(() => rmSync(folder, { recursive: true }));

const verified = (over: Partial<ExportVerification> = {}): Promise<Verdict> => {
  const { keys } = t.served.app;
  const macKeys = [{ id: keys.id, key: keys.audit }];
  const asked = { folder: out, keys: [signerOf(t.served.app).key], macKeys, checkpoints: null, workers: 0 };
  return verifyExport({ ...asked, progress: NO_PROGRESS, ...over });
};

/** The kinds of findings, each once, with their first places. */
const found = async (over: Partial<ExportVerification> = {}): Promise<Record<string, number | null>> =>
  Object.fromEntries(
    (await verified(over)).findings.toReversed().map(({ kind, places }) => [kind, places?.[0] ?? null]),
  );

const onLine = (at: number, change: (line: string) => string) => (text: string) =>
  text
    .split('\n')
    .map((line, index) => (index === at ? change(line) : line))
    .join('\n');

describe('an export that nobody touched', () => {
  it('is whole', async () => {
    const end = sizes.at(-1)!;
    expect(await verified()).toMatchObject({ total: 0, checked: { events: end, heads: sizes.length, dropped: 0 } });
    expect((await verified({ macKeys: [] })).notes.join()).toContain('MACs were not checked');
  });

  it('is whole from a place in the middle on, whose frontier the first head proves', async () => {
    const [row] = await t.sql<{ at: Date }>(
      'SELECT e.at FROM audit.event e JOIN audit.leaf l ON l.event_id = e.id WHERE l.place = $1',
      [sizes[0]! + 5],
    );
    const later = path.join(folder, 'later');
    const { manifest } = await exported(t, later, { from: row!.at });
    expect(manifest.first).toBeGreaterThan(sizes[0]!);
    expect(await verified({ folder: later })).toMatchObject({ total: 0, checked: { events: manifest.count } });
    tamperManifest(later, {
      frontier: Buffer.alloc(Buffer.from(manifest.frontier, 'base64').length).toString('base64'),
    });
    expect(await found({ folder: later })).toMatchObject({ ROOT_ALTERED: manifest.first });
    tamperManifest(later, { frontier: '' });
    expect(await found({ folder: later })).toMatchObject({ COUNT_ALTERED: null });
  });

  it('is compared with heads that were kept elsewhere, as far as it can tell', async () => {
    await publishAll(t, heads);
    expect(await verified({ checkpoints: heads })).toMatchObject({ total: 0, checked: { outsideHeads: sizes.length } });
    const signer = signerOf(t.served.app);
    const head = (size: number) =>
      signNote(checkpointText({ origin: signer.key.name, size, root: Buffer.alloc(32), extensions: [] }), [signer]);
    writeFileSync(path.join(folder, 'one.txt'), `${head(sizes.at(-1)! + 1)}\n`);
    const beyond = await verified({ checkpoints: path.join(folder, 'one.txt') });
    expect(beyond.total).toBe(0);
    expect(beyond.notes.join()).toContain('cannot tell');
    writeFileSync(path.join(folder, 'one.txt'), `${head(sizes[1]!)}\n`);
    expect(await found({ checkpoints: path.join(folder, 'one.txt') })).toEqual({ REWRITTEN: 0 });
  });
});

describe('whoever alters an export is found', () => {
  it.each<[string, () => void, Record<string, unknown>]>([
    [
      'what an event says',
      () =>
        tamper(
          out,
          'events.jsonl',
          onLine(5, (line) => line.replace('"form":', '"Form":')),
        ),
      { ROOT_ALTERED: 0, MAC_INVALID: 5 },
    ],
    [
      'a line that is gone',
      () => tamper(out, 'events.jsonl', (text) => text.slice(text.indexOf('\n') + 1)),
      { COUNT_ALTERED: 0 },
    ],
    [
      'lines that change places',
      () =>
        tamper(out, 'events.jsonl', (text) =>
          text.split('\n').with(3, text.split('\n')[4]!).with(4, text.split('\n')[3]!).join('\n'),
        ),
      { ROOT_ALTERED: 0, MAC_INVALID: 3 },
    ],
    ['the end of the file', () => tamper(out, 'events.jsonl', (text) => text.slice(0, -1)), { COUNT_ALTERED: 0 }],
    [
      'a line that says nothing',
      () =>
        tamper(
          out,
          'events.jsonl',
          onLine(5, () => '#00'),
        ),
      { CONTENT_MALFORMED: 5, ROOT_ALTERED: 0 },
    ],
    [
      'a MAC',
      () => tamper(out, 'macs.txt', (text) => text.split('\n').with(5, text.split('\n')[6]!).join('\n')),
      { MAC_INVALID: 5 },
    ],
    [
      'a MAC that is gone',
      () =>
        tamper(
          out,
          'macs.txt',
          onLine(5, () => '-'),
        ),
      { MAC_INVALID: 5 },
    ],
    [
      'the key of a MAC',
      () =>
        tamper(
          out,
          'macs.txt',
          onLine(5, (line) => line.replace(/^\S+/, '00000000')),
        ),
      { MAC_KEY_UNKNOWN: 5 },
    ],
    [
      'what was said, as if it had been dropped',
      () =>
        tamper(
          out,
          'events.jsonl',
          onLine(5, () => `#${leafAt5}`),
        ),
      { COUNT_ALTERED: null, MAC_INVALID: 5 },
    ],
    [
      'a root',
      () =>
        tamper(
          out,
          'checkpoints.txt',
          onLine(2, () => Buffer.alloc(32).toString('base64')),
        ),
      { CHECKPOINT_UNSIGNED: 0 },
    ],
    [
      'the last head',
      () => tamper(out, 'checkpoints.txt', (text) => text.slice(0, text.lastIndexOf('countersign/audit\n'))),
      { CHECKPOINT_MISSING: 1 },
    ],
    ['the manifest', () => tamperManifest(out, { end: 3, count: 3 }), { COUNT_ALTERED: 0 }],
  ])('%s', async (what, change, expected) => {
    change();
    const kinds = await found();
    for (const [kind, place] of Object.entries(expected))
      expect([what, kind, kinds[kind]]).toEqual([what, kind, kind === 'CHECKPOINT_MISSING' ? sizes.at(-2) : place]);
  });

  let leafAt5 = '';
  beforeAll(async () => {
    leafAt5 = (await t.sql<{ hash: Buffer }>('SELECT hash FROM audit.leaf WHERE place = 5'))[0]!.hash.toString('hex');
  });

  it('by digests, where the manifest was not made to fit', async () => {
    writeFileSync(path.join(out, 'events.csv'), fileOf(out, 'events.csv').replace('account', 'Account'));
    expect(await found()).toEqual({ FILE_ALTERED: null });
    writeFileSync(path.join(out, 'events.csv'), 'short');
    expect((await verified()).findings[0]!.message).toContain('events.csv has 5 bytes');
  });

  it('between which two heads, and when that was', async () => {
    tamper(
      out,
      'events.jsonl',
      onLine(sizes[1]!, (line) => line.replace('"form":', '"Form":')),
    );
    const first = (await verified({ macKeys: [] })).findings.find(({ kind }) => kind === 'ROOT_ALTERED');
    expect(first).toMatchObject({
      places: [sizes[1], sizes[2]! - 1],
      between: [expect.stringMatching(/^20/), expect.stringMatching(/^20/)],
    });
  });

  it('who has the other key: signed anew, or given another key', async () => {
    const other = noteSigner('countersign/audit', Buffer.alloc(32, 9));
    expect(await found({ keys: [other.key] })).toMatchObject({ CHECKPOINT_UNSIGNED: 0, CHECKPOINT_MISSING: 0 });
  });
});

describe('what is no export', () => {
  it('is refused', async () => {
    const refused = (over: object) => verified(over).catch(({ code }) => code as string);
    expect(await refused({ folder })).toBe('AUDIT_EXPORT_UNREADABLE');
    tamperManifest(out, { form: 2 });
    expect(await refused({})).toBe('AUDIT_EXPORT_UNREADABLE');
    writeFileSync(path.join(out, 'manifest.json'), '{');
    expect(await refused({})).toBe('AUDIT_EXPORT_UNREADABLE');
  });

  it('is refused, too, where a file is missing', async () => {
    rmSync(path.join(out, 'macs.txt'));
    await expect(verified()).rejects.toMatchObject({ code: 'AUDIT_EXPORT_UNREADABLE' });
  });
});

describe('exports of a trail that a superuser changed', () => {
  let other: TestApp;
  beforeEach(async () => {
    other = await startTestApp();
    await givenTrail(other, heads, 2);
  });
  afterEach(() => other.close());

  it('are not signed, where somebody else signs', async () => {
    await attack(other, (sql) => rebuild(sql, noteSigner('countersign/audit', Buffer.alloc(32, 9))));
    const folderOf = path.join(folder, 'other');
    await exported(other, folderOf);
    expect(await found({ folder: folderOf })).toMatchObject({ CHECKPOINT_UNSIGNED: 0 });
  });

  it('do not fit the heads that were kept elsewhere, where it was put back and grew anew', async () => {
    const [first] = await other.sql<{ size: number }>('SELECT min(size)::int AS size FROM audit.checkpoint');
    await attack(other, (sql) => truncateTo(sql, first!.size));
    await givenTrail(other, null, 3);
    const folderOf = path.join(folder, 'other');
    await exported(other, folderOf);
    expect(await found({ folder: folderOf, checkpoints: heads })).toEqual({ REWRITTEN: first!.size });
  });
});

it('an offline verification imports nothing of the configuration or the database', () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, typeOnly, from] of text.matchAll(/^import\s+(type\s)?[\s\S]*?from\s+'([^']+)';/gm))
      if (!typeOnly && from!.startsWith('.')) visit(`${path.resolve(path.dirname(file), from!)}.ts`);
      else if (!typeOnly) seen.add(from!);
  };
  const src = path.resolve(__dirname, '../../src');
  for (const entry of [
    'audit-command',
    'audit/verify-export',
    'audit/proof-file',
    'audit/export-worker',
    'audit/mac-keys',
  ])
    visit(path.join(src, `${entry}.ts`));
  const names = [...seen].map((each) => path.relative(src, each));
  expect(names.filter((name) => /config|open-database|installation|entities/.test(name))).toEqual([]);
  expect([...seen]).not.toContain('pg');
  expect([...seen]).not.toContain('typeorm');
});
