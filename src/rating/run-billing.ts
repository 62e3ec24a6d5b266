import { Field, ID, InputType } from 'type-graphql';
import { Account } from '../accounts/account.entity';
import { daysBetween, localDateOf } from '../platform/business-time';
import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { ADD_JOB } from '../platform/job';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { LocalDateScalar } from '../platform/scalars';
import { notFound, type Transaction } from '../platform/transaction';
import { BillingRun, BillingRunAccount } from './billing-run.entity';

@InputType({ description: 'A period to bill. All cycles of agreements that end within it are billed, each once.' })
export class RunBillingInput extends Input {
  @Field(() => ID, { nullable: true, description: 'Id of the account; null: every account that is open.' })
  accountId?: string | null;

  @Field(() => LocalDateScalar, { description: 'The first day, in the zone of each account.' })
  from!: string;

  @Field(() => LocalDateScalar, {
    description: 'The day behind the last; at most 366 days later, and over everywhere that is billed.',
  })
  until!: string;
}

/** The name of the job that goes on with runs. */
export const BILL = 'billing.draft';

/**
 * Starts a billing run. What becomes of each account is done behind it, each in a transaction of its own: however often it is killed, repeated, or meets
 * another, a cycle is billed once.
 */
export const runBilling = operation({
  name: 'billing.run',
  subject: 'BillingRun',
  summary: 'Run billing',
  lock: async (tx, { accountId }: RunBillingInput) => {
    const accounts = await accountsOf(tx, accountId ?? null);
    // A function: what is in the state is searched for rows that it is about, and a run is about none.
    return { accounts: () => accounts };
  },
  authorize: (may, { accounts }, { accountId }) => {
    if (accountId == null) return may.create('run', 'BillingRun', { accountId: null });
    for (const account of accounts()) may('read', account);
    may.create('run', 'BillingRun', { accountId });
  },
  decide: ({ accounts }, { accountId, from, until }, { newId, actorId, now }) => {
    assertPeriod({ from, until });
    for (const { code, timeZone } of accounts())
      if (localDateOf(now, timeZone) < until)
        refuse('BILLING_PERIOD_NOT_OVER', 'What is not over cannot be billed.', { account: code, until });
    const id = newId();
    const figures: never[] = [];
    return {
      run: { id, accountId: accountId ?? null, periodFrom: from, periodUntil: until, startedById: actorId },
      accounts: accounts().map((account) => ({
        id: newId(),
        runId: id,
        accountId: account.id,
        state: 'WAITING' as const,
        figures,
      })),
    };
  },
  save: async (tx, { run, accounts }) => {
    await tx.insert(BillingRun, run as BillingRun);
    if (accounts.length > 0) await tx.insert(BillingRunAccount, accounts as unknown as BillingRunAccount[]);
    await tx.query(ADD_JOB, [BILL, '{}', null]);
  },
  record: ({ run, accounts }) => ({
    action: 'billing.started',
    subjectId: run.id,
    changes: [
      { path: 'account', before: null, after: run.accountId },
      { path: 'from', before: null, after: run.periodFrom },
      { path: 'until', before: null, after: run.periodUntil },
      { path: 'accounts', before: null, after: accounts.length },
    ],
  }),
  facts: ({ run }) => ({ accountId: run.accountId }),
});

/** Refuses with BILLING_PERIOD_INVALID what has no day, or more than 366. */
export function assertPeriod({ from, until }: { from: string; until: string }): void {
  const days = daysBetween(from, until);
  if (days < 1 || days > 366)
    refuse('BILLING_PERIOD_INVALID', 'A period has one day at least, and 366 at most.', {
      from,
      until,
    });
}

async function accountsOf(tx: Transaction, accountId: string | null): Promise<Account[]> {
  if (accountId === null) return tx.find(Account, { status: 'OPEN' });
  const found = isId(accountId) ? await tx.find(Account, { id: accountId }) : [];
  return found.length > 0 ? found : notFound('Account');
}
