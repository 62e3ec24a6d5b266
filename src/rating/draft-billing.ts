import { record } from '../audit/record';
import { type App, ownContext } from '../platform/context';
import { DomainError } from '../platform/errors';
import type { Job } from '../platform/job';
import { ask } from '../platform/pooled';
import { inTransaction } from '../platform/transaction';
import { billAccount } from './bill-account';
import { BillingRunAccount } from './billing-run.entity';
import { BILL } from './run-billing';

const WAITING = `SELECT id FROM billing_run_account WHERE state = 'WAITING' ORDER BY created_at, id LIMIT 1000`;

/** Refusals that say nothing of the account: the next look tries again. */
const PASSING = new Set(['BUSY', 'TIMEOUT', 'DATABASE_UNAVAILABLE']);

/** Goes on with every run there is, account by account. What a process leaves undone, the next look finds. */
export const draftBilling: Job = {
  name: BILL,
  everyMinute: true,
  run: async (app, _payload, stop) => {
    for (const { id } of await ask<{ id: string }>(app, { text: WAITING, values: [] })) {
      if (stop.aborted) return;
      await billAccount(app, id).catch((error: unknown) => failed(app, id, error));
    }
  },
};

async function failed(app: App, id: string, error: unknown): Promise<void> {
  app.log.error({ err: error, billingRunAccountId: id }, 'an account was not billed');
  if (!(error instanceof DomainError) || PASSING.has(error.code)) return;
  await inTransaction(ownContext(app, 'jobs'), async (tx) => {
    const part = await tx.lock(BillingRunAccount, id);
    if (part.state !== 'WAITING') return;
    await tx.update(part, { state: 'FAILED', code: error.code, settledAt: tx.now });
    await record(tx, {
      action: 'billing.failed',
      outcome: 'FAILED',
      subjectType: 'BillingRunAccount',
      subjectId: id,
      code: error.code,
      changes: [
        { path: 'state', before: part.state, after: 'FAILED' },
        { path: 'code', before: null, after: error.code },
      ],
    });
  });
}
