// Runs TypeORM's `migration:generate --check` on a database that was just migrated: fails when an entity says something
// that no migration does. Uses an embedded server of its own, or DATABASE_URL for a database that may be migrated.
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const dist = (file) => require(path.resolve('dist/src', file));
const { discardCluster, startEmbeddedPostgres } = dist('platform/embedded-postgres.js');
const { prepareDatabase } = dist('open-database.js');
const { loadConfig } = dist('config.js');

const directory = mkdtempSync(path.join(os.tmpdir(), 'countersign-check-'));
const server = await startEmbeddedPostgres({ directory, database: 'countersign_check', durable: false });
let status = 1;
try {
  const config = loadConfig({ ...process.env, DATA_DIRECTORY: directory, NODE_ENV: 'test' });
  const { database } = await prepareDatabase(config, server.url);
  await database.close();
  const cli = require.resolve('typeorm/cli.js');
  const args = [cli, 'migration:generate', '--check', '-d', 'dist/ormconfig.js', path.join(directory, 'Difference')];
  const env = { ...process.env, DATABASE_URL: server.url, DATA_DIRECTORY: directory };
  status = spawnSync(process.execPath, args, { env, stdio: 'inherit' }).status ?? 1;
} finally {
  await server.stop();
  discardCluster(directory);
}
process.exit(status);
