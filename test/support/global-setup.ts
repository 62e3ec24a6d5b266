import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { createApp } from '../../src/app';
import { makeFirstUsers } from '../../src/first-users';
import { prepareDatabase } from '../../src/open-database';
import { discardCluster, type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded-postgres';
import { isAlive } from '../../src/platform/embedded-postgres-lock';
import { findOrphan, stopServer } from '../../src/platform/embedded-postgres-process';
import { PASSWORD, USERS } from './cast';
import { testConfig } from './config';

/** What one run of the tests holds, for the teardown. */
export interface Run {
  server: EmbeddedPostgres | null;
  directory: string | null;
  adminUrl: string;
  prefix: string;
}

/**
 * Builds the product, which is what the tests are of. One PostgreSQL for the whole run (embedded, or that of DATABASE_URL), one migrated template with a user for each role;
 * each test file gets a copy of the template.
 */
export default async function setup(): Promise<void> {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: path.resolve(__dirname, '../..'), stdio: 'inherit' });
  const prefix = `countersign_test_${randomBytes(4).toString('hex')}`;
  const given = process.env.DATABASE_URL;
  await sweep();
  const directory = given ? null : directoryOf(prefix);
  if (directory?.startsWith(MEMORY)) {
    process.env.COUNTERSIGN_TEST_IN_MEMORY = 'true';
    keepTemporary(directory);
  }
  const server = directory
    ? await startEmbeddedPostgres({ directory, database: 'postgres', durable: false, maxConnections: 300 })
    : null;
  const adminUrl = given ?? server!.url;
  (globalThis as { countersignRun?: Run }).countersignRun = { server, directory, adminUrl, prefix };
  try {
    await makeTemplate(adminUrl, prefix);
  } catch (error) {
    await server?.stop();
    if (directory) discardCluster(directory);
    throw error;
  }
  process.env.COUNTERSIGN_TEST_ADMIN_URL = adminUrl;
  process.env.COUNTERSIGN_TEST_PREFIX = prefix;
}

/** In Linux a folder in memory. */
const MEMORY = '/dev/shm';

/** Bytes that a run takes there at most, with room to spare. */
const ROOM = 6e9;

/** What tests put into the system's folder for such is in memory, too, where programs may run from there: some of it is whole servers. */
function keepTemporary(directory: string): void {
  const temporary = path.join(directory, 'tmp');
  mkdirSync(temporary, { recursive: true });
  // Whatever the account that made it lets others: servers have one of their own.
  chmodSync(temporary, 0o1777);
  const program = path.join(temporary, 'program');
  writeFileSync(program, '', { mode: 0o700 });
  try {
    accessSync(program, constants.X_OK);
    process.env.TMPDIR = temporary;
  } catch {
    // Mounted without programs.
  }
}

/**
 * Where a run has its databases: in memory, where there is room, since each file has a copy with hundreds of files of its own, for which a disk took longer than
 * all else that starts an app; else beside the project.
 */
function directoryOf(prefix: string): string {
  const room = Math.min(roomIn(MEMORY), os.freemem(), process.constrainedMemory() || Infinity);
  return room < ROOM
    ? path.resolve(__dirname, `../../.data/test/${prefix}`)
    : path.join(MEMORY, `${prefix}.${process.pid}`);
}

/** In bytes; 0 where there is no such folder. */
function roomIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** What runs of this account left in memory that were killed, their servers included. */
async function sweep(): Promise<void> {
  for (const name of existsSync(MEMORY) ? readdirSync(MEMORY) : []) {
    const pid = /^countersign_test_[0-9a-f]{8}\.(\d+)$/.exec(name)?.[1];
    const directory = path.join(MEMORY, name);
    if (!pid || isAlive({ pid: Number(pid), startedAt: null }) || statSync(directory).uid !== process.getuid?.())
      continue;
    const server = findOrphan(path.join(directory, 'postgres'));
    if (server) await stopServer(server, () => undefined);
    discardCluster(directory);
  }
}

async function makeTemplate(adminUrl: string, prefix: string): Promise<void> {
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${prefix}_template`);
  await admin.end();
  const url = new URL(adminUrl);
  url.pathname = `/${prefix}_template`;
  await migrateWithCast(url.href);
}

/** Migrates an empty database and lets the cast in. */
export async function migrateWithCast(url: string, more: Record<string, string> = {}): Promise<void> {
  const config = testConfig(more);
  const { database } = await prepareDatabase(config, url);
  const served = await createApp(config, database);
  await makeFirstUsers(
    served.app,
    USERS.map(({ name, role }) => ({ name, email: `${name}@test.example`, password: PASSWORD, role })),
  );
  await served.stop();
  await database.close();
}
