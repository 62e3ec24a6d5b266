import { runMigrations } from 'graphile-worker';
import { Pool } from 'pg';
import { API_ROLE } from './database-roles';
import { QUEUE_SCHEMA } from './job';

/** What the API's role may do with each of the queue's tables. Rows that say nothing but when to look may be deleted. */
const GRANTS: Record<string, string> = {
  migrations: 'SELECT',
  _private_tasks: 'SELECT, INSERT',
  _private_job_queues: 'SELECT, INSERT, UPDATE',
  _private_jobs: 'SELECT, INSERT, UPDATE, DELETE',
  _private_known_crontabs: 'SELECT, INSERT, UPDATE',
};

/** Connections for the library. One that breaks, idle or at work, is dropped; without listeners it would end the process. */
export function queuePool(url: string, max: number): Pool {
  const limits = { connectionTimeoutMillis: 10_000, statement_timeout: 15_000 };
  const pool = new Pool({ connectionString: url, application_name: 'countersign jobs', max, ...limits });
  return pool.on('error', () => undefined).on('connect', (client) => void client.on('error', () => undefined));
}

/**
 * Makes the queue's schema, or brings it up to date, as the owner of the database, and lets the API use it. The library does so with tables whose
 * rows nobody sees without a policy.
 */
export async function installQueue(ownerUrl: string): Promise<void> {
  const pool = queuePool(ownerUrl, 1);
  try {
    await runMigrations({ pgPool: pool, schema: QUEUE_SCHEMA });
    await pool.query([`GRANT USAGE ON SCHEMA ${QUEUE_SCHEMA} TO ${API_ROLE}`, ...tables()].join(';\n'));
  } finally {
    await pool.end();
  }
}

const tables = (): string[] =>
  Object.entries(GRANTS).flatMap(([table, rights]) => [
    `GRANT ${rights} ON ${QUEUE_SCHEMA}.${table} TO ${API_ROLE}`,
    ...(table === 'migrations' ? [] : [policyOn(table)]),
  ]);

const policyOn = (table: string): string =>
  `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_policies WHERE (schemaname, tablename, policyname) = ('${QUEUE_SCHEMA}', '${table}', '${API_ROLE}')) THEN
    CREATE POLICY ${API_ROLE} ON ${QUEUE_SCHEMA}.${table} TO ${API_ROLE} USING (true); END IF; END $$`;
