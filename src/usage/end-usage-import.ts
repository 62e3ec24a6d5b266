import { record } from '../audit/record';
import type { Transaction } from '../platform/transaction';
import { UsageImport } from './usage-import.entity';

/** Says that an import does not go on for now. Its file can be imported again, from where it came to. */
export async function endUsageImport(tx: Transaction, id: string, state: 'FAILED' | 'ABANDONED', code: string) {
  const row = await tx.lock(UsageImport, id);
  if (row.state !== 'RUNNING') return;
  await tx.update(row, { state, failureCode: code });
  await record(tx, {
    action: state === 'FAILED' ? 'usageImport.failed' : 'usageImport.abandoned',
    outcome: 'DONE',
    subjectType: 'UsageImport',
    subjectId: id,
    changes: [
      { path: 'state', before: row.state, after: state },
      { path: 'failureCode', before: null, after: code },
    ],
  });
}
