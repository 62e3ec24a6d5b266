import { record } from '../../src/audit/record';
import { ownContext } from '../../src/platform/context';
import { rowDigest } from '../../src/platform/row-text';
import { inTransaction } from '../../src/platform/transaction';
import type { TestApp } from '../support/app';

/** What no operation made (the sessions of the tests, and what migrations made) is told as the first start tells it. */
export async function tellAllRows(t: TestApp): Promise<void> {
  const { keys } = t.served.app;
  const found = await t.sql<{ type: string; id: string; version: number; hash: Buffer }>(
    'SELECT type, id, coalesce(version, 1) AS version, hash FROM audit.business_row',
  );
  const rows = found.map(({ hash, ...row }) => ({ ...row, digest: rowDigest(keys.audit, row.type, row.id, hash) }));
  await inTransaction(ownContext(t.served.app, 'tests'), (tx) =>
    record(tx, { action: 'database.migrated', outcome: 'DONE', rows }),
  );
}
