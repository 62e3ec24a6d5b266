import { Account } from '../accounts/account.entity';
import { record } from '../audit/record';
import { assertOpen } from '../accounts/account.rules';
import { type App, ownContext } from '../platform/context';
import { type Askable, reading } from '../platform/pooled';
import { inTransaction, type Transaction } from '../platform/transaction';
import { type AccountTerms, termsOfAccount } from './account-terms';
import { BillingRun, BillingRunAccount, type Figures } from './billing-run.entity';
import { type Draft, type Drafts, draftsOf } from './draft.rules';
import { figuresOf, LOOKED_BACK, type Usual } from './fuse.rules';
import { saveDraft } from './save-draft';
import { rateAccount, sequenceNow, type ToRate } from './rate-account';
import { unratedOutside } from './unrated-calls';

/** What an account comes to. */
export interface Bill extends Drafts {
  readonly terms: AccountTerms;
  readonly figures: readonly Figures[];
  readonly unratedCalls: number;
}

/** Works out what of an account is due. Nothing is locked and nothing is saved: what is read up to a sequence stays as it is. */
export const billOf = (app: App, accountId: string, what: ToRate): Promise<Bill> =>
  reading(app, async (ask) => {
    const sequence = await sequenceNow(ask, accountId);
    const terms = await termsOfAccount(ask, accountId);
    const rated = await rateAccount(ask, terms, what, sequence);
    const drafts = draftsOf(rated);
    const percent = app.config.billingFusePercent;
    const figures: Figures[] = [];
    for (const draft of drafts.drafts)
      figures.push(figuresOf(draft, await usualFor(ask, accountId, draft), { percent }));
    const within = rated.filter(({ corrects }) => corrects === null).reduce((sum, each) => sum + each.unratedCalls, 0);
    const unratedCalls = within + (await unratedOutside(ask, terms, what.period, sequence));
    return { ...drafts, terms, figures, unratedCalls };
  });

/** Invoices of periods about as long, the latest first: what their lines were rated at, as figures have it, with the tax where that is in the rates. */
const USUAL = `SELECT l.minor::text AS "subtotalMinor", l.lines FROM invoice i
  CROSS JOIN LATERAL (SELECT sum(rated_minor) AS minor, count(*)::int AS lines FROM invoice_line WHERE invoice_id = i.id) l
  WHERE i.account_id = $1 AND i.currency = $2 AND i.billing_run_id IS NOT NULL AND i.status <> 'VOIDED' AND i.period_until <= $3::date
    AND (i.period_until - i.period_from) BETWEEN ($4::date - $3::date) * 0.8 AND ($4::date - $3::date) * 1.25
  ORDER BY i.period_until DESC, i.id LIMIT ${LOOKED_BACK}`;

const usualFor = async ({ query }: Askable, accountId: string, { currency, from, until }: Draft): Promise<Usual[]> =>
  (await query<{ subtotalMinor: string; lines: number }>(USUAL, [accountId, currency, from, until])).map(
    ({ subtotalMinor, lines }) => ({ subtotalMinor: BigInt(subtotalMinor), lines }),
  );

/** Something of the account was changed while it was rated. */
class Moved extends Error {}

const ATTEMPTS = 5;

/**
 * Bills an account of a run, once: whoever comes second finds it settled, or its cycles billed. It is rated outside of any transaction, then what it was rated by
 * is read again behind the account's lock; if anything of that moved, all is done anew.
 */
export async function billAccount(app: App, partId: string): Promise<void> {
  const part = await app.database.orm.manager.findOneByOrFail(BillingRunAccount, { id: partId });
  const run = await app.database.orm.manager.findOneByOrFail(BillingRun, { id: part.runId });
  const period = { from: run.periodFrom, until: run.periodUntil };
  for (let attempt = 1; ; attempt += 1) {
    const bill = await billOf(app, part.accountId, { period, now: app.clock() });
    try {
      return await inTransaction(ownContext(app, 'jobs'), (tx) => settle(tx, partId, run, bill));
    } catch (error) {
      if (!(error instanceof Moved) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function settle(tx: Transaction, partId: string, run: BillingRun, bill: Bill): Promise<void> {
  const part = await tx.lock(BillingRunAccount, partId);
  if (part.state !== 'WAITING') return;
  const account = await tx.lock(Account, part.accountId);
  const { digest } = await termsOfAccount({ query: (text, values) => tx.query(text, values) }, account.id);
  if (digest !== bill.terms.digest) throw new Moved('The account moved while it was rated.');
  assertOpen(account);
  const { figures, unratedCalls } = bill;
  const heldBackCycles = bill.heldBack.length;
  // What was stopped goes on if it comes to what it came to when it was looked at.
  const stopped = figures.some(({ blown }) => blown) && !isSame(part.figures, figures);
  if (!stopped) for (const draft of bill.drafts) await saveDraft(tx, run, bill.terms, draft);
  const state = stopped ? 'PARKED' : bill.drafts.length > 0 ? 'DRAFTED' : 'NOTHING';
  const settledAt = stopped ? null : tx.now;
  await tx.update(part, { state, figures: [...figures], unratedCalls, heldBackCycles, settledAt });
  await record(tx, {
    action: stopped ? 'billing.parked' : 'billing.drafted',
    outcome: 'DONE',
    subjectType: 'BillingRunAccount',
    subjectId: part.id,
    changes: [
      { path: 'state', before: part.state, after: state },
      { path: 'unratedCalls', before: part.unratedCalls, after: unratedCalls },
      { path: 'heldBackCycles', before: part.heldBackCycles, after: heldBackCycles },
      ...figures.map((each, index) => ({
        path: `figures.${index + 1}`,
        before: part.figures[index] ?? null,
        after: each,
      })),
    ],
  });
}

const isSame = (looked: readonly Figures[], now: readonly Figures[]): boolean =>
  looked.length === now.length &&
  looked.every(
    (each, place) =>
      each.subtotalMinor === now[place]!.subtotalMinor &&
      each.lines === now[place]!.lines &&
      each.currency === now[place]!.currency &&
      each.periodFrom === now[place]!.periodFrom,
  );
