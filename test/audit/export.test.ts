import { hash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { notesIn } from '../../src/audit/checkpoint-files';
import { openCheckpoint } from '../../src/audit/checkpoint';
import { FILES, MANIFEST } from '../../src/audit/export-manifest';
import { signerOf } from '../../src/audit/sealer';
import type { EventDescription } from '../../src/audit/record';
import { Frontier, leafHash } from '../../src/audit/tree';
import { startTestApp, type TestApp } from '../support/app';
import { attack, givenTrail } from './attacks';
import { exported, fileOf, manifestOf } from './export-support';
import { insertBareEvents, sealAll } from './seal-support';

let t: TestApp;
let folder: string;
let out: string;
let sizes: number[];

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-export-'));
  out = path.join(folder, 'out');
  t = await startTestApp({ AUDIT_CHECKPOINTS: path.join(folder, 'heads') });
  sizes = await givenTrail(t, null);
});
afterEach(async () => {
  await t.close();
  rmSync(folder, { recursive: true });
});

const lines = (name: string) => fileOf(out, name).split('\n').slice(0, -1);

/** The instant of the event at a place. */
const instantAt = async (place: number): Promise<Date> =>
  (
    await t.sql<{ at: Date }>(
      'SELECT e.at FROM audit.event e JOIN audit.leaf l ON l.event_id = e.id WHERE l.place = $1',
      [place],
    )
  )[0]!.at;

describe('an export', () => {
  it('holds what events say, line by line, with their MACs, heads and digests', async () => {
    const { manifest, unrecorded } = await exported(t, out);
    const end = sizes.at(-1)!;
    const stored = await t.sql<{ content: Buffer; mac: Buffer; key_id: string }>(
      'SELECT e.content, e.mac, e.key_id FROM audit.leaf l JOIN audit.told e ON e.id = l.event_id ORDER BY l.place',
    );
    expect(lines('events.jsonl')).toEqual(stored.map(({ content }) => content.toString()));
    expect(lines('macs.txt')).toEqual(stored.map(({ key_id: id, mac }) => `${id} ${mac.toString('base64')}`));
    const heads = notesIn(fileOf(out, 'checkpoints.txt')).map((note) =>
      openCheckpoint(note.trimStart(), [signerOf(t.served.app).key]),
    );
    expect(heads.map(({ size }) => size)).toEqual(sizes);
    expect(manifest).toMatchObject({
      form: 1,
      first: 0,
      end,
      count: end,
      dropped: 0,
      frontier: '',
      offsets: [],
      origin: 'countersign/audit',
    });
    expect(manifest).toEqual(manifestOf(out));
    for (const name of FILES)
      expect(manifest.files[name]).toMatchObject({
        sha256: hash('sha256', fileOf(out, name)),
        bytes: statSync(path.join(out, name)).size,
      });
    expect(unrecorded).toContain('--url');
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
    expect(readdirSync(out).toSorted()).toEqual([...FILES, MANIFEST].toSorted());
  });

  it('begins at the first place of a time and ends with the head that covers the last, with the frontier before', async () => {
    const [before, , end] = sizes as [number, number, number];
    const { manifest } = await exported(t, out, { from: await instantAt(before + 3) });
    const hashes = await t.sql<{ hash: Buffer }>('SELECT hash FROM audit.leaf ORDER BY place LIMIT $1', [
      manifest.first,
    ]);
    const frontier = new Frontier();
    frontier.appendAll(hashes.map((row) => row.hash));
    expect(manifest.first).toBeLessThanOrEqual(before + 3);
    expect(manifest).toMatchObject({
      end,
      count: end - manifest.first,
      frontier: frontier.hashes().toString('base64'),
    });
    expect(lines('events.jsonl')).toHaveLength(manifest.count);
    // A time that is over before the last head: up to the smallest that covers it.
    const [from, to] = [await instantAt(0), await instantAt(1)];
    const early = await exported(t, path.join(folder, 'early'), { from, to: new Date(to.getTime() + 1) });
    expect(early.manifest).toMatchObject({ first: 0, end: sizes[0] });
  });

  it('has the hash where what an event says was dropped, and no MAC', async () => {
    const [leaf] = await t.sql<{ hash: Buffer; event_id: string }>('SELECT * FROM audit.leaf WHERE place = 4');
    await attack(t, async (sql) => void (await sql('DELETE FROM audit.content WHERE event_id = $1', [leaf!.event_id])));
    const { manifest } = await exported(t, out);
    expect(lines('events.jsonl')[4]).toBe(`#${leaf!.hash.toString('hex')}`);
    expect(lines('macs.txt')[4]).toBe('-');
    expect(manifest.dropped).toBe(1);
  });

  it('is for people, too: a table in which no text is a formula', async () => {
    await t.person('operations').submit('agent.hire', { code: 'A-1', name: '=1+1', hiredOn: '2020-01-01' }, 'hire');
    await t.as('auditor').gql('{ auditEvent(id: "=cmd()") { id } }');
    await t.served.app
      .submit(
        { app: t.served.app, requestId: '=2+2', sessionId: null, actor: null, address: '@x', userAgent: '+y' },
        'agent.hire',
        {},
      )
      .catch(() => undefined);
    await sealAll(t);
    await exported(t, out);
    const csv = fileOf(out, 'events.csv');
    expect(csv.split('\n')[0]).toMatch(/^place,id,at,action,outcome,actor,/);
    expect(csv.split('\n').filter((line) => /(^|,)[=+@]/.test(line))).toEqual([]);
    expect(csv).toContain('account.opened');
  });

  it('is itself told of in the trail', async () => {
    const told: EventDescription[] = [];
    const { manifest, unrecorded } = await exported(t, out, { record: async (event) => void told.push(event) });
    expect(unrecorded).toBeNull();
    expect(told).toMatchObject([{ action: 'audit.exported', outcome: 'DONE' }]);
    expect(Object.fromEntries(told[0]!.changes!.map(({ path: of, after }) => [of, after]))).toMatchObject({
      first: 0,
      count: manifest.count,
      to: manifest.asked.to,
    });
    const failed = await exported(t, path.join(folder, 'more'), {
      record: () => Promise.reject(new Error('no login')),
    });
    expect(failed.unrecorded).toContain('no login');
  });

  it('is refused where it could not be whole', async () => {
    const refused = (over: object) => exported(t, out, over).catch(({ code }) => code as string);
    const now = new Date();
    expect(await refused({ from: now, to: now })).toBe('AUDIT_RANGE_INVALID');
    expect(await refused({ from: new Date(Number.NaN) })).toBe('AUDIT_RANGE_INVALID');
    expect(await refused({ to: new Date(now.getTime() + 60_000) })).toBe('AUDIT_RANGE_UNSEALED');
    expect(await refused({ to: new Date('2001-01-01') })).toBe('AUDIT_RANGE_EMPTY');
    expect(await refused({ out: folder })).toBe('AUDIT_EXPORT_EXISTS');
    await t.person('operations').submit('agent.hire', { code: 'A-1', name: 'Agent', hiredOn: '2020-01-01' }, 'hire');
    expect(await refused({})).toBe('AUDIT_RANGE_UNSEALED');
    await sealAll(t);
    await insertBareEvents(t, 1);
    await sealAll(t);
    expect(await refused({})).toBe('AUDIT_TRAIL_BROKEN');
    // Nothing of any of them is left.
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('hashes to the leaves', async () => {
    await exported(t, out);
    const leaves = await t.sql<{ hash: Buffer }>('SELECT hash FROM audit.leaf ORDER BY place');
    expect(lines('events.jsonl').map((line) => leafHash(Buffer.from(line)))).toEqual(leaves.map((leaf) => leaf.hash));
  });
});
