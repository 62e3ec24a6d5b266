import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { signerOf } from '../../src/audit/sealer';
import { startTestApp, type TestApp } from '../support/app';
import { TEST_MASTER_KEY } from '../support/config';
import { attack, givenTrail, truncateTo } from './attacks';
import { tamper } from './export-support';
import { auditorUrlOf, sealAll } from './seal-support';
import { tellAllRows } from './told-rows';
import { KEY_ID, AUDIT_KEY, storedEvents } from './support';

const COMMAND = path.resolve(__dirname, '../../dist/src/audit-command.js');

let t: TestApp;
let folder: string;
let sizes: number[];
let installation: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-audit-'));
  const heads = path.join(folder, 'heads');
  t = await startTestApp({ AUDIT_CHECKPOINTS: heads });
  await tellAllRows(t);
  sizes = await givenTrail(t, heads);
  installation = {
    NODE_ENV: 'test',
    MASTER_KEY: TEST_MASTER_KEY,
    DATABASE_URL: t.ownerUrl,
    DEMO_DATA: 'false',
    AUDIT_CHECKPOINTS: heads,
  };
});
afterAll(async () => {
  await t.close();
  rmSync(folder, { recursive: true });
});

interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** Runs it as it is run everywhere: nothing of the environment but what is given. */
function audit(args: string[], env: Record<string, string> = {}, cwd = folder): Promise<Ran> {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd, env: { PATH: process.env.PATH, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

const key = () => signerOf(t.served.app).key.text;

/** A folder as somebody else has it, on a machine that has nothing of ours. */
function elsewhere(name: string, files: Record<string, string>): string {
  const there = mkdtempSync(path.join(os.tmpdir(), `countersign-${name}-`));
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(there, file), text);
  return there;
}

describe('the auditor’s command line', () => {
  it('says what there is, and ends with 2 where it is not understood', async () => {
    const help = await audit(['--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain('consistency');
    for (const args of [
      ['nothing'],
      ['key', '--out', 'x'],
      ['verify', '--export'],
      ['verify', 'more'],
      ['verify', '--workers', 'x'],
      ['inclusion'],
      ['consistency'],
    ]) {
      const { code, err } = await audit(args, installation);
      expect([args, code, err.split(':')[0]]).toEqual([args, 2, 'AUDIT_COMMAND_INVALID']);
    }
  });

  it('prints the keys', async () => {
    expect(await audit(['key'], installation)).toEqual({ code: 0, out: `${key()}\n`, err: '' });
    const secret = await audit(['key', '--mac'], installation);
    expect(secret.out).toBe(`${KEY_ID}:${AUDIT_KEY.toString('base64')}\n`);
    expect(secret.err).toContain('secret');
  });

  it('exports, leaves an event of it, and verifies where there is nothing but the export and a key', async () => {
    const out = path.join(folder, 'exported');
    const args = ['export', '--from', '2020-01-01', '--to', new Date().toISOString(), '--out', out];
    const made = await audit(args, installation);
    expect(made).toMatchObject({ code: 0, err: '' });
    const [told] = await storedEvents(t);
    expect(told).toMatchObject({ action: 'audit.exported', outcome: 'DONE' });
    expect(told!.content.toString()).toContain(`"path":"count"`);
    await sealAll(t);

    const there = elsewhere('offline', { 'key.txt': key() });
    cpSync(out, path.join(there, 'export'), { recursive: true });
    const verify = ['verify', '--export', 'export', '--key', 'key.txt'];
    const whole = await audit([...verify, '--workers', '2'], {}, there);
    expect(whole).toMatchObject({ code: 0, err: '' });
    expect(whole.out).toMatch(/^WHOLE/);
    expect(await audit([...verify, '--mac-key', `${KEY_ID}:${AUDIT_KEY.toString('base64')}`], {}, there)).toMatchObject(
      { code: 0 },
    );
    expect(await audit(['verify', '--export', 'export'], {}, there)).toMatchObject({ code: 2 });
    expect(await audit(['verify', '--export', 'nothing', '--key', 'key.txt'], {}, there)).toMatchObject({ code: 2 });
    expect(await audit(['verify', '--export', 'export', '--key', 'nothing'], {}, there)).toMatchObject({ code: 2 });

    tamper(path.join(there, 'export'), 'events.jsonl', (text) => text.replace('"form":', '"Form":'));
    const broken = await audit([...verify, '--json'], {}, there);
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.out)).toMatchObject({
      result: 'BROKEN',
      findings: [{ kind: 'ROOT_ALTERED', places: [0, sizes[0]! - 1] }],
    });
    expect((await audit([...verify], {}, there)).out).toMatch(/^BROKEN: .*\n {2}ROOT_ALTERED at places 0 to /);
    rmSync(there, { recursive: true });
  });

  it('exports with a login alone, and says that it left no event', async () => {
    const out = path.join(folder, 'with-login');
    const range = ['--from', '2020-01-01T00:00:00Z', '--to', new Date().toISOString()];
    const made = await audit(['export', ...range, '--out', out, '--url', await auditorUrlOf(t), '--json']);
    expect(made.code).toBe(0);
    expect(made.err).toContain('not in the trail');
    expect(JSON.parse(made.out)).toMatchObject({ recorded: false, key: null, first: 0 });
    expect(await audit(['export', ...range, '--out', out], installation)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^AUDIT_EXPORT_EXISTS/),
    });
    expect(await audit(['export', '--from', 'today', '--to', 'now', '--out', out], installation)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^AUDIT_RANGE_INVALID/),
    });
  });

  it('prints proofs, and verifies them elsewhere', async () => {
    const [, place] = [0, sizes[1]! - 2];
    const [row] = await t.sql<{ event_id: string }>('SELECT event_id FROM audit.leaf WHERE place = $1', [place]);
    const url = await auditorUrlOf(t);
    const one = await audit(['inclusion', '--event', row!.event_id, '--url', url]);
    const early = await audit(['inclusion', '--place', String(place), '--size', String(sizes[1])], installation);
    const grown = await audit(['consistency', '--from', String(sizes[0]), '--to', String(sizes[2]), '--url', url]);
    const there = elsewhere('proofs', {
      'key.txt': key(),
      'one.json': one.out,
      'early.json': early.out,
      'grown.json': grown.out,
    });
    for (const file of ['one.json', 'early.json', 'grown.json']) {
      const { code, out } = await audit(['verify', '--proof', file, '--key', 'key.txt'], {}, there);
      expect([file, code, out.slice(0, 5)]).toEqual([file, 0, 'WHOLE']);
      const proof = JSON.parse(readFileSync(path.join(there, file), 'utf8')) as { proof: string[] };
      writeFileSync(path.join(there, 'wrong.json'), JSON.stringify({ ...proof, proof: proof.proof.slice(1) }));
      const wrong = await audit(['verify', '--proof', 'wrong.json', '--key', 'key.txt', '--json'], {}, there);
      expect([file, wrong.code, JSON.parse(wrong.out).findings[0].kind]).toEqual([file, 1, 'PROOF_INVALID']);
    }
    const told = JSON.parse(one.out) as { content: string };
    writeFileSync(
      path.join(there, 'wrong.json'),
      JSON.stringify({ ...told, content: told.content.replace('"form":', '"Form":') }),
    );
    expect(await audit(['verify', '--proof', 'wrong.json', '--key', 'key.txt'], {}, there)).toMatchObject({
      code: 1,
      out: expect.stringContaining('CONTENT_ALTERED'),
    });
    expect(await audit(['verify', '--proof', 'key.txt', '--key', 'key.txt'], {}, there)).toMatchObject({ code: 2 });
    rmSync(there, { recursive: true });

    const refused = async (...args: string[]) => (await audit([...args, '--url', url])).err.split(':')[0];
    expect(await refused('inclusion', '--event', '00000000-0000-0000-0000-000000000000')).toBe('AUDIT_EVENT_UNSEALED');
    expect(await refused('inclusion', '--place', '0', '--size', String(sizes[0]! + 1))).toBe('AUDIT_SIZE_UNSIGNED');
    expect(await refused('inclusion', '--place', String(sizes[1]), '--size', String(sizes[0]))).toBe(
      'AUDIT_SIZE_UNSIGNED',
    );
    expect(await refused('consistency', '--from', '999999')).toBe('AUDIT_SIZE_UNSIGNED');
  });

  it('verifies the database: 0 if it is whole, 2 if it cannot tell, 1 if it is broken', async () => {
    const whole = await audit(['verify', '--workers', '2', '--json'], installation);
    expect(whole).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(whole.out)).toMatchObject({
      result: 'WHOLE',
      notes: [expect.stringContaining('8 years')],
      checked: { outsideHeads: sizes.length, rows: expect.any(Number), byVersion: 0, untold: 0 },
    });
    const url = await auditorUrlOf(t);
    expect(await audit(['verify', '--url', url, '--key', key()])).toMatchObject({ code: 0 });
    expect(await audit(['verify', '--url', url])).toMatchObject({ code: 2 });
    const gone = await audit(['verify', '--json'], {
      ...installation,
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    });
    expect(gone.code).toBe(2);
    expect(JSON.parse(gone.out)).toMatchObject({ result: 'UNKNOWN', code: 'AUDIT_DATABASE_UNREACHABLE' });
    const nowhere = path.join(folder, 'nowhere');
    mkdirSync(nowhere);
    const { DATABASE_URL: _, ...embedded } = installation;
    expect(await audit(['verify'], { ...embedded, DATA_DIRECTORY: nowhere })).toMatchObject({
      code: 2,
      err: expect.stringContaining('--url'),
    });
    expect(await audit(['verify', '--checkpoints', 'nothing'], installation)).toMatchObject({ code: 2 });

    const other = await startTestApp();
    const heads = path.join(folder, 'others');
    const [, size] = await givenTrail(other, heads);
    await attack(other, (sql) => truncateTo(sql, size!));
    const broken = await audit(['verify'], { ...installation, DATABASE_URL: other.ownerUrl, AUDIT_CHECKPOINTS: heads });
    await other.close();
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(/^BROKEN: \d+ findings\.\n {2}TRUNCATED at places/);
  });
});
