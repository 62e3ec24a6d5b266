import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { prepareDatabase } from '../src/open-database';
import { discardCluster, type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/embedded-postgres';
import { testConfig } from './support/config';

let directory: string;
let server: EmbeddedPostgres;
beforeAll(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'countersign-owner-'));
  // Of its own: roles are those of a whole server, and here nobody but this owner has made any.
  server = await startEmbeddedPostgres({ directory, database: 'postgres', durable: false });
});
afterAll(async () => {
  await server.stop();
  discardCluster(directory);
  rmSync(directory, { recursive: true, force: true });
});

async function asSuperuser(...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

const urlOf = (user: string, database: string): string =>
  Object.assign(new URL(server.url), { username: user, password: 'x', pathname: `/${database}` }).href;

describe('the user of DATABASE_URL', () => {
  it('may be one who makes roles and is no superuser: everything is made, twice over, and the trail is not theirs', async () => {
    await asSuperuser(`CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'x'`, 'CREATE DATABASE made OWNER maker');
    for (let start = 0; start < 2; start += 1)
      await (await prepareDatabase(testConfig(), urlOf('maker', 'made'))).database.close();
    const client = new Client({ connectionString: urlOf('maker', 'made') });
    await client.connect();
    await expect(client.query('SELECT FROM audit.event')).rejects.toThrow(/permission denied/);
    await expect(client.query('ALTER TABLE audit.event DISABLE TRIGGER ALL')).rejects.toThrow(/permission denied/);
    await client.end();
  });

  it('who may make no roles is told which are missing', async () => {
    await asSuperuser(`CREATE ROLE poor LOGIN PASSWORD 'x'`, 'CREATE DATABASE poorly OWNER poor');
    const other = testConfig({ MASTER_KEY: Buffer.alloc(32, 9).toString('base64') });
    await expect(prepareDatabase(other, urlOf('poor', 'poorly'))).rejects.toMatchObject({
      code: 'DATABASE_ROLES_MISSING',
      message: expect.stringContaining('CREATE ROLE countersign_auditor NOLOGIN'),
    });
  });
});
