import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import request from 'supertest';
import { partAt } from '../../src/audit/archive-parts';
import { Archiver } from '../../src/audit/archiver';
import { checkpointText } from '../../src/audit/checkpoint';
import { EVENTS } from '../../src/audit/export-manifest';
import { signNote } from '../../src/audit/note';
import { noteSigner } from '../../src/audit/note-keys';
import { NO_PROGRESS } from '../../src/audit/progress';
import { record } from '../../src/audit/record';
import { signerOf } from '../../src/audit/sealer';
import type { Verdict } from '../../src/audit/verdict';
import { verifyArchive } from '../../src/audit/verify-archive';
import type { ExportVerification } from '../../src/audit/walk-export';
import { ownContext } from '../../src/platform/context';
import { inTransaction } from '../../src/platform/transaction';
import { startProcess } from '../edge/process';
import { startTestApp, type TestApp } from '../support/app';
import { until } from '../support/poll';
import { fileOf, manifestOf, tamper, tamperManifest } from './export-support';
import { auditorUrlOf, sealAll } from './seal-support';

let t: TestApp;
let folder: string;
let archive: string;
let url: string;

beforeAll(async () => {
  t = await startTestApp({ AUDIT_ARCHIVE_SECONDS: '1' });
  url = await auditorUrlOf(t);
});
afterAll(() => t.close());

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-archive-'));
  archive = path.join(folder, 'archive');
  mkdirSync(archive);
});
afterEach(async () => {
  await Promise.all(stopping.splice(0).map((each) => each.stop()));
  rmSync(folder, { recursive: true });
});

const stopping: Archiver[] = [];

/** So many events, sealed. */
async function givenEvents(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1)
    await inTransaction(ownContext(t.served.app, 'test'), (tx) =>
      record(tx, { action: 'test.happened', outcome: 'DONE', reason: `number ${n}` }),
    );
  await sealAll(t);
}

const sealed = async (): Promise<number> =>
  (await t.sql<{ n: number }>('SELECT count(*)::int AS n FROM audit.leaf'))[0]!.n;

/** What the trail says, line by line in the order of its places. */
const told = async (): Promise<string[]> =>
  (
    await t.sql<{ content: Buffer }>(
      'SELECT e.content FROM audit.leaf l JOIN audit.told e ON e.id = l.event_id ORDER BY place',
    )
  ).map(({ content }) => content.toString());

const parts = (): string[] =>
  readdirSync(archive)
    .flatMap((group) => readdirSync(path.join(archive, group)).map((name) => path.join(archive, group, name)))
    .toSorted();
const archived = (): string[] => parts().flatMap((part) => fileOf(part, EVENTS).split('\n').slice(0, -1));

/** Runs one, or several at once, until all that is sealed is there. */
async function archiveAll(count = 1, to = archive): Promise<void> {
  const archivers = Array.from({ length: count }, () => new Archiver(t.served.app, url, to));
  for (const each of archivers) each.start();
  const { metrics } = t.served.app;
  const size = await sealed();
  const done = async () => (await figure('countersign_archived_events')) === size && !metrics.archive.waitingSince;
  await until(done, 'what is sealed is archived', 20_000).finally(() =>
    Promise.all(archivers.map((each) => each.stop())),
  );
}

async function figure(name: string): Promise<number> {
  const text = await t.served.app.metrics.registry.metrics();
  return Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(text)![1]);
}

/** How many faults of it the trail tells of. */
const faultsTold = async (): Promise<number> =>
  (await t.sql(`SELECT FROM audit.event WHERE action = 'audit.archiving' AND outcome = 'FAILED'`)).length;

const verified = (over: Partial<ExportVerification> = {}): Promise<Verdict> =>
  verifyArchive({
    folder: archive,
    keys: [signerOf(t.served.app).key],
    macKeys: [{ id: t.served.app.keys.id, key: t.served.app.keys.audit }],
    checkpoints: null,
    workers: 0,
    progress: NO_PROGRESS,
    ...over,
  });

const kinds = async (over: Partial<ExportVerification> = {}) =>
  (await verified(over)).findings.map(({ kind, places }) => [kind, places?.[0] ?? null]);

describe('the archive', () => {
  it('gets what is sealed, part by part, whole and in order, and nothing where there is nothing new', async () => {
    await givenEvents(3);
    await archiveAll();
    await givenEvents(4);
    await archiveAll();
    const before = parts();
    expect(before).toHaveLength(2);
    await archiveAll();
    expect(parts()).toEqual(before);
    expect(archived()).toEqual(await told());
    const size = await sealed();
    expect(await verified()).toMatchObject({ total: 0, checked: { parts: 2, events: size } });
    expect(manifestOf(before[1]!)).toMatchObject({ first: size - 4, end: size });
    expect(await figure('countersign_archive_lag_seconds')).toBe(0);
  });

  it('is verified on the command line with a public key and nothing else', async () => {
    await givenEvents(2);
    await archiveAll();
    const script = path.resolve(__dirname, '../../dist/src/audit-command.js');
    const key = signerOf(t.served.app).key.text;
    const run = (args: string[]) =>
      promisify(execFile)(process.execPath, [script, ...args], { env: { PATH: process.env.PATH }, cwd: folder });
    const { stdout } = await run(['verify', '--archive', archive, '--key', key]);
    expect(stdout).toMatch(/^WHOLE/);
    expect(stdout).toContain(`${await sealed()} sealed events`);
    tamper(parts()[0]!, EVENTS, (text) => text.replace('number 1', 'number 9'));
    await expect(run(['verify', '--archive', archive, '--key', key])).rejects.toMatchObject({ code: 1 });
    await expect(run(['verify', '--archive', path.join(folder, 'none'), '--key', key])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('AUDIT_EXPORT_UNREADABLE'),
    });
  });

  it('has each place once, however many processes copy at a time', async () => {
    const before = await faultsTold();
    await givenEvents(2);
    await archiveAll(4);
    await givenEvents(5);
    await archiveAll(4);
    expect(archived()).toEqual(await told());
    expect(await verified()).toMatchObject({ total: 0, checked: { parts: 2 } });
    expect(await faultsTold()).toBe(before);
  });

  it('waits while its place cannot be reached, is told of, holds nothing else up, and catches up', async () => {
    const before = await faultsTold();
    const away = path.join(folder, 'away');
    const archiver = new Archiver(t.served.app, url, away);
    stopping.push(archiver);
    archiver.start();
    const faults = () => figure('countersign_sealing_faults_total');
    await until(async () => (await faults().catch(() => 0)) >= 2, 'it was tried twice', 20_000);
    expect(await figure('countersign_archive_lag_seconds')).toBeGreaterThan(0);
    await request(t.served.server).get('/ready').expect(200);
    await givenEvents(1);
    mkdirSync(away);
    const size = await sealed();
    await until(async () => (await figure('countersign_archived_events')) === size, 'it caught up', 20_000);
    expect(await verified({ folder: away })).toMatchObject({ total: 0, checked: { events: size } });
    expect(await faultsTold()).toBe(before + 1);
  });

  it('is neither added to nor written over where it is not that of this database', async () => {
    await givenEvents(1);
    await archiveAll();
    const last = parts().at(-1)!;
    const { end, checkpoint } = manifestOf(last);
    const signer = signerOf(t.served.app);
    const note = (size: number) =>
      signNote(checkpointText({ origin: signer.key.name, size, root: Buffer.alloc(32, 7), extensions: [] }), [signer]);
    await givenEvents(1);
    for (const [size, forged] of [
      [end, note(end)],
      [end + 1_000, note(end + 1_000)],
    ] as const) {
      tamperManifest(last, { end: size, checkpoint: forged });
      const before = parts();
      const archiver = new Archiver(t.served.app, url, archive) as unknown as { turn(): Promise<void> };
      await expect(archiver.turn()).rejects.toMatchObject({ code: 'AUDIT_ARCHIVE_APART' });
      expect(parts()).toEqual(before);
    }
    tamperManifest(last, { end, checkpoint });
    await archiveAll();
    expect(await verified()).toMatchObject({ total: 0 });
  });
});

describe('a server', () => {
  it('archives by itself where it is told to, what it leaves itself included, and ends in order', async () => {
    const server = await startProcess(t, { AUDIT_ARCHIVE: archive, AUDIT_ARCHIVE_SECONDS: '1' });
    const started = () => archived().filter((line) => line.includes('"action":"server.started"')).length;
    await until(
      () => parts().every((part) => !part.endsWith('.partial')) && started() > 0,
      'its start is archived',
      30_000,
    );
    await server.stop();
    expect((await verified()).total).toBe(0);
  });
});

describe('an archiver that is killed', () => {
  const run = (more: Record<string, string>) =>
    new Promise<{ signal: string | null; output: string }>((resolve) => {
      const env = { PATH: process.env.PATH!, AUDITOR_URL: url, AUDIT_ARCHIVE: archive, AUDIT_ARCHIVE_SECONDS: '1' };
      const config = { NODE_ENV: 'test', MASTER_KEY: t.served.app.config.masterKey.toString('base64') };
      const script = path.join(__dirname, 'archiver-process.mjs');
      execFile(process.execPath, [script], { env: { ...env, ...config, ...more } }, (error, _out, output) =>
        resolve({ signal: error?.signal ?? null, output }),
      );
    });

  it('at any step leaves nothing out and nothing twice for whoever comes next', async () => {
    // A part takes mkdir, five files and a rename; before them what somebody else has begun goes.
    const ends = ['1 after', '3 before', '5 after', '6 before', '6 after', '7 before', '7 after'];
    for (const end of ends) {
      const [DIE_AT, DIE_WHEN] = end.split(' ') as [string, string];
      await givenEvents(1);
      expect([end, (await run({ DIE_AT, DIE_WHEN })).signal]).toEqual([end, 'SIGKILL']);
      // Whatever is there is whole, at any time.
      if (parts().some((part) => !part.endsWith('.partial'))) expect((await verified()).total).toBe(0);
    }
    expect(await run({})).toEqual({ signal: null, output: '' });
    expect(parts().filter((part) => part.endsWith('.partial'))).toEqual([]);
    expect(archived()).toEqual(await told());
    expect(await verified()).toMatchObject({ total: 0, checked: { events: await sealed() } });
  }, 120_000);
});

describe('verifying an archive', () => {
  let first: string;
  let second: string;
  let third: string;

  beforeEach(async () => {
    for (const count of [1, 2, 1]) {
      await givenEvents(count);
      await archiveAll();
    }
    [first, second, third] = parts() as [string, string, string];
    expect(await verified()).toMatchObject({ total: 0, checked: { parts: 3 } });
  });

  it('finds places that are missing, in front and between', async () => {
    const { first: at } = manifestOf(second);
    rmSync(second, { recursive: true });
    expect(await kinds()).toEqual([['PLACE_MISSING', at]]);
    rmSync(first, { recursive: true });
    expect(await kinds()).toEqual([['PLACE_MISSING', 0]]);
  });

  it('finds a part that is there twice, or under another place', async () => {
    const { first: at, end } = manifestOf(second);
    cpSync(second, partAt(archive, at + 1), { recursive: true });
    expect(await kinds()).toEqual([
      ['COUNT_ALTERED', at],
      ['COUNT_ALTERED', at + 1],
    ]);
    expect(existsSync(partAt(archive, end))).toBe(true);
  });

  it('finds what was altered within a part, and goes on to the next', async () => {
    tamper(second, EVENTS, (text) => text.replace('number 0', 'number 7'));
    expect((await kinds()).map(([kind]) => kind)).toEqual(expect.arrayContaining(['ROOT_ALTERED']));
    expect(await verified()).toMatchObject({ checked: { parts: 3 } });
    writeFileSync(
      path.join(second, 'manifest.json'),
      readFileSync(path.join(second, 'manifest.json'), 'utf8').slice(9),
    );
    expect(await kinds()).toEqual([
      ['FILE_ALTERED', manifestOf(first).end],
      ['PLACE_MISSING', manifestOf(first).end],
    ]);
    expect(third).toBeDefined();
  });

  it('finds a part that goes on with another tree, though our own key has signed both', async () => {
    const signer = signerOf(t.served.app);
    const { end } = manifestOf(first);
    const text = checkpointText({ origin: signer.key.name, size: end, root: Buffer.alloc(32, 3), extensions: [] });
    tamperManifest(first, { checkpoint: signNote(text, [signer]) });
    expect(await kinds()).toEqual([['REWRITTEN', end]]);
  });

  it('believes no head that another key has signed', async () => {
    const other = noteSigner('countersign/audit', Buffer.alloc(32, 9));
    expect(new Set((await kinds({ keys: [other.key] })).map(([kind]) => kind))).toContain('CHECKPOINT_UNSIGNED');
  });
});
