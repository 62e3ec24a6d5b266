import { Client } from 'pg';
import { dataSource } from './database';

type Known = Parameters<typeof dataSource>[1];

/**
 * Brings a database up to date, as its owner. Several processes may start at once: whoever comes first migrates, the rest
 * wait for it and find nothing left to do. Returns the names of the migrations that it made.
 */
export async function migrate(ownerUrl: string, known: Known): Promise<string[]> {
  const lock = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  await lock.connect();
  try {
    await lock.query(`SELECT pg_advisory_lock(hashtext('countersign migration'))`);
    const owner = await dataSource(ownerUrl, known, { patient: true }).initialize();
    try {
      const made = await owner.runMigrations({ transaction: 'all' });
      return made.map(({ name }) => name);
    } finally {
      await owner.destroy();
    }
  } finally {
    await lock.end();
  }
}
