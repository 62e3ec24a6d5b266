import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { SERVER_ENVIRONMENT, type RunAs } from './embedded-postgres-files';
import { identify, isAlive, type Running } from './embedded-postgres-lock';
import { refuse } from './errors';

/** How long a server may take to start, to recover or to stop before we stop waiting for it. Milliseconds. */
const PATIENCE = 60_000;
const POLL = 30;

export const SUPERUSER = 'countersign_owner';

/** What the server says about itself in its data directory; lines 1, 4 and 8 of the file. */
export function readPidFile(data: string): { pid: number; port: number; ready: boolean } | undefined {
  try {
    const lines = fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The server that is already running on this cluster, left behind by a process that was killed.
 *
 * A pid that now belongs to another process would make PostgreSQL refuse to start. The file is not removed for that:
 * its shared-memory key still guards against surviving backends. Our own pid is written instead, since PostgreSQL takes
 * its parent's pid for a stale one and goes on to check the key.
 */
export function findOrphan(data: string): Running | undefined {
  const pid = readPidFile(data)?.pid;
  if (!pid || pid < 0) return undefined;
  const running = identify(pid);
  if (!isAlive(running)) return undefined;
  if (worksOn(pid, data)) return running;
  disownPidFile(path.join(data, 'postmaster.pid'));
  return undefined;
}

/** By way of a new file: as root we do not write through a link that the server's account might have put there. */
function disownPidFile(file: string): void {
  const [, ...others] = fs.readFileSync(file, 'utf8').split('\n');
  const { uid, gid } = fs.lstatSync(file);
  const draft = `${file}.draft`;
  fs.rmSync(draft, { force: true });
  const handle = fs.openSync(draft, 'wx', 0o600);
  fs.writeSync(handle, [process.pid, ...others].join('\n'));
  fs.fchownSync(handle, uid, gid);
  fs.closeSync(handle);
  fs.renameSync(draft, file);
}

/**
 * Whether the process is the server of this cluster: the server sits in its data directory and was started with its
 * name. The first survives that the directory is moved, the second may be asked without any privilege.
 */
function worksOn(pid: number, data: string): boolean {
  try {
    const [there, here] = [fs.statSync(`/proc/${pid}/cwd`), fs.statSync(data)];
    if (there.dev === here.dev && there.ino === here.ino) return true;
  } catch {
    // no /proc, or a process that is not ours to look into
  }
  try {
    if (fs.existsSync('/proc/self/cmdline')) {
      return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(data);
    }
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(` ${data} `);
  } catch {
    return false;
  }
}

/** A port that is free now. It may be taken before the server has it: who starts it tries again. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts the server in a session of its own, so that Ctrl-C in our terminal does not reach it, and with a file for its
 * output: a pipe would break when we are killed, and take the server with it.
 */
export async function spawnServer(
  native: string,
  data: string,
  settings: Readonly<Record<string, string>>,
  user: RunAs,
  logFile: string,
): Promise<Running> {
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const output = fs.openSync(logFile, 'a', 0o600);
  try {
    const options = { ...user, cwd: '/', env: SERVER_ENVIRONMENT, detached: true };
    const child = spawn(path.join(native, 'bin', 'postgres'), args, { ...options, stdio: ['ignore', output, output] });
    await new Promise<void>((resolve, reject) => void child.once('spawn', resolve).once('error', reject));
    child.unref();
    return identify(child.pid ?? 0);
  } finally {
    fs.closeSync(output);
  }
}

/** Never with TLS or settings from our environment (`PGSSLMODE`), and never without an end. */
export async function connect(port: number, password: string, database: string): Promise<Client> {
  const timeouts = { connectionTimeoutMillis: 5_000, query_timeout: 30_000 };
  const client = new Client({ host: '127.0.0.1', port, user: SUPERUSER, password, database, ssl: false, ...timeouts });
  client.on('error', () => undefined); // an idle connection that breaks must not end the process
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/**
 * Waits until the server answers a query; the port, or why there is none. Nothing is sent to a port before the server
 * itself has noted down that it holds it: a stranger who took the port in between never sees an attempt to log in.
 */
export async function untilReady(data: string, server: Running, password: string): Promise<number | 'ended' | 'late'> {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await delay(POLL)) {
    if (!isAlive(server)) return 'ended';
    const noted = readPidFile(data);
    if (noted?.pid !== server.pid || !noted.ready) continue;
    try {
      const client = await connect(noted.port, password, 'postgres');
      await client.query('select 1').finally(() => client.end());
      return noted.port;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code?.startsWith('28')) refuse('DATABASE_NOT_STARTED', `The saved password does not fit: ${message}`);
    }
  }
  return 'late';
}

/** Fast shutdown: sessions are ended, everything is written. What takes too long is cut off and recovers at its start. */
export async function stopServer(server: Running, log: (line: string) => void): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!isAlive(server)) return;
    if (signal === 'SIGQUIT')
      log(`PostgreSQL (${server.pid}) did not stop within ${PATIENCE / 1000} s: cutting it off`);
    try {
      process.kill(server.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await delay(10)) {
      if (!isAlive(server)) return;
    }
  }
  throw new Error(`PostgreSQL (${server.pid}) does not end`);
}
