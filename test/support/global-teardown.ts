import { Client } from 'pg';
import { discardCluster } from '../../src/platform/embedded-postgres';
import type { Run } from './global-setup';

/** Stops what the setup started; on a server that was given, drops what the run made. */
export default async function teardown(): Promise<void> {
  const run = (globalThis as { countersignRun?: Run }).countersignRun;
  if (!run) return;
  if (run.server) await run.server.stop();
  else await dropDatabases(run);
  if (!run.directory) return;
  discardCluster(run.directory);
}

async function dropDatabases({ adminUrl, prefix }: Run): Promise<void> {
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  const { rows } = await admin.query<{ datname: string }>(
    'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
    [prefix],
  );
  for (const { datname } of rows) await admin.query(`DROP DATABASE ${datname} WITH (FORCE)`);
  await admin.end();
}
