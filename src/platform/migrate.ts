import { createHash } from 'node:crypto';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { dataSource } from './database';
import { API_ROLE, AUDIT_ROLE, AUDITOR_ROLE, WITHIN_TRAIL } from './database-roles';
import { installQueue } from './job-queue';
import { isRowClass } from './row';
import { rowsSql } from './row-text';

type Known = Parameters<typeof dataSource>[1];

/**
 * Brings a database up to date, as its owner. Several processes may start at once: whoever comes first migrates, the rest
 * wait for it and find nothing left to do.
 */
export async function migrate(ownerUrl: string, known: Known): Promise<void> {
  const lock = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  await lock.connect();
  try {
    await lock.query(`SELECT pg_advisory_lock(hashtext('countersign migration'))`);
    const owner = await dataSource(ownerUrl, known, { patient: true }).initialize();
    try {
      if (await owner.showMigrations()) await hideRows(owner);
      await owner.runMigrations({ transaction: 'all' });
      await showRows(owner);
      await installQueue(ownerUrl);
    } finally {
      await owner.destroy();
    }
  } finally {
    await lock.end();
  }
}

/**
 * The view in which auditors see of each row of the business its version and a hash of what it says, to hold it against the last event that
 * tells of it. It follows from the entities, so no migration has to think of it: where it is missing or another, it is made.
 */
async function showRows(owner: DataSource): Promise<void> {
  const rows = owner.entityMetadatas.filter(({ target }) => isRowClass(target));
  const select = rowsSql(rows);
  const version = createHash('sha256').update(select).digest('hex');
  const [there]: unknown[] = await owner.query(
    `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'audit' AND c.relname = 'business_row' AND obj_description(c.oid, 'pg_class') = '${version}'`,
  );
  if (there) return;
  await withinTrail(owner, [
    'DROP VIEW IF EXISTS audit.business_row',
    `CREATE VIEW audit.business_row AS ${select}`,
    `COMMENT ON VIEW audit.business_row IS '${version}'`,
    `ALTER VIEW audit.business_row OWNER TO ${AUDIT_ROLE}`,
    `GRANT SELECT ON ${rows.map(({ tableName }) => `public.${tableName}`).join(', ')} TO ${AUDIT_ROLE}`,
    `GRANT SELECT ON audit.business_row TO ${AUDITOR_ROLE}, ${API_ROLE}`,
  ]);
}

/** A table that a view reads would not let its columns be changed. */
const hideRows = (owner: DataSource): Promise<void> => withinTrail(owner, ['DROP VIEW IF EXISTS audit.business_row']);

/** All of them or none: statements that are sent as one are one transaction. */
const withinTrail = (owner: DataSource, statements: readonly string[]): Promise<void> =>
  owner.query([WITHIN_TRAIL.begin, ...statements, WITHIN_TRAIL.end].join(';\n'));
