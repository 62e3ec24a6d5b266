import { rowsAsTheyAre } from '../../src/audit/migrated';
import { record } from '../../src/audit/record';
import { rowTypes } from '../../src/entities';
import { ownContext } from '../../src/platform/context';
import { inTransaction } from '../../src/platform/transaction';
import type { TestApp } from '../support/app';

/** What no operation made (the sessions of the tests, and what migrations made) is told as the first start tells it. */
export const tellAllRows = (t: TestApp): Promise<void> =>
  inTransaction(ownContext(t.served.app, 'tests'), async (tx) =>
    record(tx, { action: 'database.migrated', outcome: 'DONE', rows: await rowsAsTheyAre(tx, rowTypes) }),
  );
