import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Client } from 'pg';
import { createApp } from '../../src/app';
import { makeFirstUsers } from '../../src/first-users';
import { prepareDatabase } from '../../src/open-database';
import { discardCluster, type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded-postgres';
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
  const directory = given ? null : path.resolve(__dirname, `../../.data/test/${prefix}`);
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
