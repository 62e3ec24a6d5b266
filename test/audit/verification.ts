import { NO_PROGRESS } from '../../src/audit/progress';
import { signerOf } from '../../src/audit/sealer';
import type { Verdict } from '../../src/audit/verdict';
import { type DatabaseVerification, verifyDatabase } from '../../src/audit/verify-database';
import type { TestApp } from '../support/app';
import { auditorUrlOf } from './seal-support';

/** What an auditor finds in the database of a test, with its keys and no heads from outside unless told. */
export async function verifiedDatabase(t: TestApp, over: Partial<DatabaseVerification> = {}): Promise<Verdict> {
  const { keys } = t.served.app;
  return verifyDatabase({
    url: await auditorUrlOf(t),
    keys: [signerOf(t.served.app).key],
    macKeys: [{ id: keys.id, key: keys.audit }],
    keptSince: null,
    checkpoints: null,
    types: [],
    workers: 0,
    now: new Date(),
    progress: NO_PROGRESS,
    ...over,
  });
}
